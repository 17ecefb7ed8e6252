import { expect } from 'vitest';
import type { CostTable } from '../../cost/table.js';
import type { GroupCount } from '../../metrics/files.js';
import { costsOf, reclaimPrices } from '../../testing/cgroup-prices.js';
import { KERNELS } from '../../testing/cgroup-scenarios.js';
import { type Case, conform, csvLines } from '../../testing/conformance.js';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';

/** How far a number may be outside those of the kernel's five runs: pages, pages looked at, and pressure. */
const TOLERANCE = 0.025;
const SCAN_TOLERANCE = 0.05;
const PSI_TOLERANCE = 0.1;
/** Pages that a CPU charges in advance. */
const CHARGE_BATCH = 64;
/** ns that a wait for a page of the working set took there: pressure of `allhot` by page. zram is lzo-rle in 6.1, lz4 in the others. */
const WAIT_NS: Readonly<Record<string, number>> = { '6.1': 5200, '6.12': 11_700, '7.2': 12_000 };
const S = 1e6;

/**
 * A process writes 8000 pages, and every second reads the first `hot` of them and writes `grows` new ones. On the kernels it reads the
 * first 1000 another hundred times, so that its CPU is busy for 6 ms: of one that is for less than a jiffy (4 ms) between two
 * readings of a group's pressure, nothing is added up (collect_percpu_times weighs by whole jiffies). Here that changes nothing.
 */
interface Load {
  /** `probe` of the controller, in percent. */
  readonly probe: number;
  readonly hot: number;
  readonly grows: number;
  readonly seconds: number;
}

const LOADS: Readonly<Record<string, Load>> = {
  cold1: { probe: 1, hot: 1000, grows: 50, seconds: 60 },
  cold2: { probe: 2, hot: 1000, grows: 50, seconds: 60 },
  cold5: { probe: 5, hot: 1000, grows: 0, seconds: 60 },
  allhot: { probe: 2, hot: 8000, grows: 0, seconds: 30 },
};
const PAGES = 8000;

function eventsOf({ hot, grows, seconds }: Load): string[] {
  const rounds = Array.from({ length: seconds }, (_, i) => {
    const at = (i + 1) * S;
    const grown = PAGES + i * grows;
    return [`${at},read,1,0,${hot},`, ...(grows > 0 ? [`${at + 0.3 * S},write,1,${grown},${grows},`] : [])];
  });
  const setUp = ['cgroup,,,,a', 'spawn,1,,,cgroup=a', 'map,1,0,20000,anon', `write,1,0,${PAGES},`];
  return [...setUp.map((event) => `0,${event}`), ...rounds.flat()];
}

/** The prices of the virtual machine: all waits for zram are as long. */
function costsIn(kernel: string): CostTable {
  const costs = costsOf(reclaimPrices(kernel));
  const ns = costs.faults.major_cpu.ns + WAIT_NS[kernel]!;
  const zram = { ...costs.devices.zram, quantiles: [[0, ns] as const, [0.99, ns] as const], mean: ns };
  return { ...costs, devices: { ...costs.devices, zram } } as CostTable;
}

async function simulate(kernel: string, load: Load): Promise<GroupCount> {
  const lines = [`0,set,,,,kernel.version=${KERNELS[kernel]}`, ...eventsOf(load)];
  const { groups } = await run(traceOf(`${lines.join('\n')}\n`), {
    swap: 'zram',
    check: false,
    costs: costsIn(kernel),
    controller: `senpai:interval=1s,probe=${load.probe},pressure=0.1,groups=a`,
  });
  return groups[0]!;
}

/** The columns that are compared, each with its least and its most in senpai.csv, in their order there. */
const COLUMNS = [
  { name: 'reclaim_asked_pages', tolerance: TOLERANCE },
  { name: 'memory_pages_end', tolerance: TOLERANCE },
  { name: 'swap_pages_end', tolerance: TOLERANCE },
  { name: 'pgscan', tolerance: SCAN_TOLERANCE },
  { name: 'pgsteal', tolerance: TOLERANCE },
  { name: 'workingset_refault_anon', tolerance: TOLERANCE },
  { name: 'psi_some_us', tolerance: PSI_TOLERANCE },
] as const satisfies readonly { readonly name: keyof GroupCount; readonly tolerance: number }[];

const SIZES: ReadonlySet<string> = new Set(['memory_pages_end', 'swap_pages_end']);

function rowCase(line: string): Case {
  const [kernel, scenario, , ...counts] = line.split(',') as [string, string];
  const numbers = counts.map(Number);
  return async () => {
    const found = await simulate(kernel, LOADS[scenario]!);
    const wrong = COLUMNS.flatMap(({ name, tolerance }, i) => {
      const [least, most] = [numbers[2 * i]!, numbers[2 * i + 1]!];
      const room = Math.max(SIZES.has(name) ? CHARGE_BATCH : 0, tolerance * most);
      const value = found[name];
      return value >= least - room && value <= most + room
        ? []
        : [`${name} ${value}, expected ${least} to ${most}`];
    });
    expect(wrong).toEqual([]);
  };
}

const { rows } = csvLines('senpai.csv');
const idOf = (line: string) => line.split(',', 2).join(' ');

conform('senpai.csv', rows.map(idOf), Object.fromEntries(rows.map((line) => [idOf(line), rowCase(line)])));
