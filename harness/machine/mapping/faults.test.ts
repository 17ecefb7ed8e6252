import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

const metricsOf = async (events: readonly string[], options: Parameters<typeof run>[1] = {}) =>
  (await run(timed(events), options)).metrics;

describe('faults', () => {
  it('a read of untouched anonymous memory maps the zero page: no frame, no RSS', async () => {
    expect(await metricsOf(['spawn,1,,,', 'map,1,0,8,anon', 'read,1,0,8,'])).toMatchObject({
      pgfault: 8,
      resident_pages_end: 0,
      rss_pages_end: 0,
      stall_minor_ns: Math.round(8 * 986.8),
    });
  });

  it('a write after a read breaks away from the zero page', async () => {
    expect(await metricsOf(['spawn,1,,,', 'map,1,0,8,anon', 'read,1,0,8,', 'write,1,0,8,'])).toMatchObject({
      pgfault: 16,
      cow_breaks: 8,
      resident_pages_end: 8,
      stall_cow_ns: Math.round(8 * 4104.6),
    });
  });

  it('a read of a hole of shared memory allocates', async () => {
    expect(
      await metricsOf(['spawn,1,,,', 'object,,,8,shmem:o', 'map,1,0,8,shared:o@0', 'read,1,0,8,']),
    ).toMatchObject({
      pgfault: 8,
      resident_pages_end: 8,
      rss_pages_end: 8,
    });
  });

  it('a read fault maps the neighbours that are in memory: 16 pages from the address rounded down', async () => {
    const events = [
      'spawn,1,,,',
      'spawn,2,,,',
      'object,,,64,shmem:o',
      'map,1,0,64,shared:o@0',
      'map,2,1000,64,shared:o@0',
      'write,1,0,64,',
    ];
    // Faults at 1000 (992 is before the VMA: 1000 to 1015), 1016 (from 1008 on), 1024, 1040 and 1056.
    expect(await metricsOf([...events, 'read,2,1000,64,'])).toMatchObject({
      pgfault: 64 + 5,
      rss_pages_end: 128,
    });
    expect(await metricsOf([...events, 'read,2,1030,1,'])).toMatchObject({
      pgfault: 64 + 1,
      rss_pages_end: 64 + 16,
    });
    expect(await metricsOf([...events, 'write,2,1030,1,'])).toMatchObject({
      pgfault: 64 + 1,
      rss_pages_end: 64 + 1,
    });
  });

  it('fault-around ends at the end of the page-table page', async () => {
    const events = ['spawn,1,,,', 'object,,,32,shmem:o =1+', 'map,1,500,32,shared:o@0', 'read,1,505,1,'];
    // From 500 (the VMA's start, above 496) on: 512 - 500 pages.
    expect(await metricsOf(events)).toMatchObject({ pgfault: 1, rss_pages_end: 12 });
  });

  it('a private mapping of shared memory costs two pages when written, cache and copy', async () => {
    const events = ['spawn,1,,,', 'object,,,4,shmem:o', 'map,1,0,4,private:o@0', 'write,1,0,4,'];
    expect(await metricsOf(events)).toMatchObject({
      pgfault: 4,
      cow_breaks: 4,
      resident_pages_end: 8,
      rss_pages_end: 4,
    });
  });
});

describe('fork', () => {
  const FORKED = ['spawn,1,,,', 'map,1,0,4,anon', 'write,1,0,4,=1+', 'fork,1,,,2'];

  it('shares pages until one side writes', async () => {
    expect(await metricsOf(FORKED)).toMatchObject({ resident_pages_end: 4, rss_pages_end: 8 });
    expect(await metricsOf([...FORKED, 'write,2,0,2,'])).toMatchObject({
      cow_breaks: 2,
      resident_pages_end: 6,
      rss_pages_end: 8,
    });
  });

  it('lets the other side reuse the page without a copy, also after the child has gone', async () => {
    expect(await metricsOf([...FORKED, 'write,2,0,4,', 'write,1,0,4,'])).toMatchObject({
      cow_breaks: 4,
      cow_reuse: 4,
    });
    expect(await metricsOf([...FORKED, 'exit,2,,,', 'write,1,0,4,'])).toMatchObject({
      cow_breaks: 0,
      cow_reuse: 4,
    });
  });
});

describe('objects', () => {
  it('die with their last mapping once closed', async () => {
    const events = ['spawn,1,,,', 'object,,,4,shmem:o', 'map,1,0,4,shared:o@0', 'write,1,0,4,', 'close,,,,o'];
    expect(await metricsOf(events)).toMatchObject({ resident_pages_end: 4 });
    expect(await metricsOf([...events, 'unmap,1,0,4,'])).toMatchObject({ resident_pages_end: 0 });
    expect(await metricsOf([...events, 'exit,1,,,'])).toMatchObject({ resident_pages_end: 0 });
  });

  it('live on without a mapping while they are open', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,4,shmem:o',
      'map,1,0,4,shared:o@0',
      'write,1,0,4,',
      'unmap,1,0,4,',
    ];
    expect(await metricsOf(events)).toMatchObject({ resident_pages_end: 4, rss_pages_end: 0 });
    expect(await metricsOf([...events, 'close,,,,o'])).toMatchObject({ resident_pages_end: 0 });
  });

  it('give SIGBUS beyond a truncated end, also where a private copy was', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,4,shmem:o',
      'map,1,0,4,shared:o@0',
      'map,1,10,4,private:o@0',
      'write,1,0,4,',
      'write,1,10,4,',
      'truncate,,,2,o',
    ];
    expect(await metricsOf([...events, 'read,1,0,4,', 'read,1,10,4,'])).toMatchObject({
      sigbus: 4,
      resident_pages_end: 4,
      stall_sigbus_ns: 5600,
    });
    expect(await metricsOf([...events, 'truncate,,,4,o', 'read,1,0,4,'])).toMatchObject({ sigbus: 0 });
  });

  it('keep contents given at their declaration', async () => {
    expect(await metricsOf(['object,,,4,shmem:o =1+'])).toMatchObject({ resident_pages_end: 4, pgfault: 0 });
  });
});

describe('page tables and VMAs', () => {
  it('DONTNEED frees page-table pages that it empties whole; unmap frees them too', async () => {
    const touched = ['spawn,1,,,', 'map,1,0,1024,anon', 'write,1,0,1024,'];
    expect(await metricsOf(touched)).toMatchObject({ page_table_pages_peak: 3 });
    const peakOf = async (drop: string) =>
      (
        await metricsOf([
          ...touched,
          drop,
          'unmap,1,0,1024,',
          'map,1,262144,1024,anon',
          'write,1,262144,1024,',
        ])
      ).page_table_pages_peak;
    expect(await peakOf('madvise,1,0,1024,MADV_DONTNEED')).toBe(3);
  });

  it('merges neighbours that are alike, and splits at the edges of a change', async () => {
    expect(await metricsOf(['spawn,1,,,', 'map,1,0,4,anon', 'map,1,4,4,anon'])).toMatchObject({
      vmas_peak: 1,
    });
    expect(await metricsOf(['spawn,1,,,', 'map,1,0,12,anon', 'protect,1,4,4,ro'])).toMatchObject({
      vmas_peak: 3,
    });
    expect(await metricsOf(['spawn,1,,,', 'map,1,0,12,anon', 'unmap,1,4,4,'])).toMatchObject({
      vmas_peak: 2,
    });
  });
});

describe('swap', () => {
  const TWO = ['spawn,1,,,', 'map,1,0,4,anon', 'write,1,0,4,=1+'];

  it('a page read back keeps its slot and needs no second write', async () => {
    // fifo with room for 2: 0 and 1 go for 2 and 3; reading 0 takes out 2, reading 2 takes out 3, reading 3 takes out 0.
    const metrics = await metricsOf([...TWO, 'read,1,0,1,', 'read,1,2,1,', 'read,1,3,1,'], {
      swap: 'ssd',
      limit: 2,
      reclaim: 'fifo',
    });
    expect(metrics).toMatchObject({
      pswpout: 4,
      pswpin: 3,
      pgmajfault: 3,
      swap_pages_end: 4,
      swapcache_pages_end: 2,
    });
  });

  it('a page that is written gives its slot back', async () => {
    const metrics = await metricsOf([...TWO, 'write,1,0,1,', 'write,1,1,1,'], {
      swap: 'ssd',
      limit: 2,
      reclaim: 'fifo',
    });
    expect(metrics).toMatchObject({ pswpin: 2, swap_pages_end: 2, swapcache_pages_end: 0 });
  });

  it('unmapping frees slots without reading them', async () => {
    const metrics = await metricsOf([...TWO, 'unmap,1,0,4,'], { swap: 'ssd', limit: 2, reclaim: 'fifo' });
    expect(metrics).toMatchObject({ pswpin: 0, swap_pages_end: 0, resident_pages_end: 0 });
  });

  it('without swap an anonymous page cannot go: the cell runs out of memory', async () => {
    const result = await run(timed(TWO), { swap: 'none', limit: 2 });
    expect(result.outcome).toBe('oom');
    expect(result.reason).toMatch(/the limit could not be met/);
    expect(result.metrics).toMatchObject({ oom_events: 1, resident_pages_end: 2 });
  });

  it('locked pages cannot go', async () => {
    const events = ['spawn,1,,,', 'map,1,0,2,anon locked', 'map,1,10,4,anon', 'write,1,10,4,'];
    expect(await metricsOf(events, { swap: 'ssd', limit: 3, reclaim: 'lru' })).toMatchObject({
      pswpout: 3,
      resident_pages_end: 3,
    });
    expect((await run(timed(events), { swap: 'ssd', limit: 2 })).outcome).toBe('oom');
    const unlocked = [...events.slice(0, 2), 'unlock,1,0,2,', ...events.slice(2)];
    expect((await run(timed(unlocked), { swap: 'ssd', limit: 2 })).outcome).toBe('ok');
  });

  it('a limit in mid-trace takes pages out at once', async () => {
    expect(await metricsOf([...TWO, 'limit,,,2,'], { swap: 'ssd', reclaim: 'lru' })).toMatchObject({
      pswpout: 2,
      resident_pages_end: 2,
      stall_reclaim_ns: 0,
    });
    expect(await metricsOf([...TWO, 'limit,,,2,'], { swap: 'ssd', limit: 'none' })).toMatchObject({
      pswpout: 0,
    });
  });
});
