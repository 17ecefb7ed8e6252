import { describe, expect, it } from 'vitest';
import { grown, grownCapacity } from './arrays.js';

describe('arrays that grow', () => {
  it('keep their elements, and new ones hold what they are filled with', () => {
    expect([...grown(Int32Array.of(1, 2), 4, -1)]).toEqual([1, 2, -1, -1]);
    expect([...grown(Uint8Array.of(1, 2), 3)]).toEqual([1, 2, 0]);
    const long = Int32Array.of(1, 2, 3);
    expect(grown(long, 2)).toBe(long);
  });

  it('are as before where they are large, and lie in memory once', () => {
    const first = 2 ** 24;
    let array = grown(Int32Array.of(7, 8), first, -1);
    for (const length of [first + 1, first + 20_000, first + 20_001]) {
      const before = array;
      array = grown(array, length, -1);
      expect(array).toHaveLength(length);
      expect([array[0], array[1], array[2], array[length - 1]]).toEqual([7, 8, -1, -1]);
      // Of the same memory, and no buffer is detached, which would slow all code of this thread.
      const { length: had } = before;
      expect(had).toBeGreaterThan(0);
      before[0] = 9;
      expect(array[0]).toBe(9);
      array[0] = 7;
    }
  });

  it('have capacities with less slack the larger they are', () => {
    expect(grownCapacity(2000, 2001)).toBe(4000);
    expect(grownCapacity(2 ** 20, 0)).toBe(2 ** 20 + 2 ** 17);
    expect(grownCapacity(2 ** 24, 0)).toBe(2 ** 24 + 2 ** 19);
    expect(grownCapacity(0, 5000)).toBe(5000);
  });
});
