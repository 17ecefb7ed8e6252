import { describe, expect, it } from 'vitest';
import type { SwapText } from '../../contract/swap.js';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

/**
 * A program writes private pages, one after the other, in a memory cgroup of 1024 pages (v1, Linux 6.18) with zram of a
 * size, until it is killed. Seen three times each: pages written then.
 */
const SEEN: readonly { swap: number; written: readonly number[] }[] = [
  { swap: 300, written: [1319, 1319, 1320] },
  { swap: 1024, written: [2042, 2042, 2042] },
  { swap: 2000, written: [3017, 3012, 3013] },
];
const LIMIT = 1024;

async function writtenUntilItEnds(reclaim: string, swap: SwapText): Promise<number> {
  const writes = Array.from({ length: 8 * LIMIT }, (_, page) => `write,1,${page},1,`);
  let written = 0;
  const { outcome } = await run(
    timed(['set,,,,memcg.charge_page_tables=1', 'spawn,1,,,', 'map,1,0,8192,anon', ...writes]),
    { limit: LIMIT, swap, reclaim, check: false, observe: (m) => (written = m.rss + m.swap.inUse) },
  );
  expect(outcome).toBe('oom');
  return written;
}

describe('memory and swap are full: what a program had written when Linux killed it', () => {
  for (const { swap, written } of SEEN)
    it(`swap of ${swap} pages`, async () => {
      const here = await writtenUntilItEnds('linux', `zram:size=${swap}`);
      expect(here).toBeGreaterThanOrEqual(Math.min(...written) - 1);
      expect(here).toBeLessThanOrEqual(Math.max(...written) + 1);
    });
});
