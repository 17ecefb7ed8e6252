import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { EXIT, InputError } from '../base/errors.js';
import { costsNote, readCosts } from '../cost/table.js';
import { type CellResult, runCell } from '../experiment/cell.js';
import { drawsUnder, planReplay } from '../experiment/plan.js';
import { checkRepeats, isForeign } from '../experiment/repeat.js';
import { timelineOf } from '../experiment/result-files.js';
import { findTrace } from '../experiment/trace-names.js';
import { AXES, type AxisName, perAxis } from '../metrics/axes.js';
import { csvHeader, csvRows, jsonRow, type Value } from '../metrics/csv.js';
import { DEFAULT_DRAWS, drawRanges, MAX_DRAWS } from '../metrics/draws.js';
import {
  CALL_COLUMNS,
  type CallRow,
  DRAW_COLUMNS,
  GROUP_COLUMNS,
  type GroupRow,
  RUN_COLUMNS,
  SPACE_COLUMNS,
  TIMELINE_COLUMNS,
} from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { callWarnings, sampleWarning } from '../metrics/warnings.js';
import { addFiles, checkFolder } from '../output/adding.js';
import { compileTrace } from '../trace/compile.js';
import { ONE_READER_BYTES, openTrace } from '../trace/trace.js';
import {
  type Command,
  checkFull,
  inputLimitFlags,
  loadPolicyModules,
  outFlag,
  type PolicyModuleArgs,
  policyModuleFlag,
  quietFlag,
  tracePositional,
  wholeFlag,
} from './flags.js';
import { isolated } from './isolated.js';
import { checkMachineFlags, kernelFlags, type MachineArgs, machineFlag, withMachine } from './live-flags.js';
import { Progress } from './progress.js';
import { replayText } from './replay-text.js';
import { timelineFlag, timelineRecorder, writeTimeline } from './replay-timeline.js';
import { note, outputLook, print } from './terminal.js';

interface Args extends Record<AxisName, string>, PolicyModuleArgs, MachineArgs {
  trace: string;
  costs?: string;
  draws: number;
  out?: string;
  timeline?: string;
  format: 'table' | 'json' | 'csv';
  full: boolean;
  check: boolean;
  quiet: boolean;
}

/** A seed is a number; its text is checked as those of the other axes are. */
const axisFlags = perAxis((name) => ({
  ...(AXES[name].kind === 'whole'
    ? { default: Number(AXES[name].default) }
    : { type: 'string' as const, default: AXES[name].default }),
  describe: AXES[name].meaning,
  requiresArg: true,
}));

function builder(yargs: Argv): Argv {
  return yargs
    .positional('trace', tracePositional)
    .options({
      ...axisFlags,
      ...machineFlag,
      ...kernelFlags,
      draws: {
        type: 'number',
        default: DEFAULT_DRAWS,
        describe: 'draws of device latency: times are their means, from one replay (one with a closed clock)',
        requiresArg: true,
      },
      costs: {
        type: 'string',
        describe: 'cost table (JSON); rows that it lacks are those of the shipped one',
        requiresArg: true,
      },
      ...outFlag,
      ...timelineFlag,
      format: {
        choices: ['table', 'json', 'csv'] as const,
        default: 'table' as const,
        describe: 'output format of the metrics',
      },
      full: {
        type: 'boolean',
        default: false,
        describe: 'print all metrics that are not 0, and all keys; otherwise memory, faults and stalls',
      },
      check: {
        type: 'boolean',
        default: false,
        describe:
          'check the invariants of the machine after every event, and all that policies do; policies of your own run twice and must do the same',
      },
      ...inputLimitFlags,
      ...policyModuleFlag,
      ...quietFlag,
    })
    .epilogue(
      'SIZE: N or Np pages, NKiB, NMiB, NGiB, or N% of the peak of the trace under keep without a limit.\n\nExit codes: 0 done, 2 bad input, 3 this host cannot do it, 4 the trace ran out of memory, or a live machine out of time.',
    );
}

function someFailed(calls: readonly CallRow[]): boolean {
  return calls.some(({ errno }) => errno !== 'ok');
}

/** The calls of the trace itself with what they returned; nothing where none returned an error. */
function callTable(calls: readonly CallRow[]): string {
  if (!someFailed(calls)) return '';
  const table = new Table({
    head: ['call', 'returned', 'calls', 'pages'],
    colAligns: ['left', 'left', 'right', 'right'],
    ...PLAIN_TABLE,
  });
  for (const { call, errno, count, pages } of calls) table.push([call, errno, count, pages]);
  return `\n\n${table.toString()}`;
}

/** Whole milliseconds; empty where they are not measured, as on a live kernel. */
function msText(ms: number): number | '' {
  return Number.isFinite(ms) ? Math.round(ms) : '';
}

/** What memory cgroups had and counted, and their pressure; nothing where the trace has none. Their files are in groups.csv, too. */
function groupTable(groups: readonly GroupRow[]): string {
  if (groups.length === 0) return '';
  const table = new Table({
    head: ['cgroup', 'peak', 'end', 'swap', 'pgmajfault', 'pgsteal', 'held ms', 'some ms', 'full ms'],
    colAligns: ['left', ...Array.from({ length: 8 }, () => 'right' as const)],
    ...PLAIN_TABLE,
  });
  for (const group of groups)
    table.push([
      group.cgroup,
      group.memory_pages_peak,
      group.memory_pages_end,
      group.swap_pages_end,
      group.pgmajfault,
      group.pgsteal,
      msText(group.throttle_ns / 1e6),
      msText(group.psi_some_us / 1e3),
      msText(group.psi_full_us / 1e3),
    ]);
  return `\n\n${table.toString()}`;
}

/** What a reader of a single replay with a closed clock must know. */
const NO_SLOWDOWN = {
  what: 'slowdown is empty in a single replay',
  advice:
    'It is against the same with discard keep, merge none, no limit and no size of memory: reclaim compare has both, with clock: closed, discard: [keep, …] and limits: [none, …].',
} as const;

/** The result as text: metrics, calls that failed, and what a reader must know. */
function resultText(result: CellResult, sample: number, { format, full }: Args): string {
  const { run, groups, calls } = result;
  if (format === 'csv') return csvHeader(RUN_COLUMNS) + csvRows(RUN_COLUMNS, [run]);
  const warnings = [
    ...(sample > 1 ? [sampleWarning(sample)] : []),
    ...callWarnings(run),
    ...(run.clock === 'closed' ? [NO_SLOWDOWN] : []),
  ];
  if (format === 'json') {
    const ranges = drawRanges(result.draws);
    const more = {
      ...(Object.keys(ranges).length > 0 ? { draw_ranges: ranges } : {}),
      ...(groups.length > 0 ? { groups } : {}),
      ...(someFailed(calls) ? { calls } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
    return JSON.stringify({ ...jsonRow(RUN_COLUMNS, run), ...more }, null, 2);
  }
  const lines = warnings.map(({ what, advice }) => `\nwarning: ${what}. ${advice}`);
  return `${replayText(result, outputLook().columns, full)}${groupTable(groups)}${callTable(calls)}${lines.join('')}`;
}

async function writeFiles(folder: string, result: CellResult): Promise<void> {
  const text = <C extends string>(columns: readonly C[], rows: readonly Readonly<Record<C, Value>>[]) =>
    csvHeader(columns) + csvRows(columns, rows);
  const files = new Map([
    ['runs.csv', text(RUN_COLUMNS, [result.run])],
    ['draws.csv', text(DRAW_COLUMNS, result.draws)],
    ['timeline.csv', text(TIMELINE_COLUMNS, [...timelineOf(result)])],
    ['spaces.csv', text(SPACE_COLUMNS, result.spaces)],
    ...(result.groups.length > 0 ? [['groups.csv', text(GROUP_COLUMNS, result.groups)] as const] : []),
    ['calls.csv', text(CALL_COLUMNS, result.calls)],
  ]);
  await addFiles(folder, files, note);
}

/** Whether a run held no page at any time. */
function isEmpty({ outcome, run }: CellResult): boolean {
  const { resident_pages_peak, rss_pages_peak, hugetlb_pages_peak } = run;
  return outcome === 'ok' && resident_pages_peak === 0 && rss_pages_peak === 0 && !hugetlb_pages_peak;
}

/** Says what a reader of the metrics must know, and with which exit code that ends. */
function noteOutcome(result: CellResult, shown: string): void {
  if (isEmpty(result))
    note(
      `${shown}: nothing is ever in memory, so that most results are 0; expected events that bring pages in: read, write, pread, pwrite or populate (a log of strace has none: --with faults=FILE adds them)`,
    );
  if (result.outcome === 'timeout') {
    note(
      `reclaim: ${shown}: given up: ${result.reason}; there are no metrics (--timeout sets how long it may take)`,
    );
    process.exitCode = EXIT.outOfMemory;
  }
  if (result.outcome === 'killed')
    note(
      `${shown}: ${result.reason}; ${result.run.events_skipped} events were skipped, spaces.csv says whose (--out)`,
    );
  if (result.outcome !== 'oom') return;
  const { limit_pages: limit, memory_pages: memory } = result.run;
  const given = [
    ...(limit === null ? [] : [limit === 'trace' ? 'the limit of the trace' : `limit ${limit} pages`]),
    ...(memory === null ? [] : [`memory ${memory} pages`]),
  ];
  note(
    `reclaim: ${shown}: out of memory (${given.join(', ')}): ${result.reason}; the metrics are of the events before that`,
  );
  process.exitCode = EXIT.outOfMemory;
}

async function handler(args: Args): Promise<void> {
  checkFull(args.full, args.format);
  await loadPolicyModules(args);
  // Everything that can be wrong is checked before the trace is read.
  checkMachineFlags(args);
  const plan = planReplay(args);
  const draws = wholeFlag('draws', args.draws, 1, MAX_DRAWS);
  const { costs, fromDefault } = readCosts(args.costs);
  const { path, label, shown } = findTrace(args.trace);
  const trace = await openTrace(await compileTrace(path, shown, ONE_READER_BYTES));
  const values = await plan(trace, costs);
  const lacking = costsNote(args.costs ?? '', fromDefault);
  if (lacking !== undefined) note(lacking);
  if (args.out !== undefined) await checkFolder(args.out);
  const recorder = args.timeline === undefined ? undefined : timelineRecorder(trace, args.machine);
  const progress = new Progress('replay', trace.totals.events, args.quiet);
  try {
    const booked = drawsUnder(values, draws);
    const cell = { cell: 1, experiment: 'replay', trace: 0, replicate: 1, draws: booked, ...values };
    const watched = {
      check: args.check,
      progress: (events: number) => progress.set(events),
      ...recorder?.hooks,
    };
    const result = await withMachine(args, (machine) => runCell(cell, trace, label, costs, watched, machine));
    if (args.check && isForeign(cell))
      checkRepeats(cell, result, await runCell(cell, trace, label, costs, { check: true }));
    progress.stop();
    if (result.outcome === 'refused') throw new InputError(result.reason!);
    if (args.out !== undefined) await writeFiles(args.out, result);
    if (recorder) note(writeTimeline(args.timeline!, recorder, result));
    await print(resultText(result, trace.meta.sample, args));
    noteOutcome(result, shown);
  } finally {
    progress.stop();
  }
}

export const replay: Command = { builder, handler: isolated('replay', handler) };
