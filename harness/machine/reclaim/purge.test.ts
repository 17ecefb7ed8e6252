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

describe('range-lru', () => {
  it('purges the whole range marked longest ago, before any other page, with and without swap', async () => {
    for (const swap of ['none', 'ssd'] as const) {
      const { result, seen, errnos } = await runAndLook(
        [...TWO_RANGES, 'write,1,40,1,', 'madvise,1,20,8,MADV_NONVOLATILE', 'madvise,1,0,8,MADV_NONVOLATILE'],
        { purge: 'range-lru', swap, limit: 16 },
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

  it('marking a range again makes it the newest; what is left of a range keeps its place', async () => {
    const { seen } = await runAndLook(
      [...TWO_RANGES, 'madvise,1,4,4,MADV_NONVOLATILE', 'madvise,1,4,4,MADV_VOLATILE', 'write,1,40,1,'],
      { limit: 16 },
      (m) => [contents(m, 1, 0, 5), contents(m, 1, 20, 1)],
    );
    expect(seen).toEqual([[0, 0, 0, 0, 104], [200]]);
  });

  it('a range goes with its mapping, and moves with it', async () => {
    const { result, seen } = await runAndLook(
      [...TWO_RANGES, 'remap,1,0,8,to=50', 'unmap,1,20,8,', 'write,1,30,16,'],
      { limit: 20 },
      (m) => [contents(m, 1, 50, 2), m.frames.inUse],
    );
    expect(seen).toEqual([[0, 0], 16]);
    expect(result.metrics).toMatchObject({ purged_pages: 8, purged_ranges: 1 });
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
      (m) => [contents(m, 2, 0, 8), m.pages.volatile],
    );
    expect(seen).toEqual([[100, 101, 102, 103, 104, 105, 106, 107], 0]);
  });
});

describe('access to purged memory', () => {
  const events = [...TWO_RANGES, 'write,1,40,1,', 'read,1,0,2,'];

  it('is SIGBUS', async () => {
    const { result } = await runAndLook(events, { limit: 16 }, () => 0);
    expect(result.metrics).toMatchObject({ sigbus: 2, purge_faults: 2 });
    expect(result.metrics.stall_sigbus_ns).toBe(2 * 1400);
  });

  it('finds zeros with access=zero', async () => {
    const { result } = await runAndLook(events, { limit: 16, purge: 'range-lru:access=zero' }, () => 0);
    expect(result.metrics).toMatchObject({ sigbus: 0, purge_faults: 2 });
  });
});

it('volatile_pages_mean counts volatile pages in memory', async () => {
  const { result, seen } = await runAndLook([...TWO_RANGES, 'mark,,,,x'], {}, (m) => m.pages.volatile);
  expect(seen).toBe(16);
  // From the fifth event on 8 pages, from the sixth 16, over 6 µs.
  expect(result.metrics.volatile_pages_mean).toBe((8 + 16) / 6);
});
