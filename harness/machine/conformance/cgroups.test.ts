import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { GroupCount } from '../../metrics/files.js';
import { type Case, conform, csvLines, FOLDER } from '../../testing/conformance.js';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';
import { OP } from '../../trace/op.js';
import { groupRows } from '../measure.js';

/** Part of a kernel's count that the model's may differ by, and pages that a CPU charges in advance, which count as used. */
const TOLERANCE = 0.05;
/** What is left of a group that competes with another is the difference of pages charged and reclaimed, and as exact as those. */
const SIZES: ReadonlySet<string> = new Set(['memory_pages_end', 'swap_pages_end']);
const CHARGE_BATCH = 64;

/** Pages that a process was charged for before it did anything: its stack and page tables, and what its CPU had in advance. */
const BASE = 384;
/** Of them, those in advance: how many is not known, but that 2500 pages more were charged as 2496. */
const IN_ADVANCE = 20;
/** Where they are mapped. */
const BASE_PAGE = 2 ** 20;

const lines = csvLines('cgroups.csv').rows;

/** The settings that a measured kernel is, and the nearest that the model has. */
const KERNELS: Readonly<Record<string, string>> = { '6.1': '6.1', '6.12': '6.12', '7.2': '6.18' };

interface Scenario {
  readonly lines: readonly (readonly string[])[];
  readonly events: readonly string[];
  readonly swap: 'zram' | 'none';
}

/** Files whose values count what a group was charged before. */
const ABSOLUTE = /^memory\.(max|high|low|min)$/;

/** How many processes a scenario has in a group and those below it. */
function processesIn(group: string, lines: readonly (readonly string[])[]): number {
  const inside = (path: string) => path === group || path.startsWith(`${group}/`);
  return lines.filter(([what, , path]) => what === 'spawn' && inside(path!)).length;
}

/** The events of a line of a scenario. */
function eventsOf([what, ...args]: readonly string[], lines: readonly (readonly string[])[]): string[] {
  const [a, b, c] = args as [string, string, string];
  if (what === 'group') return [`cgroup,,,,${a}`];
  if (what === 'set')
    return [`cgroup,,,,${a} ${b}=${Number(c) + (ABSOLUTE.test(b) ? BASE * processesIn(a, lines) : 0)}`];
  if (what === 'spawn')
    return [
      `spawn,${a},,,cgroup=${b}`,
      `map,${a},0,${c},anon`,
      `map,${a},${BASE_PAGE},${BASE - IN_ADVANCE},anon locked`,
    ];
  if (what === 'write') return [`write,${a},${b},${c},`];
  return what === 'report' ? ['mark,,,,report'] : [];
}

function scenarios(): Map<string, Scenario> {
  const text = readFileSync(join(FOLDER, 'cgroup-scenarios.txt'), 'utf8');
  return new Map(
    text
      .split(/^scenario /m)
      .slice(1)
      .map((part, i, all) => {
        const lines = part.split('\n').map((line) => line.split(' '));
        const swapless = all.slice(0, i + 1).some((other) => /^swap off$/m.test(other));
        const events = lines.slice(1).flatMap((line) => eventsOf(line, lines));
        return [lines[0]![0]!, { lines, events, swap: swapless ? 'none' : 'zram' }];
      }),
  );
}

/** Rows of groups.csv at each report, as far as memory lasts; the last when it has run out. */
async function simulate({ events, swap }: Scenario, kernel: string): Promise<GroupCount[][]> {
  const reports: GroupCount[][] = [];
  const settings = [`set,,,,kernel.version=${KERNELS[kernel]}`, 'set,,,,memcg.recursiveprot=0'];
  const result = await run(timed([...settings, ...events]), {
    swap,
    check: false,
    completed: (m, _, block, row) => {
      if (block.op[row] === OP.mark) reports.push(groupRows(m));
    },
  });
  if (result.outcome === 'oom') reports.push([...result.groups]);
  return reports;
}

const SCENARIOS = scenarios();
const simulated = new Map<string, Promise<GroupCount[][]>>();

/** The simulation of a scenario on a kernel, made once. */
function reportsOf(kernel: string, scenario: string): Promise<GroupCount[][]> {
  const key = `${kernel} ${scenario}`;
  const known = simulated.get(key) ?? simulate(SCENARIOS.get(scenario)!, kernel);
  simulated.set(key, known);
  return known;
}

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
    const base = (BASE - IN_ADVANCE) * processesIn(group, SCENARIOS.get(scenario)!.lines);
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
