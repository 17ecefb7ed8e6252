import { describe, expect, it } from 'vitest';
import { contents, runAndLook } from '../../testing/look.js';

/** Two ranges of 8 pages, the first marked volatile before the second. */
const TWO_RANGES = [
  'spawn,1,,,',
  'map,1,0,64,anon',
  'write,1,0,8,=100+',
  'write,1,20,8,=200+',
  'madvise,1,0,8,MADV_VOLATILE',
  'madvise,1,20,8,MADV_VOLATILE',
];
/** Memory is full with the two ranges: this page needs room. */
const ONE_MORE = 'write,1,40,1,';
const FULL = 16;

/** Which of the two ranges is whole when memory has been short by a page. */
async function whichStays(purge: string, events: readonly string[]): Promise<string> {
  const { seen } = await runAndLook([...TWO_RANGES, ...events, ONE_MORE], { purge, limit: FULL }, (m) => [
    contents(m, 1, 0, 8),
    contents(m, 1, 20, 8),
  ]);
  const whole = (range: readonly unknown[] | undefined) => range?.every((content) => content !== 0);
  return [whole(seen[0]) ? 'first' : '', whole(seen[1]) ? 'second' : ''].join('');
}

describe('range-lru', () => {
  it('purges the whole range marked longest ago, before any other page, with and without swap', async () => {
    for (const swap of ['none', 'ssd'] as const) {
      const { result, seen, errnos } = await runAndLook(
        [...TWO_RANGES, ONE_MORE, 'madvise,1,20,8,MADV_NONVOLATILE', 'madvise,1,0,8,MADV_NONVOLATILE'],
        { purge: 'range-lru', swap, limit: FULL },
        (m) => [contents(m, 1, 0, 8), contents(m, 1, 20, 2), m.frames.inUse],
      );
      expect(seen).toEqual([[0, 0, 0, 0, 0, 0, 0, 0], [200, 201], 9]);
      expect(errnos.slice(-2)).toEqual([0, 1]);
      expect(result.metrics).toMatchObject({
        purged_pages: 8,
        purged_ranges: 1,
        pswpout: 0,
        pgscan_direct: 0,
      });
    }
  });

  it('what a mapping grows by is volatile, the newest', async () => {
    const GROWN = [
      'map,1,100,4,anon',
      'write,1,100,4,=300+',
      'madvise,1,100,4,MADV_VOLATILE',
      'remap,1,100,4,grow=4',
    ];
    const { result, seen } = await runAndLook(
      [...TWO_RANGES, ...GROWN, 'write,1,104,4,=400+', 'madvise,1,100,8,MADV_NONVOLATILE'],
      { purge: 'range-lru', limit: FULL },
      (m) => [contents(m, 1, 100, 8), contents(m, 1, 0, 1), contents(m, 1, 20, 1)],
    );
    expect(seen).toEqual([[300, 301, 302, 303, 400, 401, 402, 403], [0], [200]]);
    expect(result.metrics.purged_ranges).toBe(1);
  });

  it('marking a range again makes it the newest; what is left of a range keeps its place', async () => {
    const { seen } = await runAndLook(
      [...TWO_RANGES, 'madvise,1,4,4,MADV_NONVOLATILE', 'madvise,1,4,4,MADV_VOLATILE', ONE_MORE],
      { limit: FULL },
      (m) => [contents(m, 1, 0, 5), contents(m, 1, 20, 1)],
    );
    expect(seen).toEqual([[0, 0, 0, 0, 104], [200]]);
  });

  it('a lower limit is met by volatile memory first', async () => {
    const { result } = await runAndLook([...TWO_RANGES, 'limit,,,9,'], { swap: 'ssd' }, () => 0);
    expect(result.metrics).toMatchObject({ purged_pages: 8, pswpout: 0, pgscan_direct: 0 });
  });

  it('a forked copy that is not volatile keeps the page; the volatile mapping has lost it', async () => {
    const { seen } = await runAndLook(
      [
        'spawn,1,,,',
        'map,1,0,8,anon',
        'write,1,0,8,=100+',
        'fork,1,,,2',
        'madvise,1,0,8,MADV_VOLATILE',
        'map,2,20,8,anon',
        'write,2,20,1,',
      ],
      { limit: 8, swap: 'ssd' },
      (m) => [contents(m, 2, 0, 8), m.pages.volatileCount],
    );
    expect(seen).toEqual([[100, 101, 102, 103, 104, 105, 106, 107], 0]);
  });
});

describe('the order', () => {
  const again = (advice: readonly string[]) => advice.map((name) => `madvise,1,0,8,MADV_${name}`);

  it('of range-lru is by the last mark, of range-fifo by the first', async () => {
    // The first range is marked again while it is volatile: the newest for one, nothing for the other.
    expect(await whichStays('range-lru', again(['VOLATILE']))).toBe('first');
    expect(await whichStays('range-fifo:when=before', again(['VOLATILE']))).toBe('second');
    // Pinned in between, it is newly unpinned for both.
    const pinned = again(['NONVOLATILE', 'VOLATILE']);
    expect(await whichStays('range-lru', pinned)).toBe('first');
    expect(await whichStays('range-fifo:when=before', pinned)).toBe('first');
  });

  it('of range-fifo joins ranges that overlap: they go together, as the newest', async () => {
    // 4 to 11 overlaps 0 to 7, which was marked before 20 to 27: 0 to 11 is marked after it.
    const events = ['madvise,1,4,8,MADV_VOLATILE'];
    expect(await whichStays('range-fifo:when=before', events)).toBe('first');
    // For range-lru, 0 to 3 is still the oldest.
    expect(await whichStays('range-lru', events)).toBe('second');
  });

  it('of old-first and young-first is by when the contents were made, however often they are pinned', async () => {
    const pinned = again(['NONVOLATILE', 'VOLATILE']);
    expect(await whichStays('old-first', pinned)).toBe('second');
    expect(await whichStays('young-first', pinned)).toBe('first');
    // Without its mapping the first range's contents are gone; what is made there is younger than the second's.
    const made = ['unmap,1,0,8,', 'map,1,0,8,anon', 'write,1,0,8,=300+', 'madvise,1,0,8,MADV_VOLATILE'];
    expect(await whichStays('old-first', made)).toBe('first');
    expect(await whichStays('young-first', made)).toBe('second');
  });

  it('of old-first: contents made again after a purge are new', async () => {
    // The first range is purged, made again and marked again: memory is full, and the second is the older one now.
    const events = [
      ONE_MORE,
      'unmap,1,40,1,',
      'map,1,40,1,anon',
      ...again(['NONVOLATILE']),
      'write,1,0,8,=300+',
    ];
    expect(await whichStays('old-first', [...events, ...again(['VOLATILE'])])).toBe('first');
  });
});

describe('the unit', () => {
  const short = [...TWO_RANGES, ONE_MORE, 'madvise,1,4,1,MADV_NONVOLATILE', 'madvise,1,0,1,MADV_NONVOLATILE'];
  const look = (purge: string) => runAndLook(short, { purge, limit: FULL }, (m) => contents(m, 1, 0, 3));

  it('page: only as many as are needed go, by address', async () => {
    const { result, seen } = await look('range-lru:unit=page');
    expect(seen).toEqual([0, 101, 102]);
    expect(result.metrics).toMatchObject({ purged_pages: 1, purged_ranges: 1 });
  });

  it('the report is about the range, or exact', async () => {
    // Page 0 is gone, page 4 is not: pinning page 4 alone is told of its range, or of itself.
    expect((await look('range-lru:unit=page')).errnos.slice(-2)).toEqual([1, 1]);
    expect((await look('range-lru:unit=page,report=page')).errnos.slice(-2)).toEqual([0, 1]);
  });

  it('range: where ordinary reclaim meets a page, all of its range goes', async () => {
    // fifo meets page 0 first and looks at no other page.
    const { result, seen } = await runAndLook(
      [...TWO_RANGES, ONE_MORE],
      { purge: 'page-lru:unit=range', reclaim: 'fifo', swap: 'ssd', limit: FULL },
      (m) => [contents(m, 1, 0, 8), contents(m, 1, 20, 1)],
    );
    expect(seen).toEqual([[0, 0, 0, 0, 0, 0, 0, 0], [200]]);
    expect(result.metrics).toMatchObject({ purged_pages: 8, purged_ranges: 1, pgscan_direct: 1 });
  });
});

describe('when=with', () => {
  // Pages 0 to 15 are ordinary, 16 to 31 volatile; fifo looks at one page a search and swaps 0, 1, … in turn.
  const events = [
    'spawn,1,,,',
    'map,1,0,64,anon',
    'write,1,0,32,',
    'madvise,1,16,16,MADV_VOLATILE',
    'write,1,40,6,',
  ];
  const options = { reclaim: 'fifo', swap: 'ssd', limit: 32 } as const;

  it('purges in proportion to what ordinary reclaim scans', async () => {
    const { result, seen } = await runAndLook(
      events,
      { ...options, purge: 'range-lru:when=with,unit=page' },
      (m) => [16, 17, 18, 19].map((page) => contents(m, 1, page, 1)[0] === 0),
    );
    // A search leaves 31 of 32 pages, and asks for 2·1/32 of the V volatile ones:
    // 40: swaps 0, asks for 1.0, 16 goes; 41 has room. 42: swaps 1, asks for 0.9375. 43: swaps 2, 1.875, 17 goes, 0.875 left;
    // 44 has room. 45: swaps 3, 0.875 + 14/16 = 1.75, 18 goes.
    expect(seen).toEqual([true, true, true, false]);
    expect(result.metrics).toMatchObject({ purged_pages: 3, pswpout: 4, pgscan_direct: 4 });
  });

  it('before: nothing is scanned while there is volatile memory', async () => {
    const { result } = await runAndLook(events, { ...options, purge: 'range-lru:unit=page' }, () => 0);
    expect(result.metrics).toMatchObject({ purged_pages: 6, pswpout: 0, pgscan_direct: 0 });
  });

  it('whole ranges: the first goes once a page is asked for', async () => {
    const { result } = await runAndLook(events, { ...options, purge: 'range-lru:when=with' }, () => 0);
    expect(result.metrics).toMatchObject({ purged_pages: 16, purged_ranges: 1, pswpout: 1 });
  });

  it('whole ranges: MADV_PAGEOUT of one page purges those that it would reach next', async () => {
    const paged = [
      ...TWO_RANGES.slice(0, 3),
      'madvise,1,0,8,MADV_VOLATILE',
      'madvise,1,0,1,MADV_FREE',
      'madvise,1,0,8,MADV_PAGEOUT',
    ];
    for (const purge of ['range-lru', 'range-lru:when=with', 'page-lru']) {
      const { seen } = await runAndLook(paged, { reclaim: 'linux', swap: 'none', purge }, (m) => [
        contents(m, 1, 0, 8),
      ]);
      expect(seen[0]![0], purge).not.toBe(100);
      expect(seen[0]!.length, purge).toBe(8);
    }
  });

  it('whole ranges: a lazily freed page that is shared with a child goes before the rest of their ranges', async () => {
    const shared = [
      'spawn,1,,,',
      'map,1,0,4,anon',
      'madvise,1,0,2,MADV_VOLATILE',
      'write,1,0,2,',
      'madvise,1,0,1,MADV_FREE',
      'fork,1,,,2',
      'write,1,2,2,',
      'map,2,10,7,anon',
      'madvise,2,0,2,MADV_VOLATILE',
      'madvise,2,10,7,MADV_VOLATILE',
      ...[16, 15, 14, 13, 12, 11, 10].map((page) => `write,2,${page},1,`),
    ];
    for (const purge of ['range-lru', 'range-lru:when=with', 'lazyfree', 'page-lru'])
      for (const limit of [5, 6, 7, 8])
        await runAndLook(shared, { reclaim: 'linux', swap: 'none', purge, limit }, () => 0);
  });

  it('what is used is spared by ordinary reclaim, and swapped as other memory', async () => {
    // page-lru takes volatile pages that it meets; the others only ask besides the search, which has its own order.
    const used = [...events.slice(0, 4), 'read,1,16,16,', 'write,1,40,1,'];
    const { result } = await runAndLook(used, { ...options, purge: 'range-fifo:unit=page' }, () => 0);
    expect(result.metrics).toMatchObject({ purged_pages: 1, pswpout: 1 });
  });
});

describe('page-lru', () => {
  const swapless = [
    ...TWO_RANGES,
    ONE_MORE,
    'madvise,1,0,8,MADV_NONVOLATILE',
    'madvise,1,20,8,MADV_NONVOLATILE',
  ];

  it('purges nothing without swap: anonymous memory is not looked at', async () => {
    const { result } = await runAndLook(swapless, { purge: 'page-lru', limit: FULL }, () => 0);
    expect(result).toMatchObject({ outcome: 'oom', metrics: { purged_pages: 0 } });
  });

  it('aging=1: it is looked at, and what is not volatile stays', async () => {
    for (const reclaim of ['linux', 'lru', 'mglru', 's3fifo']) {
      const { result, seen } = await runAndLook(
        // Pages 0 to 7 are not volatile, and older.
        [...TWO_RANGES, 'madvise,1,0,8,MADV_NONVOLATILE', ONE_MORE],
        { purge: 'page-lru:aging=1', reclaim, limit: FULL },
        (m) => [contents(m, 1, 0, 8), contents(m, 1, 20, 8).filter((content) => content === 0).length],
      );
      expect(result.outcome, reclaim).toBe('ok');
      expect(seen[0], reclaim).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
      expect(seen[1], reclaim).toBe(result.metrics.purged_pages);
      expect(result.metrics.purged_pages, reclaim).toBeGreaterThan(0);
      // The price of the walk: pages that cannot go are looked at.
      expect(result.metrics.pgscan_direct as number, reclaim).toBeGreaterThan(1);
    }
  });

  it('aging=1 is out of memory where nothing is volatile', async () => {
    const events = [...TWO_RANGES.slice(0, 4), ONE_MORE];
    const { result } = await runAndLook(events, { purge: 'page-lru:aging=1', limit: FULL }, () => 0);
    expect(result.outcome).toBe('oom');
  });
});

describe('lazyfree', () => {
  const marked = [...TWO_RANGES.slice(0, 4), 'madvise,1,0,8,MADV_VOLATILE'];
  const press = 'write,1,30,8,';
  const pin = (page: number) => `madvise,1,${page},1,MADV_NONVOLATILE`;

  it('works without swap; a page that is written is an ordinary one again; accesses find zeros', async () => {
    const { result, seen, errnos } = await runAndLook(
      [...marked, 'write,1,3,1,=300', 'write,1,30,7,', 'read,1,0,2,', pin(3), pin(0), pin(1), pin(1)],
      { purge: 'lazyfree', limit: FULL },
      (m) => [contents(m, 1, 0, 8), m.pages.volatileCount],
    );
    expect(seen).toEqual([[0, 0, 0, 300, 0, 0, 0, 0], 0]);
    expect(errnos.slice(-4)).toEqual([0, 1, 1, 0]);
    expect(result.metrics).toMatchObject({
      purged_pages: 7,
      purged_ranges: 1,
      pglazyfree: 8,
      pglazyfreed: 7,
      sigbus: 0,
      purge_faults: 2,
    });
  });

  it('is in the order of the calls, and spares what was used', async () => {
    // One page is needed. fifo takes what was marked first: page 20. linux looks at 1, 2, 4, 8, … of the 128 pages until it has
    // 32: it sees that 20 was read, and does not come round to it again.
    const events = [
      'spawn,1,,,',
      'map,1,0,129,anon',
      'write,1,0,128,=100+',
      'madvise,1,20,1,MADV_VOLATILE',
      'madvise,1,0,20,MADV_VOLATILE',
      'madvise,1,21,107,MADV_VOLATILE',
      'read,1,20,1,',
      'write,1,128,1,',
    ];
    const look = (reclaim: string) =>
      runAndLook(events, { purge: 'lazyfree', reclaim, limit: 128 }, (m) => contents(m, 1, 20, 1)[0]);
    expect((await look('fifo')).seen).toBe(0);
    expect((await look('linux')).seen).toBe(120);
  });

  it('pinned memory is ordinary: it is swapped, and nothing is lost', async () => {
    const { result, seen } = await runAndLook(
      [...marked, 'madvise,1,0,8,MADV_NONVOLATILE', press, 'read,1,0,8,'],
      { purge: 'lazyfree', swap: 'ssd', limit: FULL },
      (m) => contents(m, 1, 0, 8),
    );
    expect(seen).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    expect(result.metrics).toMatchObject({ purged_pages: 0, pglazyfreed: 0 });
    expect(result.metrics.pswpout as number).toBeGreaterThan(0);
  });

  it('what is swapped out when it is marked stays in swap', async () => {
    const { seen } = await runAndLook(
      [...TWO_RANGES.slice(0, 3), 'madvise,1,0,8,MADV_PAGEOUT', 'madvise,1,0,8,MADV_VOLATILE', press],
      { purge: 'lazyfree', swap: 'zram', limit: FULL },
      (m) => contents(m, 1, 0, 8),
    );
    expect(seen).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
  });

  it('report=none says nothing, as MADV_FREE', async () => {
    const { errnos } = await runAndLook(
      [...marked, press, 'madvise,1,0,8,MADV_NONVOLATILE'],
      { purge: 'lazyfree:report=none', limit: FULL },
      () => 0,
    );
    expect(errnos.at(-1)).toBe(0);
  });
});

describe('access to purged memory', () => {
  const events = [...TWO_RANGES, ONE_MORE, 'read,1,0,2,'];

  it('is SIGBUS', async () => {
    const { result } = await runAndLook(events, { limit: FULL }, () => 0);
    expect(result.metrics).toMatchObject({ sigbus: 2, purge_faults: 2 });
    expect(result.metrics.stall_sigbus_ns).toBe(2 * 1400);
  });

  it('finds zeros with access=zero, and the loss is reported all the same', async () => {
    for (const purge of ['range-lru:access=zero', 'range-lru:access=zero,report=page']) {
      const { result, errnos } = await runAndLook(
        [...events, 'write,1,1,1,', 'madvise,1,1,1,MADV_NONVOLATILE', 'madvise,1,1,1,MADV_NONVOLATILE'],
        { limit: FULL, purge },
        () => 0,
      );
      expect(result.metrics).toMatchObject({ sigbus: 0, purge_faults: 2 });
      expect(errnos.slice(-2)).toEqual([1, 0]);
    }
  });
});

it('volatile_pages_mean counts volatile pages in memory', async () => {
  const { result, seen } = await runAndLook([...TWO_RANGES, 'mark,,,,x'], {}, (m) => m.pages.volatileCount);
  expect(seen).toBe(16);
  // From the fifth event on 8 pages, from the sixth 16, over 6 µs.
  expect(result.metrics.volatile_pages_mean).toBe((8 + 16) / 6);
});
