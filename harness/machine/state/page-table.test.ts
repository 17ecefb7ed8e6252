import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Directory, LEAF_ENTRIES } from './page-table.js';

const REGION_PAGES = LEAF_ENTRIES ** 2;

function withLeaves(leaves: readonly number[]): Directory {
  const directory = new Directory();
  leaves.forEach((leaf, i) => void directory.setLeaf(leaf * LEAF_ENTRIES, i));
  return directory;
}

describe('the next leaf', () => {
  it('is the first one from a page on, below an end', () => {
    // Leaves of some regions, near each other and with wide gaps between them.
    const leaf = fc.tuple(fc.nat(20), fc.nat(3)).map(([region, within]) => region * LEAF_ENTRIES + within);
    const page = fc.nat(22 * REGION_PAGES);
    fc.assert(
      fc.property(fc.uniqueArray(leaf, { maxLength: 8 }), page, page, (leaves, vpn, end) => {
        const starts = leaves.map((one) => one * LEAF_ENTRIES).filter((at) => at + LEAF_ENTRIES > vpn);
        const first = Math.max(vpn, Math.min(...starts, Number.MAX_SAFE_INTEGER));
        expect(withLeaves(leaves).nextLeaf(vpn, end)).toBe(first < end ? first : end);
      }),
    );
  });

  it('is found across any distance: a step for each GiB between would take minutes here', () => {
    const far = 2 ** 51;
    const directory = withLeaves([0, far / LEAF_ENTRIES]);
    expect(directory.nextLeaf(LEAF_ENTRIES, 2 ** 52)).toBe(far);
    expect(directory.nextLeaf(far + LEAF_ENTRIES, 2 ** 52)).toBe(2 ** 52);
    expect([...directory.leavesIn(0, 2 ** 52)].map(({ from }) => from)).toEqual([0, far]);
  });
});
