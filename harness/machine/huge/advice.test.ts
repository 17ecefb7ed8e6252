import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';
import { checkMachine } from '../check.js';
import type { Machine } from '../machine.js';

const H = 512;
const START = ['set,,,,thp.enabled=always', 'spawn,1,,,', `map,1,0,${4 * H},anon`];

/** The machine at the end of events, and what the last call returned. */
async function played(
  events: readonly string[],
  options: Parameters<typeof run>[1] = {},
): Promise<{ m: Machine; counters: Machine['counters']; errno: unknown }> {
  let last: { m: Machine; errno: unknown } | undefined;
  const lines = [...START, ...events].map((event) => `0,${event}`);
  const { outcome } = await run(traceOf(`${lines.join('\n')}\n`), {
    ...options,
    completed: (m, { errno }) => {
      last = { m, errno };
    },
  });
  expect(outcome).toBe('ok');
  checkMachine(last!.m);
  return { ...last!, counters: last!.m.counters };
}

describe('a huge page of zeros', () => {
  it('that was read is copied by fork, as its mapping has private pages from then on', async () => {
    const { counters } = await played([`read,1,0,${H},`, 'fork,1,,,2', `read,2,0,${H},`]);
    expect(counters.pgfault).toBe(1);
  });

  it.each(['MADV_FREE', 'MADV_COLD', 'MADV_PAGEOUT'])('is one still after %s of a part', async (advice) => {
    const { counters, m } = await played([`read,1,0,${H},`, `madvise,1,0,9,${advice}`], { swap: 'zram' });
    expect([counters.thp_split_pmd, m.huge!.isPmd(m.spaces.get(1)!.directory.leaf(0))]).toEqual([0, true]);
  });
});

describe('advice on a huge page', () => {
  it.each(['MADV_FREE', 'MADV_COLD', 'MADV_PAGEOUT'])(
    'that lies across two page tables splits it, though all is named: %s',
    async (advice) => {
      const { counters } = await played(
        [`write,1,0,${H},`, `remap,1,0,${H},to=${8 * H + 7}`, `madvise,1,${8 * H + 7},${H},${advice}`],
        { swap: 'zram' },
      );
      expect([counters.thp_split_page, counters.thp_swpout]).toEqual([1, 0]);
    },
  );

  it('that another process maps a part of is without effect', async () => {
    const shared = [`write,1,0,${H},`, 'fork,1,,,2', 'madvise,2,0,500,MADV_DONTNEED'];
    const freed = await played([...shared, `madvise,1,0,${H},MADV_FREE`]);
    expect([freed.counters.pglazyfree, freed.counters.thp_split_page]).toEqual([0, 0]);
    const out = await played([...shared, `madvise,1,0,${H},MADV_PAGEOUT`], { swap: 'zram' });
    expect([out.counters.pswpout, out.counters.thp_split_page]).toEqual([0, 0]);
  });

  it('that pages out splits it where there is no swap', async () => {
    const { counters, m } = await played([`write,1,0,5,`, `madvise,1,0,${H},MADV_PAGEOUT`]);
    expect([counters.thp_swpout_fallback, counters.thp_split_page, m.rss]).toEqual([1, 1, 5]);
  });

  it('that pages out what was freed keeps it where a part was populated for writing since', async () => {
    const { counters, m } = await played(
      [
        `write,1,0,${H},`,
        `madvise,1,0,${H},MADV_FREE`,
        'madvise,1,500,10,MADV_POPULATE_WRITE',
        `madvise,1,0,${H},MADV_PAGEOUT`,
      ],
      { swap: 'zram' },
    );
    expect([counters.pglazyfreed, m.spaces.get(1)!.directory.entry(0) >= 0]).toEqual([0, true]);
  });

  it('that frees it is undone for all its pages where one is written before it is split', async () => {
    const { counters } = await played(
      [
        `write,1,0,${H},`,
        `madvise,1,0,${H},MADV_FREE`,
        'protect,1,9,1,ro',
        'write,1,100,1,',
        `madvise,1,0,9,MADV_COLD`,
        'limit,,,100,',
      ],
      { swap: 'zram' },
    );
    expect([counters.thp_split_page, counters.pglazyfreed]).toEqual([1, 0]);
  });
});

describe('a huge page that was freed lazily and has lost a part', () => {
  const events = [`write,1,0,${H},`, `madvise,1,0,${H},MADV_FREE`, 'unmap,1,0,9,'];

  it('goes as one, and is not split for it', async () => {
    const { counters, m } = await played([...events, 'limit,,,100,'], { reclaim: 'fifo', swap: 'zram' });
    expect([counters.pglazyfreed, counters.thp_split_page, m.frames.inUse]).toEqual([H, 0, 0]);
  });

  it('is an ordinary one where it was written, and then split', async () => {
    const { counters } = await played([...events, 'write,1,100,1,', 'limit,,,100,'], {
      reclaim: 'fifo',
      swap: 'zram',
    });
    expect([counters.pglazyfreed, counters.thp_split_page]).toEqual([0, 1]);
  });
});

describe('MADV_COLLAPSE', () => {
  const small = [`madvise,1,0,${4 * H},MADV_NOHUGEPAGE`];
  const allowed = `madvise,1,0,${4 * H},MADV_HUGEPAGE`;
  const collapse = `madvise,1,0,${2 * H},MADV_COLLAPSE`;

  it('is refused where nothing private has come yet, zeros of 4 KiB or not', async () => {
    const read = await played([...small, 'read,1,0,9,', allowed, collapse]);
    expect([read.errno, read.counters.thp_collapse_alloc]).toEqual(['EINVAL', 0]);
    const between = await played([`madvise,1,9,9,MADV_COLLAPSE`]);
    expect(between.errno).toBe('EINVAL');
  });

  it('is refused where the mapping holds no aligned huge page, however long it is', async () => {
    const { errno } = await played([
      'map,1,9000,700,anon',
      'write,1,9000,1,',
      'madvise,1,9000,400,MADV_COLLAPSE',
    ]);
    expect(errno).toBe('EINVAL');
  });

  it('counts a huge page that was allocated and could not be charged', async () => {
    const { errno, counters } = await played([
      'limit,,,700,',
      ...small,
      `write,1,0,${H},`,
      allowed,
      collapse,
    ]);
    expect([errno, counters.thp_collapse_alloc, counters.thp_collapse_alloc_failed]).toEqual(['EBUSY', 1, 0]);
  });

  it('goes on after pages that are pinned', async () => {
    const { errno, counters } = await played([
      ...small,
      `write,1,0,${2 * H},`,
      'dma-pin,1,9,1,',
      allowed,
      collapse,
    ]);
    expect([errno, counters.thp_collapse_alloc]).toEqual(['EAGAIN', 1]);
  });

  it('reads what was swapped out, which is no fault', async () => {
    const events = [
      ...small,
      `write,1,0,${H},`,
      `madvise,1,0,9,MADV_PAGEOUT`,
      allowed,
      `madvise,1,0,${H},MADV_COLLAPSE`,
    ];
    const { errno, counters } = await played(events, { swap: 'zram' });
    expect([errno, counters.pgfault, counters.pgmajfault, counters.thp_collapse_alloc]).toEqual([0, H, 9, 1]);
  });
});
