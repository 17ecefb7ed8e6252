import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BuddyLab, type FreeBlock } from '../../testing/buddy.js';
import { MAX_PAGE_ORDER } from './free-blocks.js';

/** Without a fast path: each frame comes from the blocks and goes back to them. */
const DIRECT = { batch: 1, high: 1 };
const SIZES = [1, 7, 1023, 1024, 1025, 2 ** 20];

/** The largest aligned blocks that the frames marked 1 fall into, by first frame. */
function largestBlocks(free: Uint8Array): FreeBlock[] {
  const blocks: FreeBlock[] = [];
  for (let frame = 0; frame < free.length; ) {
    let order = 0;
    if (free[frame] === 1) {
      const whole = (size: number) => {
        if (frame % size !== 0 || frame + size > free.length) return false;
        for (let i = frame; i < frame + size; i++) if (free[i] === 0) return false;
        return true;
      };
      while (order < MAX_PAGE_ORDER && whole(2 << order)) order++;
      blocks.push({ frame, order });
    }
    frame += 1 << order;
  }
  return blocks;
}

function freeBlocks(buddy: BuddyLab): FreeBlock[] {
  return [...buddy.freeBlocks()].sort((a, b) => a.frame - b.frame);
}

/** First frames of the free blocks of each order that has some, in the order they will be taken. */
function lists(buddy: BuddyLab): Record<number, number[]> {
  const byOrder: Record<number, number[]> = {};
  for (const { frame, order } of buddy.freeBlocks()) {
    byOrder[order] ??= [];
    byOrder[order].push(frame);
  }
  return byOrder;
}

function allocateMany(buddy: BuddyLab, count: number): number[] {
  return Array.from({ length: count }, () => buddy.allocate());
}

describe('start', () => {
  for (const pages of SIZES) {
    it(`cuts ${pages} pages into the largest aligned blocks`, () => {
      const buddy = new BuddyLab(pages);
      buddy.check();
      expect(freeBlocks(buddy)).toEqual(largestBlocks(new Uint8Array(pages).fill(1)));
      expect([buddy.freePages, buddy.inUse, buddy.high]).toEqual([pages, 0, 0]);
    });
  }

  it('hands out the lowest of the smallest blocks first', () => {
    const expected: [pages: number, frames: number[]][] = [
      [1, [0]],
      [7, [6, 4, 5, 0, 1, 2, 3]],
      [1024, [...Array(1024).keys()]],
      [1025, [1024, ...Array(1024).keys()]],
      [2048, [...Array(2048).keys()]],
    ];
    for (const [pages, frames] of expected) {
      const buddy = new BuddyLab(pages);
      expect(allocateMany(buddy, pages)).toEqual(frames);
      expect(buddy.allocate()).toBe(-1);
      expect([buddy.freePages, buddy.inUse, buddy.high]).toEqual([0, pages, pages]);
      buddy.check();
    }
  });

  it('refuses what is no size', () => {
    for (const pages of [0, -1, 1.5, Number.NaN, 2 ** 30])
      expect(() => new BuddyLab(pages)).toThrow(RangeError);
    expect(() => new BuddyLab(1, { batch: 0 })).toThrow('batch is 0');
    expect(() => new BuddyLab(1, { high: 0 })).toThrow('high is 0');
  });

  it('takes nine bytes a frame and the fast path', () => {
    const buddy = new BuddyLab(2 ** 20);
    expect(buddy.bytes).toBeLessThan(9 * 2 ** 20 + 8 * buddy.pcpHigh + 1024);
  });
});

describe('splitting and merging, by hand', () => {
  it('splits down to the lowest part and merges up to the whole', () => {
    const buddy = new BuddyLab(16, DIRECT);
    expect(lists(buddy)).toEqual({ 4: [0] });
    // 16 = 0 | 1 | 2-3 | 4-7 | 8-15
    expect(buddy.allocate()).toBe(0);
    expect(lists(buddy)).toEqual({ 0: [1], 1: [2], 2: [4], 3: [8] });
    expect(buddy.allocate()).toBe(1);
    expect(buddy.allocate()).toBe(2);
    expect(lists(buddy)).toEqual({ 0: [3], 2: [4], 3: [8] });
    // The buddy of 0, frame 1, is in use: 0 stays alone, and is the next to be taken.
    buddy.free(0);
    expect(lists(buddy)).toEqual({ 0: [0, 3], 2: [4], 3: [8] });
    // 2 merges with 3; their buddy 0-1 is not a block of that order.
    buddy.free(2);
    expect(lists(buddy)).toEqual({ 0: [0], 1: [2], 2: [4], 3: [8] });
    // 1 merges with 0, 2-3, 4-7 and 8-15.
    buddy.free(1);
    expect(lists(buddy)).toEqual({ 4: [0] });
    buddy.check();
  });

  it('takes the last freed first, unless its pair is about to merge', () => {
    const buddy = new BuddyLab(16, DIRECT);
    allocateMany(buddy, 8);
    buddy.freeOrder(2, 1);
    buddy.free(6);
    // Once frame 1 is free too, 0-1 merges with 2-3, which is free: 0 is left to be taken last.
    buddy.free(0);
    // Not so 4: 6-7 is not a free block, as 7 is in use.
    buddy.free(4);
    expect(lists(buddy)).toEqual({ 0: [4, 6, 0], 1: [2], 3: [8] });
    expect(allocateMany(buddy, 3)).toEqual([4, 6, 0]);
  });

  it('does not look for buddies beyond the end of memory', () => {
    const buddy = new BuddyLab(7, DIRECT);
    expect(lists(buddy)).toEqual({ 0: [6], 1: [4], 2: [0] });
    expect(buddy.allocateOrder(2)).toBe(0);
    expect(buddy.allocateOrder(2)).toBe(-1);
    expect(buddy.allocate()).toBe(6);
    buddy.free(6);
    expect(buddy.allocateOrder(1)).toBe(4);
    buddy.freeOrder(4, 1);
    buddy.freeOrder(0, 2);
    expect(lists(buddy)).toEqual({ 0: [6], 1: [4], 2: [0] });
    buddy.check();
  });

  it('does not merge beyond the largest order', () => {
    const buddy = new BuddyLab(2048, DIRECT);
    const block = buddy.allocateOrder(10);
    expect(lists(buddy)).toEqual({ 10: [1024] });
    buddy.freeOrder(block, 10);
    expect(lists(buddy)).toEqual({ 10: [0, 1024] });
  });

  it('takes a block back in pieces, and pieces as a block', () => {
    const buddy = new BuddyLab(64, DIRECT);
    const block = buddy.allocateOrder(3);
    expect(buddy.high).toBe(8);
    buddy.freeOrder(block + 4, 2);
    for (const frame of [1, 3, 0, 2]) buddy.free(block + frame);
    expect(lists(buddy)).toEqual({ 6: [0] });
    allocateMany(buddy, 8);
    buddy.freeOrder(0, 3);
    expect(lists(buddy)).toEqual({ 6: [0] });
  });

  it('refuses frames that are not in use and orders that there are not', () => {
    const buddy = new BuddyLab(16, DIRECT);
    for (const frame of [0, 15, 16, -1]) expect(() => buddy.free(frame)).toThrow('not in use');
    allocateMany(buddy, 4);
    buddy.free(3);
    expect(() => buddy.free(3)).toThrow('frame 3 is freed and not in use');
    expect(() => buddy.freeOrder(0, 2)).toThrow('frame 3 is freed and not in use');
    expect(() => buddy.freeOrder(1, 1)).toThrow('begins no block of order 1');
    expect(() => buddy.freeOrder(0, 5)).toThrow('in use');
    for (const order of [-1, 11, 0.5]) {
      expect(() => buddy.allocateOrder(order)).toThrow('there is no block of order');
      expect(() => buddy.freeOrder(0, order)).toThrow('there is no block of order');
      expect(() => buddy.blocks(order)).toThrow('there is no block of order');
    }
    buddy.check();
    expect(buddy.inUse).toBe(3);
  });
});

describe('the fast path, by hand', () => {
  it('takes a batch and hands it out in order; frames on it are free and do not merge', () => {
    const buddy = new BuddyLab(16, { batch: 2, high: 4 });
    expect(buddy.allocate()).toBe(0);
    expect([buddy.pcpCount, buddy.buddyPages, buddy.freePages, buddy.inUse]).toEqual([1, 14, 15, 1]);
    expect(buddy.allocate()).toBe(1);
    buddy.free(0);
    buddy.free(1);
    expect([buddy.pcpCount, buddy.buddyPages, buddy.freePages]).toEqual([2, 14, 16]);
    expect(buddy.allocate()).toBe(1);
    buddy.free(1);
    expect(lists(buddy)).toEqual({ 1: [2], 2: [4], 3: [8] });
    expect(buddy.allocateOrder(4)).toBe(-1);
    buddy.drain();
    expect([buddy.pcpCount, buddy.blocks(4)]).toEqual([0, 1]);
    expect(buddy.allocateOrder(4)).toBe(0);
    buddy.check();
  });

  it('gives the longest unused back when it is full', () => {
    const buddy = new BuddyLab(16, { batch: 2, high: 4 });
    allocateMany(buddy, 4);
    for (const frame of [0, 1, 2]) buddy.free(frame);
    expect(buddy.pcpCount).toBe(3);
    // The fourth reaches `high`: the two oldest, 0 and 1, go back and merge.
    buddy.free(3);
    expect(buddy.pcpCount).toBe(2);
    expect(lists(buddy)).toEqual({ 1: [0], 2: [4], 3: [8] });
    expect(allocateMany(buddy, 2)).toEqual([3, 2]);
  });

  it('never takes more than there is', () => {
    const buddy = new BuddyLab(3, { batch: 63, high: 500 });
    expect(allocateMany(buddy, 4)).toEqual([2, 0, 1, -1]);
    for (const frame of [0, 1, 2]) buddy.free(frame);
    expect(buddy.pcpCount).toBe(3);
    buddy.drain();
    expect(lists(buddy)).toEqual({ 0: [2], 1: [0] });
  });

  it('has the kernel’s batch and high', () => {
    const buddy = new BuddyLab(2 ** 18);
    expect(buddy.watermarks).toEqual({ min: 1024, low: 1286, high: 1548 });
    expect([buddy.pcpBatch, buddy.pcpHigh]).toEqual([63, 1286]);
    expect(new BuddyLab(2 ** 18, { cpus: 4 }).pcpHigh).toBe(321);
  });
});

describe('free blocks', () => {
  it('are listed from an order up', () => {
    const buddy = new BuddyLab(16, DIRECT);
    buddy.allocate();
    expect([...buddy.freeBlocks(2)]).toEqual([
      { frame: 4, order: 2 },
      { frame: 8, order: 3 },
    ]);
    expect([0, 1, 2, 3, 4].map((order) => buddy.blocks(order))).toEqual([1, 1, 1, 1, 0]);
  });
});

describe('what free-page reporting needs', () => {
  it('turns a list, and moves reported blocks to its end', () => {
    const buddy = new BuddyLab(4096);
    const order = () => lists(buddy)[10]?.map((frame) => frame / 1024);
    buddy.rotateToFront(2048, 10);
    expect(order()).toEqual([2, 3, 0, 1]);
    buddy.rotateToFront(2048, 10);
    expect(order()).toEqual([2, 3, 0, 1]);
    buddy.report(3072, 10);
    expect(order()).toEqual([2, 0, 1, 3]);
    expect([buddy.isReported(3072), buddy.isReported(0), buddy.absent]).toEqual([true, false, 1024]);
    // It is told of again, which changes no memory.
    buddy.report(3072, 10);
    expect(buddy.absent).toBe(1024);
    buddy.check();
  });
});

describe('notice of freed blocks', () => {
  it('tells the order after merging, at and above the one asked for', () => {
    const buddy = new BuddyLab(16, DIRECT);
    const told: number[] = [];
    buddy.notify(1, (order) => told.push(order));
    allocateMany(buddy, 5);
    // In use: 0 to 4. 4 merges with 5 and 6-7, which are free: order 2, and then 8-15 is not its buddy.
    buddy.free(4);
    expect(told).toEqual([2]);
    buddy.free(0);
    expect(told).toEqual([2]);
    buddy.free(1);
    expect(told).toEqual([2, 1]);
    buddy.freeOrder(2, 1);
    expect(told).toEqual([2, 1, 4]);
  });

  it('comes when the fast path is drained, not before', () => {
    const buddy = new BuddyLab(16, { batch: 2, high: 4 });
    const told: number[] = [];
    buddy.notify(4, (order) => told.push(order));
    allocateMany(buddy, 2);
    buddy.free(0);
    buddy.free(1);
    expect(told).toEqual([]);
    buddy.drain();
    expect(told).toEqual([4]);
  });
});

/** One random call; `pick` and `order` are reduced to what fits. */
interface Choice {
  readonly kind: 'allocate' | 'free' | 'allocateOrder' | 'freeOrder' | 'drain';
  readonly order: number;
  readonly pick: number;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  kind: fc.constantFrom('allocate', 'allocate', 'free', 'allocateOrder', 'freeOrder', 'freeOrder', 'drain'),
  order: fc.nat(MAX_PAGE_ORDER),
  pick: fc.nat(),
});

/** The allocator, and a map of what is free. */
class Pair {
  readonly buddy: BuddyLab;
  private readonly free: Uint8Array;
  private readonly held: FreeBlock[] = [];

  constructor(pages: number, options: { batch: number; high: number }) {
    this.buddy = new BuddyLab(pages, options);
    this.free = new Uint8Array(pages).fill(1);
  }

  step({ kind, order, pick }: Choice): void {
    if (kind === 'drain') this.buddy.drain();
    else if (kind === 'allocate') this.allocated(this.buddy.allocate(), 0);
    else if (kind === 'allocateOrder') this.allocated(this.buddy.allocateOrder(order), order);
    else this.giveBack(pick, kind === 'free');
  }

  /** The blocks are the only way to cut what is free. */
  compare(): void {
    this.buddy.drain();
    this.buddy.check();
    expect(freeBlocks(this.buddy)).toEqual(largestBlocks(this.free));
    expect(this.buddy.freePages).toBe(this.free.reduce((sum, one) => sum + one, 0));
  }

  private allocated(frame: number, order: number): void {
    if (frame < 0) {
      // It may fail only if no block suffices, or if one would but for frames on the fast path.
      this.buddy.drain();
      if (largestBlocks(this.free).some((block) => block.order >= order)) {
        expect(order).toBeGreaterThan(0);
        this.allocated(this.buddy.allocateOrder(order), order);
      } else expect(this.buddy.allocateOrder(order)).toBe(-1);
      return;
    }
    expect(frame % (1 << order)).toBe(0);
    expect(this.free.subarray(frame, frame + (1 << order)).every((one) => one === 1)).toBe(true);
    this.free.fill(0, frame, frame + (1 << order));
    this.held.push({ frame, order });
  }

  /** Frees a block that is held, whole or, sometimes, its parts from the last: it splits until one is freed. */
  private giveBack(pick: number, single: boolean): void {
    if (this.held.length === 0) return;
    let { frame, order } = this.held.splice(pick % this.held.length, 1)[0]!;
    while (order > 0 && (single || pick % 3 === 0)) {
      order--;
      this.held.push({ frame, order });
      frame += 1 << order;
      if (!single && pick % 2 === 0) break;
    }
    if (single) this.buddy.free(frame);
    else this.buddy.freeOrder(frame, order);
    this.free.fill(1, frame, frame + (1 << order));
  }
}

describe('random calls, compared with a map of what is free', () => {
  const fastPath = fc.record({
    batch: fc.integer({ min: 1, max: 8 }),
    high: fc.integer({ min: 1, max: 24 }),
  });
  for (const pages of SIZES) {
    const large = pages > 2000;
    it(`${pages} pages`, () => {
      fc.assert(
        fc.property(fastPath, fc.array(choice, { maxLength: 200 }), (options, choices) => {
          const pair = new Pair(pages, options);
          for (const [i, one] of choices.entries()) {
            pair.step(one);
            if (!large && i % 4 === 0) pair.buddy.check();
          }
          pair.compare();
        }),
        { numRuns: large ? 5 : 100 },
      );
    });
  }
});
