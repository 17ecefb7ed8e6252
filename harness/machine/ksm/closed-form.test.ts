import { describe, expect, it } from 'vitest';
import { Lab } from '../../testing/lab.js';

/** Pages k with one content, merged under max_page_sharing m. */
function settle(k: number, m: number, scans: number) {
  const lab = new Lab({
    merge: `ksm:smart_scan=0,sleep_millisecs=0,pages_to_scan=100000,max_page_sharing=${m}`,
  });
  const p = lab.spawn();
  lab.map(p, 0, k, 'anon');
  for (let i = 0; i < k; i++) lab.write(p, i, 1, 42);
  lab.madvise(p, 0, k, 'MADV_MERGEABLE');
  lab.fullScans(scans);
  const { tracking } = lab.m.ksm;
  return [
    tracking.pagesShared,
    tracking.pagesSharing,
    tracking.pagesUnshared,
    tracking.nodes.chains,
    tracking.nodes.dups,
  ];
}

describe('x', () => {
  it.each([
    [257, 256, [1, 255, 1]],
    [11, 10, [1, 9, 1]],
    [10, 3, [3, 6, 1]],
    [513, 256, [2, 510, 1]],
    [5, 2, [2, 2, 1]],
  ] as const)('%i %i', (k, m, e) => {
    expect(settle(k, m, 3).slice(0, 3)).toEqual(e);
  });
});
