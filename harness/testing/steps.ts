import fc from 'fast-check';

/** What a thread of a random trace does: `afterUs` later than the step before, on pages of its space. */
export interface Step<Op extends string> {
  readonly op: Op;
  readonly space: number;
  readonly thread: number;
  readonly page: number;
  readonly count: number;
  readonly afterUs: number;
}

/**
 * Random steps of two spaces, mostly so close that what some threads do is not over when others begin.
 *
 * @param ops each as likely as it is often here
 * @param threads of each space
 * @param pages of each space
 */
export function stepOf<Op extends string>(
  ops: readonly Op[],
  threads: number,
  pages: number,
): fc.Arbitrary<Step<Op>> {
  return fc
    .record({
      op: fc.constantFrom(...ops),
      space: fc.integer({ min: 1, max: 2 }),
      thread: fc.nat(threads - 1),
      page: fc.nat(pages - 1),
      count: fc.integer({ min: 1, max: 12 }),
      afterUs: fc.oneof(fc.constant(0), fc.nat(60), fc.nat(2000)),
    })
    .map((one) => ({ ...one, count: Math.min(one.count, pages - one.page) }));
}
