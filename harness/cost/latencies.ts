import type { DeviceCost } from './table.js';

/** Numbers of a piece of the distribution: share and latency at its beginning, and how much of both it has. */
const PIECE = 4;
/** Equal parts of the shares, for each of which the piece is known that its least share lies in. */
const PARTS = 256;

/** The recorded distribution of a device's latencies. */
export class Latencies {
  /** By piece between two knots: share, ns, width in shares, rise in ns. */
  private readonly pieces: Float64Array;
  /** By part: the first piece that its shares may lie in. */
  private readonly firstOf = new Uint16Array(PARTS + 1);

  constructor(cost: DeviceCost) {
    const knots = withTail(cost);
    const pieces = knots.slice(1).map(([q1, ns1], i) => {
      const [q0, ns0] = knots[i]!;
      return [q0, ns0, q1 - q0, ns1 - ns0];
    });
    this.pieces = Float64Array.from(pieces.flat());
    for (let part = 0, piece = 0; part <= PARTS; part++) {
      while (piece < pieces.length - 1 && part / PARTS > knots[piece + 1]![0]) piece++;
      this.firstOf[part] = piece;
    }
  }

  /** Inverse of the piecewise linear distribution function: the latency in ns at `u`, a share from 0 to 1. */
  at(u: number): number {
    const { pieces } = this;
    const last = pieces.length - PIECE;
    let at = PIECE * this.firstOf[(u * PARTS) | 0]!;
    while (at < last && u > pieces[at + PIECE]!) at += PIECE;
    return pieces[at + 1]! + ((u - pieces[at]!) * pieces[at + 3]!) / pieces[at + 2]!;
  }
}

/** Adds the largest value, chosen so that the mean of the distribution is the recorded mean. */
function withTail(cost: DeviceCost): readonly (readonly [number, number])[] {
  let below = 0;
  const quantiles = cost.quantiles;
  for (let i = 1; i < quantiles.length; i++) {
    const [q0, ns0] = quantiles[i - 1]!;
    const [q1, ns1] = quantiles[i]!;
    below += ((q1 - q0) * (ns0 + ns1)) / 2;
  }
  const [lastQ, lastNs] = quantiles[quantiles.length - 1]!;
  if (lastQ >= 1) return quantiles;
  const largest = Math.max(lastNs, (2 * (cost.mean - below)) / (1 - lastQ) - lastNs);
  return [...quantiles, [1, largest]];
}
