import { HASHES, mix } from '../base/mix.js';
import { ReuseDistances } from './reuse.js';

/** Independent samples that the error is estimated from. */
const PARTS = 8;

/** Misses at one size, estimated. */
export interface Estimate {
  readonly missRatio: number;
  /** Standard error of the miss ratio, from the spread of the parts. */
  readonly error: number;
}

/**
 * SHARDS: reuse distances of a sample of the pages, chosen by a hash of their id, so that all uses of a page are in it or
 * none; distances are divided by the rate. Requests that the sample has too few or too many of are counted as hits of the
 * smallest distance (SHARDS-adj).
 *
 * The sample is taken in eight parts by further bits of the hash, each a sample of its own: the estimate is their mean, and
 * its standard error their spread over the root of eight.
 *
 * Source: Waldspurger, Park, Garthwaite, Ahmad 2015, "Efficient MRC construction with SHARDS".
 */
export class Shards {
  private readonly parts = Array.from({ length: PARTS }, () => new ReuseDistances());
  private readonly sampled = Array.from({ length: PARTS }, () => new Int32Array(1024));
  private readonly lengths = new Int32Array(PARTS);
  /** Dense ids of each part, by id: its place within the part; -1 while it has none. */
  private places = new Int32Array(1024).fill(-1);
  private readonly counts = new Int32Array(PARTS);
  private readonly threshold: number;
  requests = 0;

  /** @param rate share of the pages that is looked at, above 0 and at most 1 */
  constructor(readonly rate: number) {
    this.threshold = Math.round(rate * HASHES);
  }

  /** Counts the requests of a batch; all ids are below `limit`. */
  record(ids: Int32Array, length: number, limit: number): void {
    this.makeRoom(limit, length);
    this.lengths.fill(0);
    for (let i = 0; i < length; i++) {
      const id = ids[i]!;
      const hash = mix(id);
      if (hash >= this.threshold) continue;
      // The part comes from other bits than the threshold: a second mixing.
      const part = mix(hash ^ 0x9e37_79b9) & (PARTS - 1);
      if (this.places[id]! < 0) {
        this.places[id] = this.counts[part]!;
        this.counts[part] = this.counts[part]! + 1;
      }
      const at = this.lengths[part]!;
      this.sampled[part]![at] = this.places[id]!;
      this.lengths[part] = at + 1;
    }
    for (let part = 0; part < PARTS; part++) {
      this.parts[part]!.record(this.sampled[part]!, this.lengths[part]!, this.counts[part]!);
    }
    this.requests += length;
  }

  /** The miss ratio of exact LRU at a size in pages. */
  estimate(size: number): Estimate {
    const rate = this.rate / PARTS;
    const expected = this.requests * rate;
    const ratios = this.parts.map((part) => {
      const hits = part.requests - part.misses(Math.max(1, Math.round(size * rate)));
      // SHARDS-adj: what the sample has too few requests of would have been hits at small distances.
      return Math.min(1, Math.max(0, 1 - (hits + expected - part.requests) / expected));
    });
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / PARTS;
    const spread = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (PARTS - 1);
    return { missRatio: mean, error: Math.sqrt(spread / PARTS) };
  }

  private makeRoom(limit: number, length: number): void {
    if (limit > this.places.length) {
      const places = new Int32Array(Math.max(limit, this.places.length * 2)).fill(-1);
      places.set(this.places);
      this.places = places;
    }
    for (let part = 0; part < PARTS; part++) {
      if (this.sampled[part]!.length < length) this.sampled[part] = new Int32Array(length);
    }
  }
}
