import { describe, expect, it } from 'vitest';
import { contents, runAndLook } from '../../testing/look.js';

/** Two guests that map the same image of 8 pages, and read it. */
const guests = (kind: string) => [
  'spawn,1,,,',
  'spawn,2,,,',
  `object,,,8,${kind}:image =100+`,
  'map,1,0,8,private:image@0',
  'map,2,0,8,private:image@0',
  'read,1,0,8,',
  'read,2,0,8,',
];

describe('images in memory without frames', () => {
  it('are mapped in place: no frame, no struct page, not counted', async () => {
    const { result, seen } = await runAndLook(guests('xip'), {}, (m) => [
      contents(m, 2, 0, 8),
      m.frames.inUse,
      m.rss,
    ]);
    expect(seen).toEqual([[100, 101, 102, 103, 104, 105, 106, 107], 0, 0]);
    // There is no page cache to map neighbours from: each page faults by itself.
    expect(result.metrics).toMatchObject({ pgfault: 16, pgmajfault: 0, struct_page_bytes: 0 });
  });

  it('with struct pages are counted by mapping, and each guest pays for a memory map of its own', async () => {
    const { result, seen } = await runAndLook(guests('xip+struct'), {}, (m) => [m.frames.inUse, m.rss]);
    expect(seen).toEqual([0, 16]);
    expect(result.metrics.struct_page_bytes).toBe(2 * 8 * 64);
    expect(result.spaces.map((row) => row.struct_page_bytes)).toEqual([512, 512, null]);
  });

  for (const bytes of [56, 40, 32]) {
    it(`struct pages of ${bytes} bytes cost that`, async () => {
      const events = [`set,,,,mm.struct_page_bytes=${bytes}`, ...guests('xip+struct')];
      const { result } = await runAndLook(events, {}, () => 0);
      expect(result.metrics.struct_page_bytes).toBe(2 * 8 * bytes);
    });
  }

  it('a write copies out of the image into a page of the writer', async () => {
    const { result, seen } = await runAndLook([...guests('xip'), 'write,1,3,1,=7'], {}, (m) => [
      contents(m, 1, 3, 1),
      contents(m, 2, 3, 1),
      m.frames.inUse,
      m.rss,
    ]);
    expect(seen).toEqual([[7], [103], 1, 1]);
    expect(result.metrics.cow_breaks).toBe(1);
  });

  it('DONTNEED drops entries without counting, and the copy is lost', async () => {
    for (const kind of ['xip', 'xip+struct']) {
      const events = [...guests(kind), 'write,1,3,1,=7', 'madvise,1,0,8,MADV_DONTNEED'];
      const { seen, errnos } = await runAndLook(events, {}, (m) => [contents(m, 1, 3, 1), m.frames.inUse]);
      expect(seen).toEqual([[103], 0]);
      expect(errnos.at(-1)).toBe(0);
    }
  });

  it('fork copies entries of copies, and both see the image', async () => {
    const events = [...guests('xip+struct'), 'write,1,3,1,=7', 'fork,1,,,9', 'read,9,0,8,', 'exit,1,,,'];
    const { seen } = await runAndLook(events, {}, (m) => [contents(m, 9, 2, 3), m.frames.inUse, m.rss]);
    expect(seen).toEqual([[102, 7, 104], 1, 16]);
  });

  it('holes cannot be punched', async () => {
    const events = [
      ...guests('xip'),
      'map,1,20,8,shared:image@0',
      'madvise,1,20,8,MADV_REMOVE',
      'fallocate,1,0,8,punch:image',
    ];
    const { errnos } = await runAndLook(events, {}, () => 0);
    expect(errnos.slice(-2)).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP']);
  });

  it('pages move to the page cache, where they have a frame and can be reclaimed, and back', async () => {
    const toCache = [...guests('xip+struct'), 'migrate,,2,4,cache:image'];
    const cached = await runAndLook([...toCache, 'read,1,0,8,'], {}, (m) => [
      m.frames.inUse,
      m.rss,
      contents(m, 1, 2, 4),
    ]);
    // Both lost the four pages; the first to read maps them again, by fault-around of what is in the cache.
    expect(cached.seen).toEqual([4, 12, [102, 103, 104, 105]]);
    const back = await runAndLook(
      [...toCache, 'read,1,0,8,', 'migrate,,0,8,xip:image', 'read,1,0,8,'],
      {},
      (m) => [m.frames.inUse, m.rss, contents(m, 1, 2, 4)],
    );
    expect(back.seen).toEqual([0, 12, [102, 103, 104, 105]]);
  });

  it('a page in the cache that was reclaimed is copied from the image again, without a device', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,8,xip:image =100+',
      'migrate,,0,8,cache:image',
      'map,1,0,8,shared:image@0',
      'read,1,0,8,',
    ];
    const { result, seen } = await runAndLook(events, { limit: 4, reclaim: 'fifo' }, (m) =>
      contents(m, 1, 0, 8),
    );
    expect(seen).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    expect(result.metrics).toMatchObject({ pgpgin: 0, io_wait_ns: 0, pgmajfault: 8 });
  });
});

describe('a range of page frame numbers (VM_PFNMAP)', () => {
  const PFN = ['spawn,1,,,', 'object,,,8,pfn:io =100+', 'map,1,0,8,private:io@0'];

  it('is mapped whole by mmap: no faults, no counting', async () => {
    const { result, seen } = await runAndLook([...PFN, 'read,1,0,8,'], {}, (m) => [
      contents(m, 1, 0, 2),
      m.frames.inUse,
      m.rss,
    ]);
    expect(seen).toEqual([[100, 101], 0, 0]);
    expect(result.metrics.pgfault).toBe(0);
  });

  it('is copied on write, since it lies linearly, also once it has moved', async () => {
    const { result, seen } = await runAndLook(
      [...PFN, 'remap,1,0,8,to=100', 'write,1,103,1,=7', 'read,1,100,8,'],
      {},
      (m) => [contents(m, 1, 102, 3), m.frames.inUse],
    );
    expect(seen).toEqual([[102, 7, 104], 1]);
    expect(result.metrics.cow_breaks).toBe(1);
  });

  it('refuses what needs counted pages', async () => {
    const advice = [
      'DONTNEED',
      'DONTNEED_LOCKED',
      'COLD',
      'PAGEOUT',
      'POPULATE_READ',
      'VOLATILE',
      'FREE',
      'DOFORK',
      'DODUMP',
    ];
    const calls = advice.map((name) => `madvise,1,0,8,MADV_${name}`);
    const { errnos } = await runAndLook([...PFN, ...calls, 'madvise,1,0,8,MADV_MERGEABLE'], {}, () => 0);
    expect(errnos.slice(3)).toEqual([...advice.map(() => 'EINVAL'), 0]);
  });
});
