import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpLater } from '../../../testing/later.js';
import { run } from '../../../testing/machine.js';
import { propertyRuns } from '../../../testing/property-runs.js';
import { timed, traceOf } from '../../../testing/traces.js';
import type { MappedPiece, PageRange } from '../contract.js';

/** Two heaps with a gap between them. */
const HEAPS = [
  [0, 12],
  [14, 29],
] as const;

function pagesOf({ page, count }: PageRange): number[] {
  return Array.from({ length: count }, (_, i) => page + i);
}

/** What a space has mapped, page by page. */
class Mapped {
  readonly pages = new Set(
    HEAPS.flatMap(([from, to]) => pagesOf({ space: 0, page: from, count: to - from })),
  );

  lookup(range: PageRange): MappedPiece[] {
    return pagesOf(range)
      .filter((page) => this.pages.has(page))
      .map((page) => ({
        space: range.space,
        page,
        count: 1,
        object: undefined,
        objectPage: 0,
        inode: undefined,
        descriptor: false,
      }));
  }
}

/** A page that waits, `order` is its place at the top of its heap; undefined below a page in use. */
interface Waiting {
  readonly page: number;
  readonly discard: number;
  readonly atUs: number;
  readonly order: number | undefined;
}

/** One space in the plainest form: all pages are looked at after each step. */
class NaiveHeaps {
  waiting: Waiting[] = [];
  readonly used = new Set<number>();
  private discards = 0;
  private orders = 0;

  constructor(readonly mapped: Mapped) {}

  take(range: PageRange): number {
    const before = this.waiting.length;
    const pages = new Set(pagesOf(range));
    this.waiting = this.waiting.filter(({ page }) => !pages.has(page));
    return before - this.waiting.length;
  }

  discard(range: PageRange, atUs: number): number {
    const again = this.take(range);
    const discard = this.discards++;
    let gap: number | undefined;
    for (const page of pagesOf(range)) {
      this.used.delete(page);
      gap = this.mapped.pages.has(page) ? undefined : (gap ?? this.orders++);
      this.waiting.push({ page, discard, atUs, order: gap });
    }
    return again;
  }

  move({ page: first, count }: PageRange, to: number): void {
    const moved = (page: number) => (page >= first && page < first + count ? page - first + to : page);
    this.waiting = this.waiting.map((one) => ({ ...one, page: moved(one.page) }));
    for (const pages of [this.used, this.mapped.pages]) {
      const all = [...pages].map(moved);
      pages.clear();
      for (const page of all) pages.add(page);
    }
  }

  private isTop(page: number): boolean {
    for (let above = page; this.mapped.pages.has(above); above++) if (this.used.has(above)) return false;
    return true;
  }

  /** Heap by heap, and in each from above, so that the highest is the oldest. */
  settle(): void {
    this.waiting = this.waiting.map((one) => (this.isTop(one.page) ? one : { ...one, order: undefined }));
    const rising = this.waiting
      .filter(({ page, order }) => order === undefined && this.isTop(page))
      .toSorted((a, b) => this.heap(a.page) - this.heap(b.page) || b.page - a.page);
    let last: Waiting | undefined;
    for (const one of rising) {
      if (last?.page !== one.page + 1 || last.discard !== one.discard) this.orders++;
      this.waiting[this.waiting.indexOf(one)] = { ...one, order: this.orders };
      last = one;
    }
    this.orders++;
  }

  /** The first page of the heap that a page is in. */
  private heap(page: number): number {
    let first = page;
    while (this.mapped.pages.has(first - 1)) first--;
    return first;
  }

  /** The page that goes next, if any does. */
  next(delay: number, keep: number, nowUs: number): Waiting | undefined {
    const top = this.waiting.filter(({ order }) => order !== undefined);
    const oldest = Math.min(...top.map(({ order }) => order!));
    const [first, ...others] = top
      .filter(({ order }) => order === oldest)
      .toSorted((a, b) => a.page - b.page);
    if (!first || top.length <= keep || first.atUs + delay > nowUs) return undefined;
    let last = first;
    for (const one of others) if (one.page === last.page + 1) last = one;
    return last;
  }
}

const STEP = fc.record({
  what: fc.constantFrom(
    'discard',
    'discard',
    'discard',
    'write',
    'write',
    'read',
    'pin',
    'unmap',
    'move',
    'fork',
  ),
  space: fc.integer({ min: 1, max: 2 }),
  page: fc.nat(20),
  count: fc.integer({ min: 1, max: 8 }),
  afterUs: fc.oneof(fc.constant(0), fc.nat(12)),
});
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;
const BOUNDS = fc.record({ delay: fc.nat(15), keep: fc.nat(8) });

/** The policy and the naive form of it, on spaces 1, 2 and a forked 9. */
class Both {
  private readonly spaces = new Map([1, 2].map((id) => [id, new NaiveHeaps(new Mapped())]));
  private readonly given: string[] = [];
  private readonly counts = { late: 0, cancelled: 0, unmapped: 0 };
  private readonly later: ReturnType<typeof setUpLater>;
  private to = 10_000;

  constructor(private readonly bounds: { delay: number; keep: number }) {
    const lookup = (range: PageRange) => this.spaces.get(range.space)!.mapped.lookup(range);
    this.later = setUpLater({ ...bounds, top: 1 }, lookup);
  }

  private passTo(toUs: number): void {
    for (let us = this.later.clock.nowUs; us <= toUs; us++)
      for (const [space, heaps] of this.spaces)
        for (let next = heaps.next(this.bounds.delay, this.bounds.keep, us); next; ) {
          heaps.take({ space, page: next.page, count: 1 });
          this.given.push(`${us}:${space}:${next.page}`);
          if (us > next.atUs) this.counts.late++;
          next = heaps.next(this.bounds.delay, this.bounds.keep, us);
        }
    this.later.clock.goTo(toUs);
  }

  do({ what, space, page, count, afterUs }: Step): void {
    const { clock, policy } = this.later;
    this.passTo(clock.nowUs + afterUs);
    const range = { space, page, count };
    const heaps = this.spaces.get(space)!;
    const isMapped = pagesOf(range).every((one) => heaps.mapped.pages.has(one));
    if (what === 'fork') this.fork(space);
    else if (what === 'discard') {
      policy.discard(range);
      this.counts.cancelled += heaps.discard(range, clock.nowUs);
    } else if (what === 'unmap') {
      policy.unmapped(range);
      this.counts.unmapped += heaps.take(range);
      for (const one of pagesOf(range))
        for (const pages of [heaps.used, heaps.mapped.pages]) pages.delete(one);
    } else if (isMapped && what === 'move') {
      this.to -= 20;
      heaps.move(range, this.to);
      policy.moved(range, this.to);
    } else if (isMapped) {
      if (what === 'write') policy.beforeWrite(range);
      else if (what === 'read') policy.beforeRead(range);
      else policy.pin(range, undefined);
      this.counts.cancelled += heaps.take(range);
      for (const one of pagesOf(range)) heaps.used.add(one);
    }
    for (const one of this.spaces.values()) one.settle();
    this.passTo(clock.nowUs);
    expect(this.later.given.toSorted()).toEqual(this.given.toSorted());
    const pending = [...this.spaces.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
    expect(policy.laterPages).toEqual({ ...this.counts, pending });
  }

  private fork(space: number): void {
    if (this.spaces.has(9)) return;
    const parent = this.spaces.get(space)!;
    const child = new NaiveHeaps(new Mapped());
    child.mapped.pages.clear();
    for (const page of parent.mapped.pages) child.mapped.pages.add(page);
    for (const page of parent.used) child.used.add(page);
    child.waiting = [...parent.waiting];
    this.spaces.set(9, child);
    this.later.policy.forked(space, 9);
  }
}

describe('a policy that gives back the top of heaps only', () => {
  it('does at every moment what is found by looking at all pages', () => {
    fc.assert(
      fc.property(BOUNDS, fc.array(STEP, { maxLength: 50, size: 'max' }), (bounds, steps) => {
        const both = new Both(bounds);
        for (const step of steps) both.do(step);
      }),
      { numRuns: propertyRuns(400) },
    );
  });

  it('as glibc trims: what is freed below memory in use stays until all above is freed', async () => {
    const heap = ['spawn,1,,,', 'map,1,0,200,anon', 'write,1,0,200,'];
    // Far above: of another heap.
    const stack = ['map,1,1000,10,anon', 'write,1,1000,10,'];
    const seen: number[] = [];
    const events = [
      ...heap,
      ...stack,
      'discard,1,0,100,',
      'discard,1,150,50,',
      'read,1,150,1,',
      'discard,1,150,1,',
      'discard,1,100,50,',
    ];
    const { metrics } = await run(timed(events), {
      discard: 'glibc-trim',
      completed: (m) => seen.push(m.rss),
    });
    // 32 pages (128 KiB) stay at the top, the lowest.
    expect(seen.slice(5)).toEqual([210, 192, 192, 192, 42]);
    expect(metrics).toMatchObject({ discard_pending_pages: 32, discard_cancelled_pages: 1 });
  });

  it('goes together with a delay, and is not for memory that is shared', async () => {
    const events = (what: string) => [
      '0,spawn,1,,,',
      `0,object,,,20,shmem:a`,
      `0,map,1,0,20,${what}`,
      '0,write,1,0,20,',
      '0,discard,1,0,10,',
      '9,mark,,,,m',
    ];
    for (const [what, given] of [
      ['anon', 0],
      ['shared:a@0', 10],
    ] as const) {
      const { metrics } = await run(traceOf(`${events(what).join('\n')}\n`), {
        discard: 'remove:top=1,delay=5us',
      });
      expect([what, metrics.discard_late_pages]).toEqual([what, given]);
    }
  });
});
