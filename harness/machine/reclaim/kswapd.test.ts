import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';
import { watermarks } from '../memory/watermarks.js';

const PAGES = 4096;
/** Writes all memory and as much again, a page every `stepUs`. */
function writes(stepUs: number, count = 2 * PAGES): string {
  const lines = [`0,spawn,1,,,`, `0,map,1,0,${count},anon`];
  for (let i = 0; i < count; i += 16) lines.push(`${1 + i * stepUs},write,1,${i},16,`);
  return `${lines.join('\n')}\n`;
}

describe('a machine with memory of a size', () => {
  it('kswapd keeps up with a slow program: it never reclaims itself', async () => {
    const { metrics } = await run(traceOf(writes(1000)), { memory: PAGES, swap: 'ssd' });
    expect(metrics.pgscan_direct).toBe(0);
    expect(metrics.pgsteal_direct).toBe(0);
    expect(metrics.pgsteal_kswapd).toBeGreaterThan(PAGES);
    expect(metrics.daemon_ns).toBeGreaterThan(0);
    expect(metrics.stall_reclaim_ns).toBe(0);
  });

  it('free memory comes back above the high watermark', async () => {
    const { metrics } = await run(traceOf(`${writes(1000)}99000000,mark,,,,end\n`), {
      memory: PAGES,
      swap: 'ssd',
    });
    const { high, min } = watermarks(PAGES);
    expect(metrics.resident_pages_end).toBeLessThan(PAGES - high);
    expect(metrics.resident_pages_peak).toBeLessThanOrEqual(PAGES - min);
  });

  it('a program that is faster reclaims itself', async () => {
    const { metrics } = await run(traceOf(writes(0)), { memory: PAGES, swap: 'ssd' });
    expect(metrics.pgsteal_kswapd).toBe(0);
    expect(metrics.pgsteal_direct).toBeGreaterThan(PAGES / 2);
    expect(metrics.stall_reclaim_ns).toBeGreaterThan(0);
  });

  it('ends without memory when nothing can go', async () => {
    const result = await run(traceOf(writes(1000)), { memory: PAGES });
    expect(result.outcome).toBe('oom');
    expect(result.reason).toMatch(/memory ran out/);
  });

  it('a limit below is met by direct reclaim, and kswapd sleeps', async () => {
    const { metrics } = await run(traceOf(writes(1000)), {
      memory: 4 * PAGES,
      limit: PAGES / 2,
      swap: 'ssd',
    });
    expect(metrics.pgsteal_kswapd).toBe(0);
    expect(metrics.resident_pages_peak).toBe(PAGES / 2);
  });
});

describe('volatile memory on a machine that runs short', () => {
  /** Half of memory is volatile; then a slow program writes three quarters of it. */
  const events = () => {
    const half = PAGES / 2;
    const lines = ['0,spawn,1,,,', `0,map,1,0,${3 * PAGES},anon`, `1,write,1,0,${half},`];
    lines.push(`2,madvise,1,0,${half},MADV_VOLATILE`);
    for (let i = 0; i < (3 * PAGES) / 4; i += 16) lines.push(`${1000 + i * 1000},write,1,${PAGES + i},16,`);
    return traceOf(`${lines.join('\n')}\n`);
  };

  it('kswapd purges: before anything else, or in proportion; the program pays for nothing', async () => {
    const before = await run(events(), {
      memory: PAGES,
      swap: 'ssd',
      purge: 'range-lru:unit=page',
      check: false,
    });
    const both = await run(events(), {
      memory: PAGES,
      swap: 'ssd',
      purge: 'range-lru:unit=page,when=with',
      check: false,
    });
    expect(before.metrics).toMatchObject({
      pgscan_kswapd: 0,
      pgscan_direct: 0,
      stall_reclaim_ns: 0,
      pswpout: 0,
    });
    expect(before.metrics.purged_pages as number).toBeGreaterThan(PAGES / 4);
    expect(both.metrics).toMatchObject({ pgscan_direct: 0, stall_reclaim_ns: 0 });
    expect(both.metrics.purged_pages as number).toBeGreaterThan(0);
    expect(both.metrics.pgsteal_kswapd as number).toBeGreaterThan(0);
  });

  it('a program that is faster purges itself', async () => {
    const fast = [
      '0,spawn,1,,,',
      '0,map,1,0,8192,anon',
      '0,write,1,0,2048,',
      '0,madvise,1,0,2048,MADV_VOLATILE',
    ];
    const { metrics } = await run(traceOf(`${[...fast, `0,write,1,${PAGES},3000,`].join('\n')}\n`), {
      memory: PAGES,
      check: false,
    });
    expect(metrics).toMatchObject({ purged_pages: 2048, pgscan_direct: 0 });
    expect(metrics.stall_reclaim_ns as number).toBeGreaterThan(0);
  });
});

describe('swap in compressed memory', () => {
  it('is written and read at once: no swap cache, a cheaper fault, and a footprint of compressed pages', async () => {
    const trace = () => traceOf(`${writes(0, 512)}2,read,1,0,512,\n3,mark,,,,end\n`);
    const ssd = await run(trace(), { limit: 256, swap: 'ssd' });
    const zram = await run(trace(), { limit: 256, swap: 'zram' });
    expect(zram.metrics.swapcache_pages_end).toBe(0);
    expect(ssd.metrics.swapcache_pages_end).toBeGreaterThan(0);
    expect(zram.metrics.stall_major_ns).toBeLessThan(ssd.metrics.stall_major_ns as number);
    const compressed =
      (zram.metrics.footprint_pages_mean as number) - (zram.metrics.resident_pages_mean as number);
    expect(compressed).toBeGreaterThan(0);
    expect(compressed).toBeLessThan((zram.metrics.swap_pages_mean as number) * 0.6);
  });

  it('takes memory of the machine', async () => {
    const { outcome, metrics } = await run(traceOf(writes(1000, 4 * PAGES)), { memory: PAGES, swap: 'zram' });
    expect(outcome).toBe('oom');
    expect(metrics.swap_pages_end).toBeGreaterThan(PAGES);
  });
});

describe('free-page reporting', () => {
  it('gives what is free back to the host, and counts what is taken again', async () => {
    const lines = [
      '0,spawn,1,,,',
      '0,set,,,,mm.page_reporting_order=9',
      '0,map,1,0,3072,anon',
      '0,write,1,0,3072,',
      '1000000,unmap,1,0,3072,',
      '90000000,mark,,,,reported',
      '90000000,map,1,0,3072,anon',
      '90000000,write,1,0,3072,',
    ];
    const { metrics } = await run(traceOf(`${lines.join('\n')}\n`), { memory: 64 * 1024, swap: 'ssd' });
    expect(metrics.reported_pages_mean).toBeGreaterThan(30_000);
    expect(metrics.host_faults).toBeGreaterThan(0);
    expect(metrics.host_faults).toBeLessThanOrEqual(3072 + 512);
  });

  it('needs a machine of some memory', async () => {
    await expect(run(traceOf('0,set,,,,mm.page_reporting_order=9\n'))).rejects.toThrow(/expected --memory/);
    await expect(run(traceOf('0,set,,,,mm.page_reporting_order=11\n'), { memory: 4096 })).rejects.toThrow(
      /expected a whole number from 0 to 10/,
    );
  });
});
