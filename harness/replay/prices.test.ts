import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CostTable, loadCosts } from '../cost/table.js';
import { DRAWN_METRICS, PRESSURE_METRICS } from '../metrics/schema.js';
import { randomTrace } from '../testing/fuzz/lockstep.js';
import { MACHINES } from '../testing/fuzz/machines.js';
import { run, type TestRun } from '../testing/machine.js';
import { timed, traceOf } from '../testing/traces.js';
import type { ReplayResult } from './replay.js';

const COSTS = loadCosts();
const TIMES: ReadonlySet<string> = new Set([
  ...DRAWN_METRICS,
  ...PRESSURE_METRICS,
  'cpu_ns',
  'daemon_ns',
  'ksmd_cpu_ns',
]);

function withoutNames(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !TIMES.has(name)));
}

/** All prices times a factor: numbers of ns, and not the pages of measured points or the shares of quantiles. */
function scaled(costs: CostTable, factor: number): CostTable {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'number') return key === 'ns' || key === 'mean' ? value * factor : value;
    if (Array.isArray(value))
      return value.map((item) =>
        Array.isArray(item) ? [item[0], (item[1] as number) * factor] : walk(item, key),
      );
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]));
  };
  return walk(costs, '') as CostTable;
}

/** What a replay says besides times. */
function withoutTimes({ metrics, timeline, calls, outcome, events, touches }: ReplayResult) {
  return {
    rest: withoutNames(metrics),
    timeline: timeline.map(withoutNames),
    calls,
    outcome,
    events,
    touches,
  };
}

describe('prices', () => {
  it('change times and nothing else, where no daemon is paced by them', async () => {
    let dearer = 0;
    await fc.assert(
      fc.asyncProperty(
        randomTrace(MACHINES.linux, 60),
        fc.constantFrom('keep', 'remove', 'dontneed', 'free', 'volatile'),
        fc.constantFrom(0.5, 2, 1000),
        async (lines, discard, factor) => {
          const events = timed(lines.filter((line) => !line.includes('ksm.run')));
          const { swap, limit } = MACHINES.linux;
          const how: TestRun = { discard, swap, limit, timeline: true, check: false };
          const usual = await run(events, how);
          const other = await run(events, { ...how, costs: scaled(COSTS, factor) });
          expect(withoutTimes(other)).toEqual(withoutTimes(usual));
          if (other.metrics.stall_ns !== usual.metrics.stall_ns) dearer++;
        },
      ),
      { numRuns: 25 },
    );
    expect(dearer).toBeGreaterThan(20);
  });

  it('change what ksmd merges: a batch that takes longer is followed by a later one', async () => {
    const events = traceOf(`0,spawn,1,,,
0,map,1,0,4000,anon
0,madvise,1,0,4000,MADV_MERGEABLE
0,write,1,0,4000,=7
300,mark,,,,end
`);
    const merged = async (factor: number) =>
      (await run(events, { merge: 'ksm:sleep_millisecs=0', costs: scaled(COSTS, factor), check: false }))
        .metrics.pages_scanned;
    expect(await merged(2)).toBeLessThan((await merged(1)) as number);
  });
});
