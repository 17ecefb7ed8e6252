import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';
import { Compression } from './compression.js';

const PAGE = 4096;
/** Pages 0 to 63 of private memory are written, then read again. */
const TWICE = ['spawn,1,,,', 'map,1,0,64,anon', 'write,1,0,64,', 'read,1,0,64,'];

describe('swap of a size', () => {
  it('is full: what has no place stays, and memory runs out', async () => {
    const { outcome, metrics } = await run(timed(TWICE), { limit: 32, swap: 'ssd:size=20' });
    expect(outcome).toBe('oom');
    // Not a page more than memory and swap hold.
    expect(metrics).toMatchObject({ swap_pages_end: 20, resident_pages_end: 32 });
    expect(metrics.swap_full).toBeGreaterThan(0);
  });

  it('that is large enough is as if it had none', async () => {
    const of = async (swap: 'ssd' | 'ssd:size=200') => (await run(timed(TWICE), { limit: 32, swap })).metrics;
    expect(await of('ssd:size=200')).toEqual(await of('ssd'));
  });

  it('more than half full: a page that is read back gives its slot up', async () => {
    const events = ['spawn,1,,,', 'map,1,0,64,anon', 'write,1,0,40,', 'read,1,0,1,'];
    const { metrics } = await run(timed(events), { limit: 32, swap: 'ssd:size=16', reclaim: 'fifo' });
    // 8 pages went when 40 were written, one more for the one that came back: with its slot it would be 9.
    expect(metrics).toMatchObject({ pswpin: 1, swap_pages_end: 8, swapcache_pages_end: 0 });
    const large = await run(timed(events), { limit: 32, swap: 'ssd:size=64', reclaim: 'fifo' });
    expect(large.metrics).toMatchObject({ swap_pages_end: 9, swapcache_pages_end: 1 });
  });

  it('MADV_PAGEOUT takes as many pages as there are slots', async () => {
    const events = [...TWICE, 'madvise,1,0,64,MADV_PAGEOUT'];
    for (const swap of ['ssd:size=20', 'zram:size=20'] as const) {
      const { metrics } = await run(timed(events), { swap });
      expect(metrics).toMatchObject({ pswpout: 20, swap_pages_end: 20, rss_pages_end: 44 });
    }
  });

  it('pages of files go all the same', async () => {
    const file = ['object,,,64,file:f', 'map,1,100,64,shared:f@0 ro', 'read,1,100,64,'];
    const events = ['spawn,1,,,', 'map,1,0,64,anon', 'write,1,0,48,', ...file, 'read,1,0,48,'];
    for (const { name, needsFuture, unbounded } of reclaimPolicies.all()) {
      // MGLRU does not swap where there are fewer than MIN_LRU_BATCH slots (get_swappiness in mm/vmscan.c).
      if (needsFuture || unbounded || name === 'mglru') continue;
      const { outcome, metrics } = await run(timed(events), {
        limit: 40,
        swap: 'ssd:size=12',
        reclaim: name,
      });
      expect({ name, outcome }).toEqual({ name, outcome: 'ok' });
      expect(metrics.swap_pages_end).toBeLessThanOrEqual(12);
    }
  });

  it('MGLRU leaves the last 63 slots alone', async () => {
    const events = ['spawn,1,,,', 'map,1,0,4096,anon', 'write,1,0,4096,'];
    const of = async (size: number) => {
      const result = await run(timed(events), { limit: 1024, swap: `ssd:size=${size}`, reclaim: 'mglru' });
      expect(result.outcome).toBe('oom');
      return result.metrics.swap_pages_end as number;
    };
    expect(await of(63)).toBe(0);
    const used = await of(1000);
    expect(used).toBeGreaterThan(1000 - 64);
    expect(used).toBeLessThanOrEqual(1000);
  });
});

describe('what zram needs', () => {
  const mean = (ratio: number | undefined) => {
    const compression = new Compression(ratio);
    let sum = 0;
    for (let content = 1; content <= 200_000; content++) sum += compression.bytes(content);
    return PAGE / (sum / 200_000);
  };

  it('is that of lzo-rle by default, and else the ratio that is asked for', () => {
    expect(mean(undefined)).toBeCloseTo(2.29, 2);
    for (const ratio of [1, 1.2, 1.5, 2.29, 3, 5, 10, 30])
      expect(Math.abs(mean(ratio) / ratio - 1), String(ratio)).toBeLessThan(0.01);
  });

  it('never more than a page, and nothing for zeros', () => {
    for (const ratio of [undefined, 1, 1.3, 8]) {
      const compression = new Compression(ratio);
      expect(compression.bytes(0)).toBe(0);
      for (let content = 1; content < 1000; content++)
        expect(compression.bytes(content)).toBeLessThanOrEqual(PAGE);
    }
  });
});
