import { describe, expect, it } from 'vitest';
import { CONTENT_LIMIT } from '../../trace/op.js';
import { Contents, ZERO } from './contents.js';
import { Frames } from './frames.js';

describe('frames', () => {
  it('have objects and mappings beyond 16 bits where that is needed', () => {
    const frames = new Frames(4);
    const [one, two] = [frames.allocate(1, 0xffff, -7), frames.allocate(2, 0x1_0000, 8)] as const;
    frames.setMapcount(one, 0xffff);
    const narrow = frames.bytes;
    frames.setMapcount(two, 0x1_0000);
    expect(frames.bytes).toBeGreaterThan(narrow);
    expect([frames.object[one], frames.mapcount[one], frames.index[one]]).toEqual([0xffff, 0xffff, -7]);
    expect([frames.object[two], frames.mapcount[two], frames.index[two]]).toEqual([0x1_0000, 0x1_0000, 8]);
    // Also after growing.
    for (let page = 3; page < 5000; page++) frames.allocate(page, page, 0);
    expect([frames.object[two], frames.mapcount[two]]).toEqual([0x1_0000, 0x1_0000]);
  });

  it('have slots and marks of read-ahead once one frame has, and lose both when they are free', () => {
    const frames = new Frames(4);
    const [one, two] = [frames.allocate(1, 1, 0), frames.allocate(2, 1, 1)] as const;
    const before = frames.bytes;
    frames.setSlot(one, -1);
    frames.setReadahead(one, false);
    expect([frames.bytes, frames.slotOf(one), frames.isReadahead(one)]).toEqual([before, -1, false]);
    frames.setSlot(two, 5);
    frames.setReadahead(two, true);
    expect(frames.bytes).toBeGreaterThan(before);
    for (let page = 3; page < 5000; page++) frames.allocate(page, 1, page);
    const seen = [one, two, 4000].map((frame) => [frames.slotOf(frame), frames.isReadahead(frame)]);
    expect(seen).toEqual([
      [-1, false],
      [5, true],
      [-1, false],
    ]);
    expect(frames.inSwapCache).toBe(1);
    frames.free(two);
    expect(frames.inSwapCache).toBe(0);
    expect(frames.allocate(2, 1, 1)).toBe(two);
    expect([frames.slotOf(two), frames.isReadahead(two)]).toEqual([-1, false]);
  });
});

describe('contents', () => {
  it('stay what they are when the first id comes that does not fit', () => {
    const contents = new Contents(8);
    contents.set(1, 254);
    contents.setUnique(2);
    const narrow = contents.bytes;
    contents.set(3, 255);
    expect(contents.bytes).toBe(4 * narrow);
    contents.setUnique(4);
    contents.grow(16);
    expect([0, 1, 3, 8].map((page) => contents.get(page))).toEqual([ZERO, 254, 255, ZERO]);
    expect([contents.get(2), contents.get(4), contents.get(2)]).toEqual([
      CONTENT_LIMIT,
      CONTENT_LIMIT + 1,
      CONTENT_LIMIT,
    ]);
    expect([contents.isZero(0), contents.isZero(2)]).toEqual([true, false]);
  });

  it('that are like no other are numbered when they are looked at', () => {
    const contents = new Contents(4);
    contents.setUnique(1);
    contents.setUnique(2);
    expect([contents.get(2), contents.get(1), contents.get(3)]).toEqual([
      CONTENT_LIMIT,
      CONTENT_LIMIT + 1,
      ZERO,
    ]);
  });
});
