import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sysfs } from '../../testing/ksm.js';
import { Lab } from '../../testing/lab.js';
import { access } from '../mapping/access.js';

/** What merging k copies of each content under max_page_sharing m comes to, once it has settled. */
function closedForm(copies: readonly number[], m: number) {
  const sum = { shared: 0, sharing: 0, unshared: 0, chains: 0, dups: 0 };
  for (const k of copies) {
    const odd = k % m === 1 ? 1 : 0;
    const nodes = odd === 1 ? Math.floor(k / m) : Math.ceil(k / m);
    sum.shared += nodes;
    sum.sharing += k - nodes - odd;
    sum.unshared += odd;
    if (nodes >= 2) {
      sum.chains++;
      sum.dups += nodes;
    }
  }
  return sum;
}

/** Copies of contents, one content after the other or dealt out, in one process or two. */
function settled(
  copies: readonly number[],
  m: number,
  options: { dealt: boolean; two: boolean; smart: 0 | 1 },
) {
  const lab = new Lab({ merge: `ksm:sleep_millisecs=0,max_page_sharing=${m},smart_scan=${options.smart}` });
  const contents = copies.flatMap((k, content) => Array<number>(k).fill(content + 1));
  if (options.dealt) contents.sort((a, b) => (a * 7919) % 13 || a - b);
  const spaces = options.two ? [lab.spawn(), lab.spawn()] : [lab.spawn()];
  for (const space of spaces) {
    lab.map(space, 0, contents.length, 'anon');
    lab.madvise(space, 0, contents.length, 'MADV_MERGEABLE');
  }
  contents.forEach((content, i) => {
    access(lab.m, spaces[i % spaces.length]!, i, 1, content, 0);
  });
  lab.fullScans(3);
  return sysfs(lab);
}

describe('what k copies of a content settle at under max_page_sharing m', () => {
  it.each([
    { k: 257, m: 256, expected: { shared: 1, sharing: 255, unshared: 1 } },
    { k: 11, m: 10, expected: { shared: 1, sharing: 9, unshared: 1 } },
    { k: 10, m: 3, expected: { shared: 3, sharing: 6, unshared: 1 } },
    { k: 513, m: 256, expected: { shared: 2, sharing: 510, unshared: 1 } },
    { k: 5, m: 2, expected: { shared: 2, sharing: 2, unshared: 1 } },
  ])('k = $k, m = $m, as measured on Linux 6.18', ({ k, m, expected }) => {
    expect(closedForm([k], m)).toMatchObject(expected);
    expect(settled([k], m, { dealt: false, two: false, smart: 1 })).toMatchObject(expected);
  });

  it('the closed form, for any k and m', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2, max: 30 }),
        fc.record({ dealt: fc.boolean(), two: fc.boolean(), smart: fc.constantFrom<0 | 1>(0, 1) }),
        (copies, m, options) => {
          const seen = settled(copies, m, options);
          const items = copies.reduce((sum, k) => sum + k, 0);
          expect(seen).toMatchObject({ ...closedForm(copies, m), volatile: 0 });
          expect(seen.profit).toBe(4096 * seen.sharing - 64 * items);
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });
});
