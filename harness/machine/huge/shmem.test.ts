import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';
import { checkMachine } from '../check.js';
import type { Machine } from '../machine.js';

const H = 512;
/** Four huge pages of a file on a tmpfs that is mounted with huge=always. */
const FILE = [`object,,,${4 * H},shmem:x huge=always`, 'spawn,1,,,', `map,1,0,${4 * H},shared:x@0`];

interface Played {
  readonly m: Machine;
  readonly counters: Machine['counters'];
  /** Pages mapped, in memory, mapped by the page directory, and in huge pages. */
  readonly sizes: readonly [rss: number, charged: number, mapped: number, huge: number];
}

/** What there is at the end of events. The invariants are checked after each. */
async function played(events: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<Played> {
  let m: Machine | undefined;
  const { outcome } = await run(traceOf(`${events.map((event) => `0,${event}`).join('\n')}\n`), {
    ...options,
    completed: (machine) => {
      m = machine;
    },
  });
  expect(outcome).toBe('ok');
  checkMachine(m!);
  const { counters, rss, frames } = m!;
  const sizes = [rss, frames.inUse, m!.huge?.shmemPmdMapped ?? 0, m!.huge?.shmemHugePages ?? 0] as const;
  return { m: m!, counters, sizes };
}

const NONE = [1, 1, 0, 0];
const WHOLE = [H, H, H, H];

describe('a fault of shared memory', () => {
  it.each(['write,1,5,1,', 'read,1,5,1,'])('brings and maps 512 pages: %s', async (touch) => {
    const { counters, sizes } = await played([...FILE, touch]);
    expect(sizes).toEqual(WHOLE);
    expect([counters.pgfault, counters.thp_file_alloc, counters.thp_file_mapped]).toEqual([1, 1, 1]);
  });

  it.each([
    ['never', '', NONE],
    ['never', 'MADV_HUGEPAGE', NONE],
    ['advise', '', NONE],
    ['advise', 'MADV_HUGEPAGE', WHOLE],
    ['within_size', '', WHOLE],
    ['always', '', WHOLE],
    ['always', 'MADV_NOHUGEPAGE', NONE],
    ['deny', 'MADV_HUGEPAGE', NONE],
    ['force', '', WHOLE],
  ])('is of the size that shmem_enabled=%s says for a memfd (%s)', async (value, advice, expected) => {
    const advise = advice === '' ? [] : [`madvise,1,0,${H},${advice}`];
    const object = [`object,,,${H},shmem:m`, 'spawn,1,,,', `map,1,0,${H},shared:m@0`];
    const { sizes } = await played([
      `set,,,,thp.shmem_enabled=${value}`,
      ...object,
      ...advise,
      'write,1,5,1,',
    ]);
    expect(sizes).toEqual(expected);
  });

  it('of a shared anonymous mapping is as shmem_enabled says', async () => {
    const { sizes } = await played([
      'set,,,,thp.shmem_enabled=always',
      'spawn,1,,,',
      `map,1,0,${H},anon-shared`,
      'write,1,5,1,',
    ]);
    expect(sizes).toEqual(WHOLE);
  });

  it('of a tmpfs with huge= is as its mount says, but for deny and force', async () => {
    const fs = (huge: string) => [
      `object,,,${2 * H},tmpfs:t${huge}`,
      `object,,,${H},shmem:x fs=t`,
      'spawn,1,,,',
      `map,1,0,${H},shared:x@0`,
      'write,1,5,1,',
    ];
    expect((await played(fs(' huge=always'))).sizes).toEqual(WHOLE);
    expect((await played(['set,,,,thp.shmem_enabled=always', ...fs('')])).sizes).toEqual(NONE);
    expect((await played(['set,,,,thp.shmem_enabled=force', ...fs('')])).sizes).toEqual(WHOLE);
    expect((await played(['set,,,,thp.shmem_enabled=deny', ...fs(' huge=always')])).sizes).toEqual(NONE);
  });

  it('brings a page where something is already, or there is no room', async () => {
    const there = await played([...FILE, 'fallocate,,7,1,alloc:x', 'write,1,5,1,']);
    expect(there.sizes).toEqual([1, 2, 0, 0]);
    const full = await played([`limit,,,${H - 1},`, ...FILE, 'write,1,5,1,'], { limit: 'trace' });
    expect(full.sizes).toEqual(NONE);
    expect([full.counters.thp_file_fallback, full.counters.thp_file_fallback_charge]).toEqual([1, 1]);
    const small = await played([
      `object,,,${H - 1},tmpfs:t huge=always`,
      `object,,,${H},shmem:x fs=t`,
      'spawn,1,,,',
      `map,1,0,${H},shared:x@0`,
      'write,1,5,1,',
    ]);
    expect(small.sizes).toEqual(NONE);
  });

  it('maps by page tables what does not lie as in the object: all of it where it can', async () => {
    const { sizes, counters } = await played([
      ...FILE,
      `map,1,${8 * H},${H},shared:x@7`,
      `write,1,${8 * H},1,`,
    ]);
    expect(sizes).toEqual([1, H, 0, H]);
    expect(counters.thp_file_mapped).toBe(0);
    const small = [...FILE, `madvise,1,0,${H},MADV_NOHUGEPAGE`, `fallocate,,0,${H},alloc:x`, 'write,1,5,1,'];
    expect((await played(small)).sizes).toEqual([H, H, 0, H]);
    expect((await played(['set,,,,kernel.version=6.6', ...small])).sizes).toEqual([1, H, 0, H]);
  });

  it('of a private mapping copies the page that is written, and maps what is read', async () => {
    const map = `map,1,${8 * H},${H},private:x@0`;
    const written = await played([...FILE, map, `write,1,${8 * H},1,`]);
    expect(written.sizes).toEqual([1, H + 1, 0, H]);
    const read = await played([...FILE, map, `read,1,${8 * H},1,`]);
    expect(read.sizes).toEqual(WHOLE);
    const copied = await played([...FILE, map, `read,1,${8 * H},1,`, `write,1,${8 * H + 3},1,`]);
    expect(copied.sizes).toEqual([1, H + 1, 0, H]);
    expect(copied.counters.thp_split_pmd).toBe(1);
  });

  it('beyond the end of a short file is not refused while a huge page is mapped, and its blocks count', async () => {
    const events = [
      'object,,,100,shmem:x huge=always',
      'spawn,1,,,',
      `map,1,0,${H},shared:x@0`,
      'write,1,5,1,',
    ];
    const { m, sizes, counters } = await played([...events, 'write,1,200,1,']);
    expect(sizes).toEqual(WHOLE);
    expect([m.objects.named('x').blocks, counters.sigbus]).toEqual([H, 0]);
    const shrunk = await played([...events, 'limit,,,300,', 'write,1,1,1,'], { limit: 'trace' });
    expect(shrunk.sizes).toEqual([1, 100, 0, 0]);
  });
});

describe('write and fallocate', () => {
  it('bring a huge page by their size from Linux 6.14 on, by any before', async () => {
    const wrote = (count: number, version: string) =>
      played([`set,,,,kernel.version=${version}`, FILE[0]!, `pwrite,,0,${count},x`]);
    expect((await wrote(H, '6.18')).sizes).toEqual([0, H, 0, H]);
    expect((await wrote(H - 1, '6.18')).sizes).toEqual([0, H - 1, 0, 0]);
    expect((await wrote(1, '6.12')).sizes).toEqual([0, H, 0, H]);
    const allocated = await played([FILE[0]!, `fallocate,,0,${H + 7},alloc:x`]);
    expect(allocated.sizes).toEqual([0, H + 7, 0, H]);
  });

  it('undo a whole huge page where the tmpfs is full', async () => {
    const { sizes } = await played([
      'set,,,,kernel.version=6.12',
      `object,,,${H + 7},tmpfs:t huge=always`,
      `object,,,${2 * H},shmem:x fs=t`,
      `fallocate,,100,${H},alloc:x`,
    ]);
    expect(sizes).toEqual([0, 0, 0, 0]);
  });
});

describe('what takes a part of a huge page', () => {
  const filled = [...FILE, `write,1,0,${H},`];

  it('DONTNEED unmaps all of it and frees nothing', async () => {
    const { sizes, counters } = await played([...filled, 'madvise,1,3,1,MADV_DONTNEED']);
    expect(sizes).toEqual([0, H, 0, H]);
    expect([counters.thp_split_pmd, counters.thp_split_page]).toEqual([1, 0]);
    const whole = await played([...filled, `madvise,1,0,${H},MADV_DONTNEED`]);
    expect(whole.sizes).toEqual([0, H, 0, H]);
    expect(whole.counters.thp_split_pmd).toBe(0);
  });

  it.each(['madvise,1,3,1,MADV_REMOVE', 'fallocate,,3,1,punch:x'])('splits it: %s', async (call) => {
    const { sizes, counters } = await played([...filled, call]);
    expect(sizes).toEqual([0, H - 1, 0, 0]);
    expect([counters.thp_split_pmd, counters.thp_split_page]).toEqual([1, 1]);
  });

  it('truncation splits it, and drops what is beyond the end', async () => {
    const { sizes, counters } = await played([...filled, 'truncate,,,100,x']);
    expect(sizes).toEqual([0, 100, 0, 0]);
    expect(counters.thp_split_page).toBe(1);
  });

  it('a hole of all of it splits nothing', async () => {
    const { sizes, counters } = await played([...filled, `fallocate,,0,${H},punch:x`]);
    expect(sizes).toEqual([0, 0, 0, 0]);
    expect([counters.thp_split_pmd, counters.thp_split_page]).toEqual([0, 0]);
  });

  it('a hole frees nothing while a device has pinned a page: the part is zeros', async () => {
    const pinned = [...FILE, `write,1,0,${H},=5`, 'dma-pin,1,9,1,', 'fallocate,,3,2,punch:x'];
    const { m, sizes } = await played(pinned);
    expect(sizes).toEqual([0, H, 0, H]);
    const object = m.objects.named('x');
    expect([2, 3, 4, 5].map((index) => m.pages.contents.get(object.page(index)))).toEqual([5, 0, 0, 5]);
    const unpinned = await played([...pinned, 'dma-unpin,1,9,1,', 'fallocate,,3,2,punch:x']);
    expect(unpinned.sizes).toEqual([0, H - 2, 0, 0]);
  });

  it('FREE is EINVAL', async () => {
    const { m, sizes } = await played([...filled, 'madvise,1,0,3,MADV_FREE']);
    expect(sizes).toEqual(WHOLE);
    expect(m.counters.pglazyfree).toBe(0);
  });

  it('mprotect of a part unmaps it, of all of it does not', async () => {
    expect((await played([...filled, 'protect,1,0,3,ro'])).sizes).toEqual([0, H, 0, H]);
    expect((await played([...filled, `protect,1,0,${H},ro`])).sizes).toEqual(WHOLE);
  });

  it('what becomes volatile is split, and stays of pages of 4 KiB', async () => {
    const { sizes } = await played([...filled, 'madvise,1,0,8,MADV_VOLATILE', `write,1,${H},1,`]);
    expect(sizes).toEqual([H, 2 * H, H, H]);
    const hole = await played([...FILE, 'madvise,1,0,8,MADV_VOLATILE', 'write,1,0,1,']);
    expect(hole.sizes).toEqual(NONE);
  });
});

describe('a huge page of shared memory', () => {
  const filled = [...FILE, `write,1,0,${H},`];

  it('is left out by fork, and found by the child', async () => {
    const forked = await played([...filled, 'fork,1,,,2']);
    expect(forked.sizes).toEqual(WHOLE);
    const both = await played([...filled, 'fork,1,,,2', 'write,2,3,1,']);
    expect(both.sizes).toEqual([2 * H, H, 2 * H, H]);
    expect(both.counters.thp_split_pmd).toBe(0);
  });

  it('moves as one where it lies the same in its table, and is unmapped elsewhere', async () => {
    expect((await played([...filled, `remap,1,0,${H},to=${16 * H}`])).sizes).toEqual(WHOLE);
    expect((await played([...filled, `remap,1,0,${H},to=${16 * H + 7}`])).sizes).toEqual([0, H, 0, H]);
  });

  it('goes to swap as one from Linux 6.12 on, split before, and comes back page by page', async () => {
    const out = [...filled, `madvise,1,0,${H},MADV_PAGEOUT`];
    const now = await played(out, { swap: 'zram' });
    expect(now.sizes).toEqual([0, 0, 0, 0]);
    expect([now.counters.thp_swpout, now.counters.thp_split_page, now.counters.pswpout]).toEqual([1, 0, H]);
    const before = await played(['set,,,,kernel.version=6.6', ...out], { swap: 'zram' });
    expect([before.counters.thp_swpout, before.counters.thp_split_page, before.counters.pswpout]).toEqual([
      0,
      1,
      H,
    ]);
    const back = await played([...out, 'write,1,3,1,'], { swap: 'zram' });
    expect(back.sizes).toEqual(NONE);
  });

  it('is dropped under the limit where nothing was written', async () => {
    const { counters, sizes } = await played(
      [...FILE, 'read,1,0,1,', `limit,,,${H},`, 'map,1,9000,9,anon', 'write,1,9000,9,'],
      { limit: 'trace', swap: 'zram' },
    );
    expect([sizes[1], counters.pswpout]).toEqual([9, 0]);
  });

  it('goes with its object', async () => {
    expect((await played([...filled, 'close,,,,x', `unmap,1,0,${4 * H},`])).sizes).toEqual([0, 0, 0, 0]);
  });

  it('is not pushed out of locked memory', async () => {
    const { sizes } = await played([...filled, 'lock,1,3,1,', `limit,,,${H},`, 'map,1,9000,9,anon'], {
      swap: 'zram',
      limit: 'trace',
    });
    expect(sizes[3]).toBe(H);
  });
});

describe('collapsing shared memory', () => {
  const small = [
    `object,,,${4 * H},shmem:x huge=never`,
    'set,,,,thp.enabled=madvise',
    'spawn,1,,,',
    `map,1,0,${H},shared:x@0`,
    'write,1,3,2,=7',
  ];

  it('by MADV_COLLAPSE takes no setting, and maps it', async () => {
    const { m, sizes, counters } = await played([...small, `madvise,1,0,${H},MADV_COLLAPSE`]);
    expect(sizes).toEqual(WHOLE);
    expect([counters.thp_collapse_alloc, counters.thp_file_alloc]).toEqual([1, 0]);
    const object = m.objects.named('x');
    expect([2, 3, 4, 5].map((index) => m.pages.contents.get(object.page(index)))).toEqual([0, 7, 7, 0]);
  });

  it('is refused by deny, MADV_NOHUGEPAGE, and for nothing at all', async () => {
    const collapse = `madvise,1,0,${H},MADV_COLLAPSE`;
    expect((await played([...small, 'set,,,,thp.shmem_enabled=deny', collapse])).sizes[3]).toBe(0);
    expect((await played([...small, `madvise,1,0,${H},MADV_NOHUGEPAGE`, collapse])).sizes[3]).toBe(0);
    expect((await played([...small, `fallocate,,0,${H},punch:x`, collapse])).sizes).toEqual([0, 0, 0, 0]);
  });

  it('by khugepaged leaves the mapping to the next fault', async () => {
    const events = [
      'set,,,,thp.shmem_enabled=never',
      `object,,,${H},shmem:m`,
      'spawn,1,,,',
      `map,1,0,${H},shared:m@0`,
      'write,1,3,2,',
      'set,,,,thp.shmem_enabled=always',
      'set,,,,khugepaged.scan_sleep_millisecs=0',
    ];
    const later = (more: readonly string[]) =>
      run(traceOf(`${[...events.map((event) => `0,${event}`), ...more].join('\n')}\n`), {});
    const { metrics } = await later(['50000,mark,,,,m', '60000,mark,,,,m']);
    expect([metrics.thp_collapse_alloc, metrics.rss_pages_end, metrics.resident_pages_end]).toEqual([
      1,
      0,
      H,
    ]);
    const touched = await later(['50000,mark,,,,m', '60000,write,1,9,1,']);
    expect(touched.metrics.rss_pages_end).toBe(H);
  });
});

describe('the format refuses', () => {
  it.each([
    ['file:x huge=always', 'huge=always of a file object, expected it on a tmpfs'],
    ['shmem:x fs=t huge=never', 'huge=never of a shmem object of tmpfs t, expected it on a tmpfs'],
    ['shmem:x huge=2M', 'value of huge='],
    ['tmpfs:t sealed', 'a tmpfs has a size and huge=, expected no more'],
  ])('%s', (arg, message) => {
    expect(() => traceOf(`0,object,,,512,tmpfs:t\n0,object,,,512,${arg}\n`)).toThrow(message);
  });
});

describe('without huge pages', () => {
  it('advice for them on shared memory is counted', async () => {
    const trace = `0,object,,,${H},shmem:x\n0,spawn,1,,,\n0,map,1,0,${H},shared:x@0\n0,madvise,1,0,${H},MADV_HUGEPAGE\n`;
    expect((await run(traceOf(trace))).metrics.advice_ignored).toBe(1);
    const possible = `0,set,,,,thp.shmem_enabled=advise\n${trace}`;
    expect((await run(traceOf(possible))).metrics.advice_ignored).toBe(0);
  });
});
