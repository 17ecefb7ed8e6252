import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpLater as setUp } from '../../../testing/later.js';
import type { PageRange } from '../contract.js';

/** A page that waits: which discard it is of, and when that was. */
interface Waiting {
  readonly space: number;
  readonly page: number;
  readonly number: number;
  readonly atUs: number;
}

/** The plainest form: pages in a list, looked at one by one at each µs. */
class Naive {
  waiting: Waiting[] = [];
  readonly given: string[] = [];
  readonly counts = { late: 0, cancelled: 0, unmapped: 0 };
  private number = 0;

  constructor(
    private readonly delay: number,
    private readonly keep: number,
    private readonly stuck: boolean,
  ) {}

  take({ space, page, count }: PageRange): number {
    const before = this.waiting.length;
    this.waiting = this.waiting.filter(
      (one) => one.space !== space || one.page < page || one.page >= page + count,
    );
    return before - this.waiting.length;
  }

  discard(range: PageRange, nowUs: number): void {
    this.counts.cancelled += this.take(range);
    for (let i = 0; i < range.count; i++)
      this.waiting.push({ space: range.space, page: range.page + i, number: this.number, atUs: nowUs });
    this.number++;
    this.release(range.space, nowUs);
  }

  /** Time has come to a µs, or a space acts. */
  release(space: number, nowUs: number): void {
    for (;;) {
      const own = this.waiting.filter((one) => one.space === space);
      const oldest = Math.min(...own.map(({ number }) => number));
      const [first, ...others] = own
        .filter(({ number }) => number === oldest)
        .toSorted((a, b) => a.page - b.page);
      if (!first || own.length <= this.keep || first.atUs + this.delay > nowUs) return;
      // The first part of what is left of the discard, from its end.
      let last = first;
      for (const one of others) if (one.page === last.page + 1) last = one;
      this.take({ space, page: last.page, count: 1 });
      this.given.push(`${nowUs}:${space}:${last.page}`);
      if (nowUs > last.atUs) this.counts.late++;
    }
  }

  passTo(fromUs: number, toUs: number): void {
    if (!this.stuck)
      for (let us = fromUs; us <= toUs; us++) for (const space of [1, 2, 9]) this.release(space, us);
  }

  move({ space, page, count }: PageRange, to: number): void {
    this.waiting = this.waiting.map((one) =>
      one.space === space && one.page >= page && one.page < page + count
        ? { ...one, page: one.page - page + to }
        : one,
    );
  }

  copy(parent: number, child: number): void {
    for (const one of this.waiting.filter(({ space }) => space === parent))
      this.waiting.push({ ...one, space: child });
  }

  acts(space: number, nowUs: number): void {
    if (this.stuck) this.release(space, nowUs);
  }
}

const STEP = fc.record({
  what: fc.constantFrom('discard', 'discard', 'discard', 'write', 'read', 'unmap', 'move', 'pin', 'fork'),
  space: fc.integer({ min: 1, max: 2 }),
  page: fc.nat(20),
  count: fc.integer({ min: 1, max: 8 }),
  afterUs: fc.oneof(fc.constant(0), fc.nat(12)),
});
const BOUNDS = fc.record({
  delay: fc.nat(15),
  keep: fc.nat(12),
  idle: fc.constantFrom('timer', 'stuck'),
});

describe('a policy that gives back later', () => {
  it('does at every moment what a list of pages does', () => {
    fc.assert(
      fc.property(BOUNDS, fc.array(STEP, { maxLength: 50 }), (bounds, steps) => {
        const { clock, given, policy } = setUp(bounds);
        const naive = new Naive(bounds.delay, bounds.keep, bounds.idle === 'stuck');
        let forked = false;
        let to = 10_000;
        for (const { what, space, page, count, afterUs } of steps) {
          const before = clock.nowUs;
          clock.goTo(before + afterUs);
          naive.passTo(before, clock.nowUs);
          const range = { space, page, count };
          if (what === 'fork') {
            if (forked) continue;
            forked = true;
            policy.forked(space, 9);
            naive.copy(space, 9);
          } else if (what === 'discard') {
            policy.discard(range);
            naive.discard(range, clock.nowUs);
          } else if (what === 'move') {
            to -= 20;
            policy.moved(range, to);
            naive.move(range, to);
            naive.acts(space, clock.nowUs);
          } else if (what === 'unmap') {
            policy.unmapped(range);
            naive.counts.unmapped += naive.take(range);
            naive.acts(space, clock.nowUs);
          } else {
            if (what === 'write') policy.beforeWrite(range);
            else if (what === 'read') policy.beforeRead(range);
            else policy.pin(range, undefined);
            naive.counts.cancelled += naive.take(range);
            naive.acts(space, clock.nowUs);
          }
          naive.passTo(clock.nowUs, clock.nowUs);
          clock.goTo(clock.nowUs);
          expect(given.toSorted()).toEqual(naive.given.toSorted());
          expect(policy.laterPages).toEqual({ ...naive.counts, pending: naive.waiting.length });
          expect([policy.watchesReads, policy.watchesWrites]).toEqual(
            Array(2).fill(naive.waiting.length > 0),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives back in two stages, and use cancels either', () => {
    const { clock, given, policy } = setUp({ delay: 10, muzzy: 5 });
    policy.discard({ space: 1, page: 0, count: 3 });
    clock.goTo(9);
    policy.beforeWrite({ space: 1, page: 0, count: 1 });
    clock.goTo(12);
    policy.beforeWrite({ space: 1, page: 1, count: 1 });
    clock.goTo(20);
    expect(given).toEqual(['10:1:1 free', '10:1:2 free', '15:1:2']);
    expect(policy.laterPages).toEqual({ late: 1, cancelled: 2, unmapped: 0, pending: 0 });
  });

  it('keeps a share of what the space has written and not discarded', () => {
    const { clock, given, policy } = setUp({ keep: '50%' });
    policy.beforeWrite({ space: 1, page: 0, count: 20 });
    policy.beforeWrite({ space: 2, page: 0, count: 100 });
    policy.discard({ space: 1, page: 0, count: 8 });
    // 12 pages are in use: 6 of 8 stay, those that were discarded last and lie lowest.
    expect(given).toEqual(['0:1:6', '0:1:7']);
    clock.goTo(5);
    policy.discard({ space: 1, page: 8, count: 4 });
    // Of 8 pages, 4 stay.
    expect(given.slice(2)).toEqual([0, 1, 2, 3, 4, 5].map((page) => `5:1:${page}`));
    policy.forked(2, 3);
    policy.unmapped({ space: 3, page: 0, count: 80 });
    policy.discard({ space: 3, page: 80, count: 10 });
    // 10 of 100 forked pages are left in use.
    expect(given.slice(8)).toEqual([85, 86, 87, 88, 89].map((page) => `5:3:${page}`));
  });

  it('gives back no more in a second, and at once, than its pace', () => {
    const { clock, given, policy } = setUp({ pace: 100 });
    policy.discard({ space: 1, page: 0, count: 250 });
    expect(given).toHaveLength(100);
    const at = [1000, 10_000, 500_000, 1_000_000, 1_600_000].map((us) => {
      clock.goTo(us);
      return given.length;
    });
    expect(at).toEqual([100, 101, 150, 200, 250]);
    clock.goTo(10_000_000);
    policy.discard({ space: 1, page: 500, count: 300 });
    expect(given).toHaveLength(350);
    expect(policy.laterPages.late).toBe(150);
  });

  it('gives back along the curve: whole ranges, the oldest first, until it keeps no more than that allows', () => {
    const { clock, given, policy } = setUp({ delay: 2000, curve: 'sigmoid' });
    for (let i = 0; i < 100; i++) policy.discard({ space: 1, page: 10 * i, count: 10 });
    const at = (us: number) => {
      clock.goTo(us);
      return given.length;
    };
    // The first look, 10 µs after the first discard, is the one that pages count from.
    const counts = [10, 400, 1010, 1600, 2000, 2010].map(at);
    expect(counts[0]).toBe(0);
    expect(counts[2]).toBeGreaterThanOrEqual(500);
    expect(counts[2]).toBeLessThan(520);
    expect(counts[5]).toBe(1000);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(given.map((one) => Number(one.split(':')[2]))).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it('gives back as many of 1000 discarded pages as its rate allows, a range at a time', () => {
    const { given, policy } = setUp({ rate: 100 });
    const counts = Array.from({ length: 6 }, (_, i) => {
      policy.discard({ space: 1, page: 100 * i, count: 10 });
      return given.length;
    });
    // 1 page is allowed after the first: its whole range goes, and pays for the nine after it.
    expect(counts).toEqual([10, 10, 10, 10, 10, 10]);
    for (let i = 6; i < 11; i++) policy.discard({ space: 1, page: 100 * i, count: 10 });
    expect(given.length).toBe(20);
  });
});
