import { createRequire } from 'node:module';
import type aleaFunction from 'seedrandom/lib/alea.js';

// Not the package as a whole, which loads seven other generators; and when it is first needed, as few commands draw.
let loaded: typeof aleaFunction | undefined;
const alea = ((seed: string, options: { state: true }) => {
  loaded ??= createRequire(import.meta.url)('seedrandom/lib/alea.js') as typeof aleaFunction;
  return loaded(seed, options);
}) as typeof aleaFunction;

/** A stream of numbers in [0, 1). */
export type RandomStream = () => number;

/** What the streams are named by. */
function seedOf(seed: number, purpose: string): string {
  return `${seed}/${purpose}`;
}

/**
 * A seeded stream of random numbers (Alea by J. Baagøe, 32 bits). One stream serves one purpose, so that a
 * further consumer never shifts the draws of another.
 *
 * @param purpose what the stream decides, for example `device/ssd`
 */
export function randomStream(seed: number, purpose: string): RandomStream {
  return alea(seedOf(seed, purpose));
}

/** Numbers of the state of a stream: its last three outputs and the carry. */
const STATE = 4;
/** The multiplier of Alea, and what its carry counts. Source: lib/alea.js of seedrandom. */
const MULTIPLIER = 2091639;
const CARRY = 2 ** -32;

/** Several streams, each with the numbers of `randomStream`: their state is in one array, so that many are drawn from quickly. */
export class RandomStreams {
  private readonly state: Float64Array;
  readonly count: number;

  /** @param purposes one of each stream */
  constructor(seed: number, purposes: readonly string[]) {
    this.count = purposes.length;
    this.state = Float64Array.from(
      purposes.flatMap((purpose) => {
        const { s0, s1, s2, c } = alea(seedOf(seed, purpose), { state: true }).state();
        return [s0, s1, s2, c];
      }),
    );
  }

  /** The next number of a stream, in [0, 1). */
  next(stream: number): number {
    const { state } = this;
    const at = STATE * stream;
    const sum = MULTIPLIER * state[at]! + CARRY * state[at + 3]!;
    state[at] = state[at + 1]!;
    state[at + 1] = state[at + 2]!;
    const carry = sum | 0;
    state[at + 3] = carry;
    const next = sum - carry;
    state[at + 2] = next;
    return next;
  }
}
