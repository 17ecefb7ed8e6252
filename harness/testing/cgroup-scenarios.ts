import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupRows } from '../machine/measure.js';
import type { GroupCount } from '../metrics/files.js';
import { OP } from '../trace/op.js';
import { costsOf, reclaimPrices } from './cgroup-prices.js';
import { FOLDER } from './conformance.js';
import { run } from './machine.js';
import { traceOf } from './traces.js';

/** Pages that a process was charged for before it did anything: its stack and page tables, and what its CPU had in advance. */
const BASE = 384;
/** Of them, those in advance: how many is not known, but that 2500 pages more were charged as 2496. */
const IN_ADVANCE = 20;
/** Where they are mapped. */
const BASE_PAGE = 2 ** 20;

/** The settings that a measured kernel is, and the nearest that the model has. */
export const KERNELS: Readonly<Record<string, string>> = { '6.1': '6.1', '6.12': '6.12', '7.2': '6.18' };

/** A scenario of cgroup-scenarios.txt. */
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

/** The scenarios of cgroup-scenarios.txt, by name. */
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

/** µs between two events, longer than what one stalls: held above memory.high for 32 s. */
const STEP_US = 100e6;
/** Statistics are flushed as often as in a run that takes no time: never. */
const NO_FLUSH = 1e9;

/** At the prices of the virtual machine that the kernel was measured in. */
async function simulate({ events, swap }: Scenario, kernel: string): Promise<GroupCount[][]> {
  const reports: GroupCount[][] = [];
  const settings = [
    `set,,,,kernel.version=${KERNELS[kernel]}`,
    'set,,,,memcg.recursiveprot=0',
    `set,,,,memcg.stats_phase_ms=${NO_FLUSH}`,
  ];
  const lines = [...settings, ...events].map((event, i) => `${i * STEP_US},${event}`);
  const result = await run(traceOf(`${lines.join('\n')}\n`), {
    swap,
    check: false,
    costs: costsOf(reclaimPrices(kernel)),
    completed: (m, _, block, row) => {
      if (block.op[row] === OP.mark) reports.push(groupRows(m));
    },
  });
  if (result.outcome === 'oom') reports.push([...result.groups]);
  return reports;
}

const SCENARIOS = scenarios();
const simulated = new Map<string, Promise<GroupCount[][]>>();

/**
 * The simulation of a scenario on a kernel, made once: rows of groups.csv at each report, as far as memory lasts; the last when
 * it has run out.
 */
export function reportsOf(kernel: string, scenario: string): Promise<GroupCount[][]> {
  const key = `${kernel} ${scenario}`;
  const known = simulated.get(key) ?? simulate(SCENARIOS.get(scenario)!, kernel);
  simulated.set(key, known);
  return known;
}

/** Pages that the model charges a group for at first, and that the kernel's counts leave out. */
export function baseOf(group: string, scenario: string): number {
  return (BASE - IN_ADVANCE) * processesIn(group, SCENARIOS.get(scenario)!.lines);
}
