import { expect } from 'vitest';
import { type CostTable, loadCosts } from '../../cost/table.js';
import { randomStream } from '../../stats/random.js';
import { type Case, conform, csvLines } from '../../testing/conformance.js';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';

/** How far a number may be outside those of the five runs: pressure, and faults. */
const PSI_TOLERANCE = 0.1;
const FAULT_TOLERANCE = 0.015;
/** Prices of that host, of its own pressure: of a page reclaimed in `loop`, and of a wait for a page of the working set in `half`, medians. */
const DROP_NS = 1432;
const WAIT_NS = 64_000;

/** A file of some pages that a program maps, under a limit of fewer. */
interface Load {
  readonly pages: number;
  readonly limit: number;
  /** Pages that are read more often than others, and the share of reads that go there; absent: all are read in turn, three times. */
  readonly hot?: { readonly pages: number; readonly share: number };
}

const LOADS: Readonly<Record<string, Load>> = {
  loop: { pages: 4000, limit: 2000 },
  half: { pages: 4000, limit: 2000, hot: { pages: 1200, share: 0.6 } },
  third: { pages: 3000, limit: 1200, hot: { pages: 900, share: 0.75 } },
};
const LAPS = 3;
const READS = 20_000;
/** µs between two reads. */
const PACE_US = 600;

/** Pages that a load reads, one after another. */
function readsOf({ pages, hot }: Load): number[] {
  if (!hot) return Array.from({ length: LAPS * pages }, (_, i) => i % pages);
  const random = randomStream(1, 'host-pressure');
  return Array.from({ length: READS }, () =>
    Math.floor(random() < hot.share ? random() * hot.pages : random() * pages),
  );
}

function eventsOf(load: Load): string[] {
  const { pages, hot } = load;
  return [
    '0,spawn,1,,,',
    `0,object,,,${pages},file:f`,
    `0,map,1,0,${pages},shared:f@0 ro`,
    ...(hot ? [`0,read,1,0,${pages},`] : []),
    ...readsOf(load).map((page, i) => `${1000 + i * PACE_US},read,1,${page},1,`),
  ];
}

/** All waits for the disk are as long. */
function hostCosts(): CostTable {
  const costs = loadCosts();
  const ns = costs.faults.major_cpu.ns + WAIT_NS;
  const disk = { ...costs.devices.disk, quantiles: [[0, ns] as const, [0.99, ns] as const], mean: ns };
  const drop = { ...costs.reclaim.drop, ns: DROP_NS };
  return {
    ...costs,
    devices: { ...costs.devices, disk },
    reclaim: { ...costs.reclaim, drop },
  } as CostTable;
}

function rowCase(line: string): Case {
  const [scenario, , ...counts] = line.split(',') as [string];
  const [faults, some, full] = [0, 2, 4].map((i) => [Number(counts[i]), Number(counts[i + 1])] as const);
  return async () => {
    const load = LOADS[scenario]!;
    const { metrics } = await run(traceOf(`${eventsOf(load).join('\n')}\n`), {
      check: false,
      limit: load.limit,
      costs: hostCosts(),
    });
    const wrong = (
      name: 'pgmajfault' | 'psi_some_us' | 'psi_full_us',
      runs: readonly number[],
      tolerance: number,
    ) => {
      const value = Number(metrics[name]);
      const within = value >= (1 - tolerance) * runs[0]! && value <= (1 + tolerance) * runs[1]!;
      return within ? [] : [`${name} ${value}, expected ${runs.join(' to ')}`];
    };
    expect([
      ...wrong('pgmajfault', faults!, FAULT_TOLERANCE),
      ...wrong('psi_some_us', some!, PSI_TOLERANCE),
      ...wrong('psi_full_us', full!, PSI_TOLERANCE),
    ]).toEqual([]);
  };
}

const { rows } = csvLines('host_pressure.csv');
const idOf = (line: string) => line.split(',', 1)[0]!;

conform(
  'host_pressure.csv',
  rows.map(idOf),
  Object.fromEntries(rows.map((line) => [idOf(line), rowCase(line)])),
);
