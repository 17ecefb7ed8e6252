import { expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

/** Found by `npm run fuzz -- --relations`: room for its neighbors was made of the page itself, which came back as one that was freed. */
it.each(['anon', 'shared:a@0'])(
  'the page of %s that a fault brings in is not purged for those read ahead',
  async (what) => {
    const events = [
      'spawn,1,,,',
      'object,,,16,shmem:a',
      'set,,,,vm.page-cluster=3',
      'set,,,,swap.vma_ra_enabled=0',
      `map,1,1024,16,${what}`,
      'write,1,1024,8,=7',
      'madvise,1,1024,1,MADV_VOLATILE',
      'read,1,1024,1,',
    ];
    const { outcome, metrics } = await run(timed(events), { reclaim: 'fifo', swap: 'ssd', limit: 4 });
    expect(outcome).toBe('ok');
    expect(metrics.swap_ra).toBeGreaterThan(0);
    expect(metrics.purged_pages).toBe(0);
  },
);

/** vma_merge_new_range: the mapping that was there stays, and knows what was read ahead of it. */
it('a mapping that is joined with the one above goes on with its window', async () => {
  const events = (at: number) => [
    'spawn,1,,,',
    'set,,,,vm.page-cluster=3',
    'map,1,1024,32,anon',
    'write,1,1024,32,',
    'limit,,,1,',
    'limit,,,,',
    // The window was 4 and shrinks to 2 at the second fault, which nothing has hit.
    'read,1,1030,1,',
    `map,1,${at},4,anon`,
    'read,1,1040,1,',
  ];
  const [joined, separate] = await Promise.all(
    [1020, 1000].map((at) => run(timed(events(at)), { reclaim: 'fifo', swap: 'ssd' })),
  );
  expect(joined!.metrics.swap_ra).toBe(separate!.metrics.swap_ra);
});

/** Found by `npm run fuzz -- --relations`: it was brought in twice, once for its neighbor. */
it('a merged page that is at two addresses is read once', async () => {
  const events = [
    'spawn,1,,,',
    'set,,,,vm.page-cluster=3',
    'map,1,1024,16,anon',
    'madvise,1,1024,16,MADV_MERGEABLE',
    'write,1,1024,4,=7',
    'write,1,1030,8,=9+',
    'read,1,1026,1,',
    'write,1,1028,1,',
  ];
  const machine = { reclaim: 'fifo', swap: 'ssd', merge: 'instant', limit: 4 } as const;
  const { outcome, metrics } = await run(timed(events), machine);
  expect(outcome).toBe('ok');
  expect(metrics.pgmajfault).toBe(1);
});
