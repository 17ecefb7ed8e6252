import { statSync } from 'node:fs';
import { counted } from '../base/text.js';
import type { Experiment } from '../experiment/file.js';
import { withPlanned } from '../experiment/planned.js';
import type { Planned } from '../experiment/run-cells.js';
import { type Column, columnsText } from '../report/compact-table.js';
import { bytesText } from '../report/figures/units.js';
import { wrapped } from '../report/terminal-text.js';
import type { Estimate } from '../sweep/estimate.js';
import { linesOf } from '../sweep/make-plan.js';
import { runsOf, simulate } from '../sweep/shards.js';
import { type PolicyModuleArgs, policyTimeout, type WorkerArgs, workersOf } from './flags.js';
import { interruptible } from './interrupt.js';
import { durationText } from './progress.js';
import { note, outputLook, print } from './terminal.js';

const NS_PER_MS = 1e6;

/** What the cells of a trace are expected to take, by the runs of a plan. */
interface OfTrace {
  readonly label: string;
  readonly events: number;
  cells: number;
  readonly runs: Estimate[];
}

function tracesOf(planned: Planned, foreign: boolean): OfTrace[] {
  const { traces } = planned;
  const works = traces.map(({ handle, ...trace }) => ({
    ...trace,
    compiledBytes: handle.shared?.byteLength ?? statSync(handle.path).size,
  }));
  const all = new Map(
    traces.map(({ label, events }) => [label, { label, events, cells: 0, runs: [] as Estimate[] }]),
  );
  for (const run of runsOf(linesOf(planned, works, foreign))) {
    const of = all.get(traces[run.cells[0]!.cell.trace]!.label)!;
    of.cells += run.cells.length;
    of.runs.push(run);
  }
  return [...all.values()];
}

function timeText(runs: readonly Estimate[]): string {
  return durationText(runs.reduce((sum, { ns }) => sum + ns, 0) / NS_PER_MS);
}

function largestText(runs: readonly Estimate[]): string {
  return bytesText(runs.reduce((most, { bytes }) => Math.max(most, bytes), 0));
}

/** The table of traces: the name has what the numbers leave. */
function tableText(traces: readonly OfTrace[], columns: number): string {
  const rows = [
    ['trace', 'events', 'cells', 'runs', 'time', 'memory'],
    ...traces.map(({ label, events, cells, runs }) => [
      label,
      ...[events, cells, runs.length].map(String),
      timeText(runs),
      largestText(runs),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => 2 + Math.max(...rows.map((row) => row[i]!.length)));
  const numbers = widths.slice(1).reduce((sum, width) => sum + width, 0);
  const shape = widths.map(
    (width, i): Column => ({
      align: i === 0 ? 'left' : 'right',
      width: i === 0 ? Math.max(16, Math.min(width, columns - numbers)) : width,
    }),
  );
  return columnsText(shape, rows);
}

function dryRunText({ name }: Experiment, traces: readonly OfTrace[], workers: number): string {
  const { columns } = outputLook();
  const runs = traces.flatMap((trace) => trace.runs);
  const cells = traces.reduce((sum, trace) => sum + trace.cells, 0);
  const { ns } = simulate(runs, workers);
  return [
    `${name}: ${counted(cells, 'cell')} in ${counted(runs.length, 'run')} on ${counted(traces.length, 'trace')}`,
    tableText(traces, columns),
    wrapped(
      `Estimated: ${durationText(ns / NS_PER_MS)} with ${counted(workers, 'worker')}, without reading traces and drawing; nine in ten cells are within a factor of 3. The largest run needs ${largestText(runs)} of memory. Nothing was run.`,
      columns,
    ),
  ].join('\n\n');
}

/** Says what an experiment would run, and what that is expected to take. Its traces are read, and each is replayed once. */
export async function dryRun(experiment: Experiment, args: WorkerArgs & PolicyModuleArgs): Promise<void> {
  const workers = workersOf(args);
  const foreign = args.policyModule.length > 0;
  const traces = await interruptible((signal) =>
    withPlanned(
      experiment,
      {
        workers,
        resume: false,
        policyModules: args.policyModule,
        policyTimeoutS: policyTimeout(args),
        signal,
        events: { note },
      },
      async (planned) => planned && tracesOf(planned, foreign),
    ),
  );
  if (!traces) note('reclaim: interrupted');
  else await print(dryRunText(experiment, traces, workers));
}
