import { expect } from 'vitest';
import { reclaimPrices } from '../../testing/cgroup-prices.js';
import { baseOf, reportsOf } from '../../testing/cgroup-scenarios.js';
import { type Case, conform, csvLines, skip } from '../../testing/conformance.js';

/** Part of a kernel's count that the model's may differ by, and pages that a CPU charges in advance, which count as used. */
const TOLERANCE = 0.05;
/** What is left of a group that competes with another is the difference of pages charged and reclaimed, and as exact as those. */
const SIZES: ReadonlySet<string> = new Set(['memory_pages_end', 'swap_pages_end']);
const CHARGE_BATCH = 64;

const lines = csvLines('cgroups.csv').rows;

/** The columns of cgroups.csv that are compared: those of the first ones after the group. */
const COMPARED = [
  'memory_pages_end',
  'swap_pages_end',
  'pgmajfault',
  'pgscan',
  'pgsteal',
  'workingset_refault_anon',
  'events_low',
  'events_high',
  'events_max',
] as const;

const PGSTEAL = COMPARED.indexOf('pgsteal');

function near(found: number, expected: number, of = expected): boolean {
  return Math.abs(found - expected) <= Math.max(TOLERANCE * of, CHARGE_BATCH);
}

/** Whether a count lies between those of the kernels. */
function betweenKernels(...row: readonly string[]): (column: number, found: number) => boolean {
  const kernels = lines
    .map((line) => line.split(','))
    .filter((fields) => row.every((value, i) => fields[i + 1] === value))
    .map((fields) => fields.slice(4).map(Number));
  return (column, found) => {
    const counts = kernels.map((numbers) => numbers[column]!);
    return found >= Math.min(...counts) && found <= Math.max(...counts);
  };
}

function rowCase(line: string): Case {
  const [kernel, scenario, report, group, ...rest] = line.split(',') as [string, string, string, string];
  const numbers = rest.map(Number);
  const isBetween = betweenKernels(scenario, report, group);
  return async () => {
    const reports = await reportsOf(kernel, scenario);
    const row = reports[Number(report) - 1]!.find(({ cgroup }) => cgroup === group)!;
    const oom = numbers[COMPARED.length]!;
    const someUs = numbers[COMPARED.length + 1]!;
    expect(row.events_oom).toBe(oom);
    // A kernel has killed the process then.
    if (oom > 0) return;
    const base = baseOf(group, scenario);
    const own = { ...row, memory_pages_end: row.memory_pages_end - base };
    const wrong = COMPARED.flatMap((column, i) =>
      near(own[column], numbers[i]!, numbers[SIZES.has(column) ? PGSTEAL : i]) || isBetween(i, own[column])
        ? []
        : [`${column} ${own[column]}, expected ${numbers[i]}`],
    );
    // Nothing but throttling takes long there.
    const throttledUs = scenario === 'hightight' ? someUs : 0;
    if (!near(row.throttle_ns / 1000, throttledUs))
      wrong.push(`throttled for ${row.throttle_ns / 1000} µs, expected ${throttledUs}`);
    expect(wrong).toEqual([]);
  };
}

conform(
  'cgroups.csv',
  lines.map((line) => line.split(',', 4).join(' ')),
  Object.fromEntries(lines.map((line) => [line.split(',', 4).join(' '), rowCase(line)])),
);

/** How far the model's pressure may be outside that of the runs. */
const PRESSURE_TOLERANCE = 0.1;
/**
 * The same where memory.low is overridden: before, the kernel searches in vain at all priorities, which no price here is for. A
 * virtual machine that counts instructions has it as time.
 */
const VAIN_TOLERANCE = 0.17;
/** Of a pressure that is small: what 32 pages take, a search of reclaim more or less. */
const BATCH = 32;
/** Reports after which memory has run out. */
const RUN_OUT: ReadonlySet<string> = new Set(['swapmax 2', 'noswapmax 2']);

const pressureLines = csvLines('cgroup_pressure.csv').rows;

function pressureCase(line: string): Case {
  const [kernel, scenario, report, group, , ...totals] = line.split(',') as [string, string, string, string];
  const [someMin, someMax, fullMin, fullMax] = totals.map(Number) as [number, number, number, number];
  if (RUN_OUT.has(`${scenario} ${report}`))
    return skip('memory runs out: the kernel has searched in vain many times before, and killed the process');
  return async () => {
    const reports = await reportsOf(kernel, scenario);
    const { psi_some_us, psi_full_us } = reports[Number(report) - 1]!.find(({ cgroup }) => cgroup === group)!;
    const { scan, zramOut } = reclaimPrices(kernel);
    const slack = (BATCH * (scan + zramOut)) / 1000;
    const tolerance = scenario === 'overlow' ? VAIN_TOLERANCE : PRESSURE_TOLERANCE;
    const within = (found: number, least: number, most: number) =>
      found >= least - Math.max(tolerance * least, slack) &&
      found <= most + Math.max(tolerance * most, slack);
    const wrong = [];
    if (!within(psi_some_us, someMin, someMax))
      wrong.push(`some ${psi_some_us}, expected ${someMin} to ${someMax}`);
    if (!within(psi_full_us, fullMin, fullMax))
      wrong.push(`full ${psi_full_us}, expected ${fullMin} to ${fullMax}`);
    expect(wrong).toEqual([]);
  };
}

const idOf = (line: string) => line.split(',', 4).join(' ');

conform(
  'cgroup_pressure.csv',
  pressureLines.map(idOf),
  Object.fromEntries(pressureLines.map((line) => [idOf(line), pressureCase(line)])),
);
