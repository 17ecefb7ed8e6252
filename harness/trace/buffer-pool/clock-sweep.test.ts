import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockSweep, Ring } from './clock-sweep.js';

/** Uses a block and lets go of it. Returns what was evicted for it: the block, `hit`, or nothing. */
function use(pool: ClockSweep, block: number, ring?: Ring): number | 'hit' | undefined {
  const found = pool.find(block);
  if (found >= 0) {
    pool.pin(found, ring);
    pool.unpin(found);
    return 'hit';
  }
  const buffer = pool.victim(ring);
  const old = pool.blockOf(buffer);
  const held = pool.find(old) === buffer;
  pool.replace(buffer, block);
  pool.unpin(buffer);
  return held ? old : undefined;
}

const usages = (pool: ClockSweep) => Array.from({ length: pool.size }, (_, i) => pool.usageOf(i));

describe('clock sweep, worked by hand', () => {
  it('fills free buffers, then takes the first that has not been used since the hand passed', () => {
    const pool = new ClockSweep(3);
    expect([1, 2, 3].map((block) => use(pool, block))).toEqual([undefined, undefined, undefined]);
    expect([1, 1, 2].map((block) => use(pool, block))).toEqual(['hit', 'hit', 'hit']);
    expect(usages(pool)).toEqual([3, 2, 1]);
    // Round 1 leaves 2 1 0, round 2 passes 1 and 2 (1 0) and takes 3. The hand is at buffer 0.
    expect(use(pool, 4)).toBe(3);
    expect(usages(pool)).toEqual([1, 0, 1]);
    // Buffer 0 falls to 0, buffer 1 goes. The hand is at buffer 2.
    expect(use(pool, 5)).toBe(2);
    expect(usages(pool)).toEqual([0, 1, 1]);
    // Buffer 2 falls to 0, buffer 0 goes.
    expect(use(pool, 6)).toBe(1);
    expect(usages(pool)).toEqual([1, 1, 0]);
  });

  it('counts no use beyond the fifth', () => {
    const pool = new ClockSweep(2);
    for (let i = 0; i < 20; i++) use(pool, 1);
    use(pool, 2);
    expect(usages(pool)).toEqual([5, 1]);
  });

  it('passes pinned buffers without lowering their count, and says when all are pinned', () => {
    const pool = new ClockSweep(2);
    use(pool, 1);
    use(pool, 2);
    pool.pin(pool.find(1));
    expect(use(pool, 3)).toBe(2);
    expect(usages(pool)).toEqual([2, 1]);
    pool.pin(pool.find(3));
    expect(() => pool.victim()).toThrow('all 2 buffers are pinned, expected more buffers');
  });

  it('lets a scan go round in its ring, and leaves popular buffers alone', () => {
    const pool = new ClockSweep(6);
    const ring = new Ring(2);
    for (const block of [1, 2, 3, 4]) use(pool, block);
    for (const block of [101, 102, 103, 104, 105]) use(pool, block, ring);
    expect([1, 2, 3, 4].every((block) => pool.find(block) >= 0)).toBe(true);
    expect([104, 105].every((block) => pool.find(block) >= 0)).toBe(true);
    // Somebody else uses 104 again: it is no longer the scan's.
    use(pool, 104);
    use(pool, 106, ring);
    expect(pool.find(104)).toBeGreaterThanOrEqual(0);
    use(pool, 105, ring);
    use(pool, 105, ring);
    expect(pool.usageOf(pool.find(105))).toBe(1);
  });

  it('forgets what is in dropped buffers, and uses new ones before it throws anything out', () => {
    const pool = new ClockSweep(4);
    for (const block of [1, 2, 3, 4]) use(pool, block);
    pool.markDirty(pool.find(4));
    expect([...pool.dirtyIn(2, 4)]).toEqual([3]);
    pool.clean(3);
    pool.resize(2);
    expect([1, 2, 3, 4].map((block) => pool.find(block))).toEqual([0, 1, -1, -1]);
    expect(use(pool, 5)).toBe(1);
    pool.resize(3);
    expect(use(pool, 6)).toBeUndefined();
    expect(pool.find(6)).toBe(2);
  });
});

/** The same, as an array of objects and the text of the rules. */
class Naive {
  private buffers: { block: number; usage: number; pinned: boolean; dirty: boolean }[] = [];
  private hand = 0;

  constructor(private size: number) {}

  use(block: number, keepPinned: boolean, dirty: boolean): number | 'hit' | 'pinned' | undefined {
    let result: number | 'hit' | undefined = 'hit';
    let buffer = this.buffers.find((one) => one.block === block);
    if (buffer) buffer.usage = Math.min(5, buffer.usage + 1);
    else if (this.buffers.length < this.size) {
      buffer = { block, usage: 1, pinned: false, dirty: false };
      this.buffers.push(buffer);
      result = undefined;
    } else {
      if (this.buffers.every(({ pinned }) => pinned)) return 'pinned';
      for (;;) {
        buffer = this.buffers[this.hand]!;
        this.hand = (this.hand + 1) % this.size;
        if (buffer.pinned) continue;
        if (buffer.usage === 0) break;
        buffer.usage--;
      }
      result = buffer.block;
      Object.assign(buffer, { block, usage: 1, dirty: false });
    }
    if (dirty) buffer.dirty = true;
    if (keepPinned) buffer.pinned = true;
    return result;
  }

  unpinAll(): void {
    for (const buffer of this.buffers) buffer.pinned = false;
  }

  resize(size: number): void {
    this.unpinAll();
    this.buffers = this.buffers.slice(0, size);
    this.size = size;
    if (this.hand >= size) this.hand = 0;
  }

  get state() {
    return this.buffers.map(({ block, usage, pinned, dirty }) => [block, usage, pinned, dirty]);
  }
}

describe('clock sweep next to its naive twin', () => {
  const step = fc.oneof(
    { weight: 20, arbitrary: fc.record({ block: fc.nat(12), keep: fc.boolean(), dirty: fc.boolean() }) },
    { weight: 3, arbitrary: fc.constant('unpin' as const) },
    { weight: 2, arbitrary: fc.record({ size: fc.integer({ min: 1, max: 8 }) }) },
  );

  it('holds the same, throws out the same, and never anything pinned', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const pool = new ClockSweep(8, 4);
        const naive = new Naive(4);
        const pinned = new Set<number>();
        const unpin = () => {
          for (const buffer of pinned) pool.unpin(buffer);
          pinned.clear();
          naive.unpinAll();
        };
        for (const one of steps) {
          if (one === 'unpin') unpin();
          else if ('size' in one) {
            unpin();
            pool.resize(one.size);
            naive.resize(one.size);
          } else usePinned(pool, naive, pinned, one.block, one.keep, one.dirty);
          const state = Array.from({ length: pool.filled }, (_, i) => [
            pool.blockOf(i),
            pool.usageOf(i),
            pool.isPinned(i),
            pool.isDirty(i),
          ]);
          expect(state).toEqual(naive.state);
          expect(pool.filled).toBeLessThanOrEqual(pool.size);
          expect(Math.max(0, ...usages(pool))).toBeLessThanOrEqual(5);
        }
      }),
      { numRuns: 300 },
    );
  });

  function usePinned(
    pool: ClockSweep,
    naive: Naive,
    pinned: Set<number>,
    block: number,
    keep: boolean,
    dirty: boolean,
  ): void {
    const expected = naive.use(block, keep, dirty);
    let buffer = pool.find(block);
    if (expected === 'pinned') {
      expect(() => pool.victim()).toThrow(/are pinned/);
      return;
    }
    expect(buffer >= 0).toBe(expected === 'hit');
    if (buffer >= 0) pool.pin(buffer);
    else {
      buffer = pool.victim();
      expect(pinned).not.toContain(buffer);
      if (expected !== undefined) expect(pool.blockOf(buffer)).toBe(expected);
      pool.replace(buffer, block);
    }
    if (dirty) pool.markDirty(buffer);
    if (keep && !pinned.has(buffer)) pinned.add(buffer);
    else pool.unpin(buffer);
  }
});
