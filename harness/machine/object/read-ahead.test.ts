import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../contract/refusal.js';
import { Lab } from '../../testing/lab.js';
import { run } from '../../testing/machine.js';
import { timed, traceOf } from '../../testing/traces.js';
import { firstWindow, nextWindow } from '../state/file-ahead.js';
import { isCached } from './read-ahead.js';

const FILE = ['object,,,4096,file:f', 'spawn,1,,,', 'map,1,8192,4096,shared:f@0 ro'];
const AHEAD = 'set,,,,read_ahead_kb=128';

async function metricsOf(events: readonly string[], limit: number | 'none' | 'trace' = 'none') {
  return (await run(timed(events), { limit, swap: 'ssd' })).metrics;
}

describe('windows', () => {
  it('are at least what is wanted, as far as the largest, and grow up to that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 4096 }), (wanted, max) => {
        const first = firstWindow(Math.min(wanted, max), max);
        expect(first).toBeGreaterThanOrEqual(Math.min(wanted, max));
        expect(first).toBeLessThanOrEqual(Math.max(max, wanted));
        let size = first;
        for (let i = 0; i < 20; i++) size = Math.max(size, nextWindow(size, max));
        expect(size).toBe(Math.max(first, max));
      }),
    );
  });
});

describe('reading ahead', () => {
  it('leaves one major fault of a stream, and counts the pages', async () => {
    const metrics = await metricsOf([AHEAD, ...FILE, 'read,1,9192,32,']);
    expect(metrics).toMatchObject({ pgmajfault: 1, readahead_pages: 96, pgpgin: 4 * 96 });
  });

  it('is off without the setting, and under MADV_RANDOM', async () => {
    const touched = await metricsOf([...FILE, 'read,1,9192,32,']);
    expect(touched).toMatchObject({ pgmajfault: 32, readahead_pages: 0 });
    const random = await metricsOf([AHEAD, ...FILE, 'madvise,1,8192,4096,MADV_RANDOM', 'read,1,9192,32,']);
    expect(random).toMatchObject({ pgmajfault: 32, readahead_pages: 0 });
  });

  it('costs one read for a window: less stall than page by page, more than for one page', async () => {
    const alone = await metricsOf([...FILE, 'read,1,9192,1,']);
    const window = await metricsOf([AHEAD, ...FILE, 'read,1,9192,1,']);
    const all = await metricsOf([...FILE, 'read,1,9192,32,']);
    expect(window.stall_major_ns).toBeGreaterThan(alone.stall_major_ns as number);
    expect(window.stall_major_ns).toBeLessThan(all.stall_major_ns as number);
  });

  it('makes the use of a page wait that is on its way, in a fault that is minor', async () => {
    // Page 1032 of the file is marked: its use begins to read 32 pages from 1040 on, and one of these is used at once, or later.
    const usedAfter = async (us: number) => {
      const events = [AHEAD, ...FILE, 'read,1,9216,1,', 'read,1,9224,1,'].map((text) => `0,${text}`);
      const trace = traceOf(`${[...events, `${us},read,1,9250,1,`].join('\n')}\n`);
      return (await run(trace, { limit: 'none', swap: 'none' })).metrics;
    };
    const [soon, late] = [await usedAfter(0), await usedAfter(1_000_000)];
    expect(soon.pgmajfault).toBe(late.pgmajfault);
    expect(soon.stall_major_ns).toBeGreaterThan(late.stall_major_ns as number);
  });

  it('ends where no room can be made, and ends no program', () => {
    const lab = new Lab({ limit: 24 });
    const { m } = lab;
    m.set('read_ahead_kb', '128');
    const file = lab.object(64, 'file:f');
    const p = lab.spawn();
    lab.map(p, 1024, 20, 'anon');
    lab.write(p, 1024, 20);
    lab.map(p, 2048, 64, 'shared:f@0 ro');
    expect(lab.read(p, 2048 + 32, 1)).toHaveLength(1);
    expect(isCached(m, file, 32)).toBe(true);
    expect(m.frames.inUse).toBeLessThanOrEqual(24);
    expect(m.counters.oom_events).toBe(0);
  });

  it('is refused in a sample of pages', () => {
    const { m } = new Lab();
    Object.assign(m, { sample: 8 });
    expect(() => m.set('read_ahead_kb', '128')).toThrow(Refusal);
    expect(() => m.set('vm.page-cluster', '3')).toThrow('sample of pages');
    expect(() => m.set('read_ahead_kb', '0')).not.toThrow();
  });
});

describe('swap', () => {
  const SWAPPED = ['spawn,1,,,', 'map,1,0,256,anon', 'write,1,0,256,', 'limit,,,8,', 'limit,,,,'];

  it('is read by address, and used pages are hits', async () => {
    const metrics = await metricsOf(['set,,,,vm.page-cluster=3', ...SWAPPED, 'read,1,100,8,'], 'trace');
    expect(metrics.pgmajfault).toBe(2);
    expect(metrics.swap_ra).toBe(14);
    expect(metrics.swap_ra_hit).toBe(6);
  });

  it('is not read ahead from zram', async () => {
    const events = timed(['set,,,,vm.page-cluster=3', ...SWAPPED, 'read,1,100,8,']);
    const { metrics } = await run(events, { limit: 'trace', swap: 'zram' });
    expect(metrics).toMatchObject({ pgmajfault: 8, swap_ra: 0, swap_ra_hit: 0 });
  });
});
