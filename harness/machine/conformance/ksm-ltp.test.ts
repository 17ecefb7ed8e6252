import { expect } from 'vitest';
import { type Case, conform, each, jsonCases, skip } from '../../testing/conformance.js';
import { sysfs } from '../../testing/ksm.js';
import { Lab } from '../../testing/lab.js';
import { access } from '../mapping/access.js';
import type { Space } from '../state/space.js';

const TWO_NODES = 'more than one node is not modelled: all memory is on one';

/** Contents that the children write. */
const [A, B, C, D, E] = [1, 2, 3, 4, 5];
/** Full scans that LTP waits for before it reads counters. */
const SCANS = 3;

/** LTP's create_same_memory: three children, of which each writes its memory full of one content in steps. */
function sameMemory(pages: number, children: number, unit: number): void {
  const lab = new Lab({ merge: 'ksm:smart_scan=0,sleep_millisecs=0,run=0' });
  const total = pages * children;
  lab.ksm('run', 2);
  lab.ksm('max_page_sharing', total);
  lab.ksm('pages_to_scan', total);
  const spaces = Array.from({ length: children }, () => lab.spawn());
  for (const space of spaces) {
    for (let page = 0; page < pages; page += unit) {
      lab.map(space, page, unit, 'anon');
      expect(lab.madvise(space, page, unit, 'MADV_MERGEABLE')).toBe(0);
    }
  }
  const [first, second, third] = spaces as [Space, Space, Space];
  const fill = (space: Space, content: number): void => {
    access(lab.m, space, 0, pages, content, 0);
  };
  const settle = (): void => {
    lab.ksm('run', 1);
    lab.fullScans(SCANS);
    lab.ksm('run', 0);
  };
  const holds = (space: Space, content: number, until = pages): void => {
    expect(new Set(lab.contents(space, 0, until))).toEqual(new Set([content]));
  };
  fill(first, C);
  fill(second, A);
  fill(third, A);
  settle();
  expect(sysfs(lab)).toMatchObject({ shared: 2, sharing: total - 2, volatile: 0, unshared: 0 });
  fill(second, B);
  settle();
  expect(sysfs(lab)).toMatchObject({ shared: 3, sharing: total - 3, volatile: 0, unshared: 0 });
  holds(first, C);
  holds(second, B);
  holds(third, A);
  for (const space of spaces) fill(space, D);
  settle();
  expect(sysfs(lab)).toMatchObject({ shared: 1, sharing: total - 1, volatile: 0, unshared: 0 });
  fill(second, D);
  lab.write(second, pages - 1, 1, E);
  settle();
  expect(sysfs(lab)).toMatchObject({ shared: 1, sharing: total - 2, volatile: 0, unshared: 1 });
  holds(second, D, pages - 1);
  expect(lab.contents(second, pages - 1, 1)).toEqual([E]);
  for (const run of [2, 0]) {
    lab.ksm('run', run);
    expect(sysfs(lab)).toMatchObject({ shared: 0, sharing: 0, volatile: 0, unshared: 0 });
  }
  expect(lab.m.frames.inUse).toBe(total);
}

const PAGES_OF_128_MIB = 32_768;
const PAGES_OF_1_MIB = 256;

/** Runs once, though several cases are the same: what it throws, it throws for each. */
function once(run: () => void): () => void {
  let error: unknown;
  let hasRun = false;
  return () => {
    if (!hasRun)
      try {
        run();
      } catch (thrown) {
        error = thrown;
      }
    hasRun = true;
    if (error !== undefined) throw error;
  };
}

const sameMemoryOf128MiB = once(() => sameMemory(PAGES_OF_128_MIB, 3, PAGES_OF_1_MIB));

const cases: Record<string, Case> = {
  // Bound to the one node there is, in a cpuset or a memory cgroup as large as the test: nothing differs.
  ...each(['ltp.ksm01', 'ltp.ksm02', 'ltp.ksm03', 'ltp.ksm04'], () => sameMemoryOf128MiB),
  'ltp.ksm01.scaled': () => sameMemory(PAGES_OF_1_MIB, 3, PAGES_OF_1_MIB),
  'ltp.ksm05': () => {
    const lab = new Lab({ merge: 'ksm:sleep_millisecs=0' });
    const parent = lab.spawn();
    for (let i = 0; i < 100; i++) {
      const child = lab.fork(parent);
      lab.map(child, 0, 1, 'anon');
      lab.write(child, 0, 1, A);
      expect(lab.madvise(child, 0, 1, 'MADV_MERGEABLE')).toBe(0);
      // The child dies before ksmd has met it, at its first page, or later.
      if (i % 3 > 0) lab.fullScans(i % 3);
      lab.exit(child);
    }
    expect(lab.m.spaces.size).toBe(1);
  },
  ...each(['ltp.ksm06.n10', 'ltp.ksm06.n100', 'ltp.ksm06.n8000'], () => skip(TWO_NODES)),
  'ltp.ksm07': () => {
    const lab = new Lab({ merge: 'ksm:pages_to_scan=100,sleep_millisecs=0' });
    const p = lab.spawn();
    lab.map(p, 0, 1, 'anon');
    lab.write(p, 0, 1, A);
    lab.madvise(p, 0, 1, 'MADV_MERGEABLE');
    lab.fullScans(20); // by then the page is old enough
    const before = sysfs(lab);
    lab.fullScans(SCANS);
    const after = sysfs(lab);
    const skipped = after.skipped - before.skipped;
    expect(skipped).toBeGreaterThanOrEqual(Math.floor(((after.scans - before.scans) * 50) / 100));
  },
};

conform(
  'ltp_ksm.json',
  jsonCases('ltp_ksm.json').map(({ id }) => id),
  cases,
);
