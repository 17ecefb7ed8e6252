import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeQueue } from './range-queue.js';

const STEP = fc.record({
  what: fc.constantFrom('add', 'add', 'delete', 'move'),
  page: fc.nat(20),
  count: fc.nat(8),
  to: fc.integer({ min: 30, max: 50 }),
});

/** Pages in the order of their ranges, each with the number of the step that added it: the plainest form. */
class Naive {
  pages: { page: number; age: number }[] = [];

  delete(page: number, count: number): void {
    this.pages = this.pages.filter((one) => one.page < page || one.page >= page + count);
  }

  add(page: number, count: number, age: number): void {
    this.delete(page, count);
    for (let i = 0; i < count; i++) this.pages.push({ page: page + i, age });
  }
}

describe('queues of ranges', () => {
  it('keep pages and the age of what is left of a range', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 40 }), (steps) => {
        const queue = new RangeQueue();
        const naive = new Naive();
        steps.forEach(({ what, page, count, to }, age) => {
          if (what === 'add') {
            queue.add({ space: 1, page, count, regenNs: 10 * count });
            naive.add(page, count, age);
          } else if (what === 'delete') {
            queue.delete({ space: 1, page, count });
            naive.delete(page, count);
          } else {
            queue.move({ space: 1, page, count }, to);
            // Ranges that move keep their age; each stays a range of its own.
            const moved = naive.pages.filter((one) => one.page >= page && one.page < page + count);
            naive.delete(page, count);
            moved.sort((a, b) => a.page - b.page);
            for (const one of moved) naive.delete(one.page - page + to, 1);
            for (const one of moved) naive.pages.push({ ...one, page: one.page - page + to });
          }
          expect(queue.pages).toBe(naive.pages.length);
        });
        // Taken out one by one, the oldest first, ranges come in the order they were added.
        let oldestAge = -1;
        for (let oldest = queue.oldest; oldest; oldest = queue.oldest) {
          const { page, count, regenNs } = oldest;
          expect(regenNs).toBeCloseTo(10 * count, 6);
          const ages = naive.pages.filter((one) => one.page >= page && one.page < page + count);
          expect(ages).toHaveLength(count);
          for (const { age } of ages) expect(age).toBeGreaterThanOrEqual(oldestAge);
          oldestAge = ages[0]!.age;
          queue.delete(oldest);
          naive.delete(page, count);
        }
        expect(naive.pages).toEqual([]);
      }),
    );
  });

  it('give whole ranges that overlap, by address', () => {
    const queue = new RangeQueue();
    queue.add({ space: 1, page: 10, count: 4, regenNs: 0 });
    queue.add({ space: 1, page: 0, count: 4, regenNs: 0 });
    queue.add({ space: 2, page: 3, count: 8, regenNs: 0 });
    expect(queue.overlapping({ space: 1, page: 3, count: 8 })).toMatchObject([
      { page: 0, count: 4 },
      { page: 10, count: 4 },
    ]);
    expect(queue.overlapping({ space: 1, page: 4, count: 6 })).toEqual([]);
  });

  it('cut out of the middle, both parts keep their age and their share of the price', () => {
    const queue = new RangeQueue();
    queue.add({ space: 1, page: 0, count: 8, regenNs: 800 });
    queue.add({ space: 1, page: 20, count: 1, regenNs: 5 });
    queue.delete({ space: 1, page: 2, count: 4 });
    expect(queue.overlapping({ space: 1, page: 0, count: 8 })).toMatchObject([
      { page: 0, count: 2, regenNs: 200 },
      { page: 6, count: 2, regenNs: 200 },
    ]);
    queue.delete({ space: 1, page: 0, count: 2 });
    expect(queue.oldest).toMatchObject({ page: 6 });
  });

  it('are copied to a forked space', () => {
    const queue = new RangeQueue();
    queue.add({ space: 1, page: 0, count: 8, regenNs: 800 });
    queue.copy(1, 2);
    queue.delete({ space: 1, page: 0, count: 8 });
    expect(queue.overlapping({ space: 2, page: 7, count: 1 })).toMatchObject([{ page: 0, count: 8 }]);
  });
});
