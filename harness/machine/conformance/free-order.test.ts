import { describe, expect, it } from 'vitest';
import { randomStream } from '../../stats/random.js';
import { Lab } from '../../testing/lab.js';
import { madvise } from '../advice/madvise.js';
import { access } from '../mapping/access.js';
import { UNIQUE } from '../memory/contents.js';
import type { Space } from '../state/space.js';

/** Lazily freed pages of a run, and the limit they live under together with what takes their place. */
const LAZY = 2000;
const LIMIT = 2100;

/** 0 to n - 1, shuffled. */
function shuffled(n: number, seed: number): number[] {
  const random = randomStream(seed, 'free-order');
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Ranks of values, equal ones sharing the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

/** Spearman's rank correlation. */
function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length - 1) / 2;
  let products = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < a.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    products += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return products / Math.sqrt(xx * yy);
}

/** A run: pages 0 to LAZY - 1 are written and lazily freed one call each, in a random order. */
class Run {
  readonly lab: Lab;
  readonly p: Space;
  /** Pages in the order of their calls. */
  readonly calls: readonly number[];
  /** When a page was found purged, by page; in pages of pressure. */
  readonly purgedAt = new Map<number, number>();
  private pressed = 0;

  constructor(swap: 'none' | 'ssd', seed: number) {
    this.lab = new Lab({ swap, limit: LIMIT });
    this.p = this.lab.spawn();
    this.calls = shuffled(LAZY, seed);
    this.lab.map(this.p, 0, LAZY, 'anon');
    this.lab.write(this.p, 0, LAZY, 1);
    this.lab.map(this.p, 10_000, LIMIT, 'anon');
    // Called on the machine itself: a check of all its state after each of 2000 calls takes long.
    for (const page of this.calls) madvise(this.lab.m, this.p, page, 1, 'MADV_FREE');
  }

  /** Writes other pages until this part of the lazily freed ones is purged, and notes which go when. */
  press(part: number): void {
    while (this.purgedAt.size < part * LAZY) {
      access(this.lab.m, this.p, 10_000 + this.pressed++, 1, UNIQUE, 0);
      this.note();
    }
  }

  private note(): void {
    const contents = this.lab.contents(this.p, 0, LAZY);
    for (const [page, content] of contents.entries()) {
      if (content === 0 && !this.purgedAt.has(page)) this.purgedAt.set(page, this.pressed);
    }
  }
}

describe('MADV_FREE', () => {
  for (const swap of ['none', 'ssd'] as const) {
    it(`with swap ${swap}: pages go in the order of the calls`, () => {
      for (const seed of [1, 2, 3]) {
        const run = new Run(swap, seed);
        run.press(0.6);
        const gone = run.calls
          .map((page, call) => ({ page, call }))
          .filter(({ page }) => run.purgedAt.has(page));
        const correlation = rankCorrelation(
          gone.map(({ call }) => call),
          gone.map(({ page }) => run.purgedAt.get(page)!),
        );
        expect(correlation).toBeGreaterThanOrEqual(0.99);
        // And what has gone are the first calls, not merely in their order.
        const [last] = gone.slice(-1);
        expect(last?.call).toBeLessThan(gone.length + 64);
        expect(run.lab.m.counters.pswpout).toBe(0);
      }
    });
  }

  it('no page that is written again is lost', () => {
    const run = new Run('ssd', 4);
    const again = shuffled(LAZY, 5).slice(0, LAZY / 4);
    for (const page of again) access(run.lab.m, run.p, page, 1, 50_000 + page, 0);
    run.lab.pressure(4 * LIMIT);
    expect(run.lab.m.counters.pglazyfreed).toBe(LAZY - again.length);
    const found = run.lab.contents(run.p, 0, LAZY);
    const kept = new Set(again);
    for (const [page, content] of found.entries()) expect(content).toBe(kept.has(page) ? 50_000 + page : 0);
  });

  it('lazily freed pages go before other pages that carry the accessed bit', () => {
    const lab = new Lab({ swap: 'ssd', limit: LIMIT });
    const p = lab.spawn();
    const half = LIMIT / 2;
    lab.map(p, 0, half, 'anon');
    lab.map(p, 10_000, half, 'anon');
    // The others are older, and so nearer to the tail of their list.
    lab.write(p, 10_000, half, 1);
    lab.write(p, 0, half, 1);
    expect(lab.madvise(p, 0, half, 'MADV_FREE')).toBe(0);
    lab.read(p, 10_000, half);
    lab.pressure(Math.floor(0.9 * half));
    expect(lab.m.counters.pglazyfreed).toBeGreaterThanOrEqual(0.85 * half);
    expect(lab.m.counters.pswpout).toBe(0);
    expect(lab.stat(p, 10_000, half).rss).toBe(half);
  });

  it('works without swap', () => {
    const lab = new Lab({ swap: 'none', limit: LIMIT });
    const p = lab.spawn();
    lab.map(p, 0, LAZY, 'anon');
    lab.write(p, 0, LAZY, 1);
    expect(lab.madvise(p, 0, LAZY, 'MADV_FREE')).toBe(0);
    lab.pressure(LIMIT);
    expect(lab.m.counters.pglazyfreed).toBe(LAZY);
    expect(lab.read(p, 0, LAZY).every((content) => content === 0)).toBe(true);
  });
});
