import { describe, expect, it } from 'vitest';
import { Lab } from '../../testing/lab.js';
import type { Advice } from '../../trace/op.js';

/**
 * Files in folios of a page, mapped once: what the tables' rows with larger folios do not show. Measured on Linux 6.18
 * without swap, 16 pages with the call on the middle half, in pages: RSS, Private_Dirty and Referenced afterwards.
 */
const MEASURED: readonly [
  map: string,
  written: boolean,
  advice: Advice,
  rss: number,
  dirty: number,
  ref: number,
][] = [
  ['private:o@0', false, 'MADV_COLD', 16, 0, 8],
  ['private:o@0', true, 'MADV_COLD', 16, 16, 8],
  ['shared:o@0', false, 'MADV_COLD', 16, 0, 8],
  ['shared:o@0', true, 'MADV_COLD', 16, 16, 8],
  ['private:o@0', false, 'MADV_PAGEOUT', 8, 0, 8],
  ['private:o@0', true, 'MADV_PAGEOUT', 16, 16, 16],
  ['shared:o@0', false, 'MADV_PAGEOUT', 8, 0, 8],
  ['shared:o@0', true, 'MADV_PAGEOUT', 8, 8, 8],
];

const A = 100;
const PAGES = 16;

function mappedOnce(map: string, written: boolean) {
  const lab = new Lab();
  const p = lab.spawn();
  const o = lab.object(PAGES, 'file:o =1+');
  lab.map(p, A, PAGES, map);
  if (written) lab.write(p, A, PAGES, 1001);
  lab.read(p, A, PAGES);
  return { lab, p, o };
}

describe('COLD and PAGEOUT on files that one mapping maps', () => {
  for (const [map, written, advice, rss, privateDirty, referenced] of MEASURED) {
    it(`${advice} on ${map}, ${written ? 'written' : 'clean'}`, () => {
      const { lab, p } = mappedOnce(map, written);
      expect(lab.madvise(p, A + 4, 8, advice)).toBe(0);
      expect(lab.stat(p, A, PAGES)).toMatchObject({ rss, privateDirty, referenced });
    });
  }

  it('pages that PAGEOUT found dirty stay in the page cache: they come back without I/O', () => {
    const { lab, p } = mappedOnce('shared:o@0', true);
    expect(lab.madvise(p, A + 4, 8, 'MADV_PAGEOUT')).toBe(0);
    expect(Array.from({ length: 8 }, (_, i) => lab.inCore(p, A + 4 + i))).not.toContain(false);
    const majors = lab.m.counters.pgmajfault;
    expect(lab.read(p, A + 4, 8)).toEqual([1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012]);
    expect(lab.m.counters.pgmajfault).toBe(majors);
  });
});
