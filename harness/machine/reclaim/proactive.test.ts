import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controllers } from '../../policy/controller/registry.js';
import { run, type TestRun } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';

const S = 1e6;

/** What a group is asked for after an interval of 6 s. */
function wanted(spec: string, usage: number, stalledUs: number, sample = 1): number {
  const { info, values } = controllers.choose(spec);
  return info.create(values, sample)!.wanted({ usage, stalledUs });
}

describe('senpai', () => {
  it('asks for the part of the paper: 0.05 % without pressure, less near 0.1 % of the interval, none beyond', () => {
    expect(wanted('senpai', 100_000, 0)).toBe(50);
    expect(wanted('senpai', 100_000, 3000)).toBe(25);
    expect(wanted('senpai', 100_000, 6000)).toBe(0);
    expect(wanted('senpai', 100_000, 60_000)).toBe(0);
    expect(wanted('senpai:pressure=1,probe=10', 1000, 30_000)).toBe(50);
  });

  it('leaves a group its min, of which a sample of the pages has a part', () => {
    expect(wanted('senpai:probe=50,min=900', 1000, 0)).toBe(100);
    expect(wanted('senpai:probe=50,min=900', 800, 0)).toBe(0);
    expect(wanted('senpai:probe=50,min=900', 250, 0, 4)).toBe(25);
  });

  it.each(['senpai:pressure=0', 'senpai:groups=/a', 'senpai:interval=0', 'senpai:probe=101', 'tmo'])(
    '%s is refused',
    (spec) => {
      expect(() => controllers.choose(spec)).toThrow(/expected|did you mean/);
    },
  );
});

/** Two groups of 2000 pages each: all of `hot` is read every second, of `cold` 100 pages. */
function hotAndCold(seconds: number): string {
  const events = [
    ...['hot', 'cold'].flatMap((name, i) => [
      `0,spawn,${i + 1},,,cgroup=${name}`,
      `0,map,${i + 1},0,2000,anon`,
      `0,write,${i + 1},0,2000,`,
    ]),
    ...Array.from({ length: seconds }, (_, s) => [
      `${(s + 1) * S},read,1,0,2000,`,
      `${(s + 1) * S},read,2,0,100,`,
    ]).flat(),
  ];
  return `${events.join('\n')}\n`;
}

async function controlled(events: string, controller: string, options: TestRun = {}) {
  const result = await run(traceOf(events), { swap: 'zram', controller, check: false, ...options });
  return { ...result, of: Object.fromEntries(result.groups.map((row) => [row.cgroup, row])) };
}

const SPEC = 'senpai:interval=2s,pressure=0.05,probe=2,groups=hot+cold';

describe('proactive reclaim by pressure', () => {
  it('takes the cold part of memory at little pressure, and leaves what is used', async () => {
    const { of, metrics } = await controlled(hotAndCold(240), SPEC);
    const { hot, cold } = of as Record<string, NonNullable<(typeof of)[string]>>;
    expect(cold!.memory_pages_end).toBeLessThan(500);
    expect(hot!.memory_pages_end).toBeGreaterThan(1800);
    // It did not stop at the target because there was nothing to take: `hot` came back.
    expect(hot!.pgmajfault).toBeGreaterThan(100);
    expect(cold!.pgmajfault).toBeLessThan(0.1 * 240 * 100);
    for (const row of [hot!, cold!]) {
      expect(row.psi_some_us).toBeLessThan(0.0005 * 240 * S);
      expect(row.pgsteal_proactive).toBe(row.pgsteal);
      expect(row.reclaim_asked_pages).toBeGreaterThan(0);
    }
    expect(metrics.pgsteal_proactive).toBe(hot!.pgsteal + cold!.pgsteal);
    expect(metrics.pgsteal_direct).toBe(0);
    // A program of its own reclaims: nothing is on the way of the others.
    expect(metrics.stall_reclaim_ns).toBe(0);
    expect(metrics.daemon_ns).toBeGreaterThan(0);
  });

  it('looks after all memory of a trace without groups, under its limit too', async () => {
    const events = `0,spawn,1,,,\n0,map,1,0,1000,anon\n0,write,1,0,1000,\n100000000,mark,,,,end\n`;
    const { metrics } = await controlled(events, 'senpai:interval=1s,probe=10', { limit: 1000 });
    expect(metrics.resident_pages_end).toBeLessThan(20);
    expect(metrics.pgsteal_proactive).toBe(1000 - (metrics.resident_pages_end as number));
  });

  it('reclaims nothing below min, and no more than it asks for in batches of 32', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2500 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom('linux', 'lru', 'sieve'),
        async (min, probe, reclaim) => {
          const spec = `senpai:interval=1s,pressure=100,probe=${probe},min=${min},groups=cold`;
          const { of, metrics } = await controlled(hotAndCold(12), spec, { reclaim });
          const { memory_pages_end, reclaim_asked_pages, pgsteal_proactive } = of.cold!;
          // A batch may take more than what is wanted.
          expect(memory_pages_end).toBeGreaterThanOrEqual(Math.min(2000, min) - 64);
          expect(pgsteal_proactive).toBeLessThanOrEqual(reclaim_asked_pages + 12 * 64);
          expect(metrics.reclaim_asked_pages).toBe(reclaim_asked_pages);
          expect(of.hot!.pgsteal).toBe(0);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('shares a replay with no other draw, and no policy follows', async () => {
    const events = hotAndCold(4);
    expect((await controlled(events, SPEC, { draws: 2 })).draws).toHaveLength(1);
    expect((await controlled(events, 'none', { draws: 2 })).draws).toHaveLength(2);
    expect((await controlled(events, SPEC, { followers: ['punch'] })).followed).toEqual([undefined]);
    expect((await controlled(events, 'none', { followers: ['punch'] })).followed[0]).toBeDefined();
    await expect(controlled(events, SPEC, { reclaim: 'opt' })).rejects.toThrow('expected controller none');
  });

  it('says which group is not in the trace', async () => {
    await expect(controlled(hotAndCold(4), 'senpai:interval=1s,groups=hot+warm')).rejects.toThrow(
      'the trace has no cgroup warm',
    );
  });

  it('goes by what latencies cost: dearer ones make it reclaim less', async () => {
    const asked = async (seed: number) =>
      (await controlled(hotAndCold(60), SPEC, { seed })).metrics.reclaim_asked_pages;
    expect(new Set([await asked(1), await asked(2), await asked(3)]).size).toBeGreaterThan(1);
  });
});
