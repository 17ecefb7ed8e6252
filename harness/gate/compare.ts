import { InputError } from '../base/errors.js';
import { compareCells } from './cells.js';
import { cellName } from './names.js';
import type { Perf } from './read/perf.js';
import type { Experiment, Results } from './read/results.js';
import { COUNTS } from './read/runs.js';
import {
  type CellReport,
  type Finding,
  finding,
  type GateOptions,
  type Report,
  type Side,
  sorted,
  type TimeReport,
  worstFirst,
} from './report.js';
import { compareSetup, traceChangeText, tracesChanged } from './setup.js';
import { compareTimes, LEAST_EFFECT } from './times.js';
import { WALL_TIME } from './tolerance.js';

/** How the names of wall times of cells begin. */
const OF_CELL = 'cell/';

/** What a side is: its folder, and what made it. */
export function sideOf({ folder, experiment, perf }: Results): Side {
  const program = experiment?.manifest.program;
  return { folder, version: program?.version, commit: program?.commit, host: perf?.host };
}

/** Wall times of cells by what was run, not by number: the number may differ in the other run. */
function byCellName({ experiment }: Results, perf: Perf): Perf {
  const names = new Map(experiment?.cells.map((row) => [`${OF_CELL}${row.cell}`, OF_CELL + cellName(row)]));
  const samples = new Map([...perf.samples].map(([name, values]) => [names.get(name) ?? name, values]));
  return { ...perf, samples };
}

interface Times {
  readonly reports: readonly TimeReport[];
  /** Why nothing was compared, if nothing was. */
  readonly not?: string;
}

function sharesHost(before: Perf, after: Perf): boolean {
  const hosts = new Set([...before.samples.values()].map(({ host }) => host));
  return [...after.samples.values()].some(({ host }) => hosts.has(host));
}

function timesOf(baseline: Results, candidate: Results, least: number): Times {
  const [before, after] = [baseline.perf, candidate.perf];
  if (!before && !after) return { reports: [] };
  if (!before || !after) return { reports: [], not: `the ${before ? 'candidate' : 'baseline'} has none` };
  if (before.host !== after.host && !sharesHost(before, after))
    return { reports: [], not: `different hosts (baseline ${before.host}, candidate ${after.host})` };
  const reruns =
    baseline.rerun && candidate.rerun ? { baseline: baseline.rerun, candidate: candidate.rerun } : undefined;
  const perfs = { baseline: byCellName(baseline, before), candidate: byCellName(candidate, after), reruns };
  // A missing or new cell is reported as such.
  const reports = compareTimes(perfs, least).filter(
    ({ name, baseline: b, candidate: c }) => !name.startsWith(OF_CELL) || (b.length > 0 && c.length > 0),
  );
  return { reports };
}

/** Wall times that were not compared, by reason. */
function notComparedFindings({ reports, not }: Times): Finding[] {
  const notice = (text: string) => finding('notice', 'not-compared', text);
  if (not !== undefined) return [notice(`wall times: ${not}`)];
  const reasons = new Map<string, number>();
  for (const { notCompared } of reports)
    if (notCompared !== undefined) reasons.set(notCompared, (reasons.get(notCompared) ?? 0) + 1);
  return [...reasons].map(([reason, times]) =>
    notice(`wall times of ${times} of ${reports.length}: ${reason}`),
  );
}

/** @throws InputError where the two have nothing in common: a gate that compares nothing would always pass */
function checkNotEmpty(
  baseline: Results,
  candidate: Results,
  cells: readonly CellReport[],
  times: Times,
): void {
  const matched = cells.some(
    ({ compared, findings }) => compared > 0 || findings.some(({ kind }) => /-changed$/.test(kind)),
  );
  if (matched || times.reports.some(({ change }) => change !== undefined)) return;
  const reasons = [
    ...(!baseline.experiment || !candidate.experiment
      ? ['there is no runs.csv in both']
      : ['no cell is measured in both']),
    ...notComparedFindings(times).map(({ text }) => text),
    ...(times.reports.length > 0 && times.reports.every(({ findings }) => findings.length > 0)
      ? ['nothing is timed in both']
      : []),
  ];
  throw new InputError(
    `nothing to compare between ${baseline.folder} and ${candidate.folder}: ${reasons.join('; ')}`,
  );
}

/** @throws InputError when one has cells and the other has none at all */
function checkSameKind(baseline: Results, candidate: Results): void {
  if (!baseline.experiment || candidate.experiment) return;
  throw new InputError(`no runs.csv, expected one as in ${baseline.folder}`, { file: candidate.folder });
}

/** @throws InputError for a baseline without a cell that ran to its end and has a result: everything would pass */
function checkGuards({ folder, experiment }: Results): void {
  if (!experiment) return;
  const guards = experiment.cells.some(
    ({ outcome, values }) =>
      outcome === 'ok' &&
      Object.entries(values).some(([column, value]) => !COUNTS.includes(column) && typeof value === 'number'),
  );
  if (guards) return;
  throw new InputError(
    `this baseline guards nothing: it has ${experiment.cells.length} cells, and none with outcome ok and a metric`,
    { file: folder },
  );
}

/** Traces that were recorded again, with the hashes of both recordings: their cells are compared with tolerances. */
function traceFindings(baseline: Experiment, candidate: Experiment): Finding[] {
  return tracesChanged(baseline, candidate).map((change) =>
    finding('notice', 'trace-changed', traceChangeText(change)),
  );
}

/**
 * Compares two folders of results.
 *
 * @throws InputError where nothing can be compared
 */
export function compareResults(baseline: Results, candidate: Results, options: GateOptions): Report {
  checkSameKind(baseline, candidate);
  checkGuards(baseline);
  const { tolerances, strict, allowTraceChange } = options;
  const both =
    baseline.experiment && candidate.experiment
      ? ([baseline.experiment, candidate.experiment] as const)
      : undefined;
  const cells = both ? compareCells(...both, options) : [];
  const wall = tolerances.get(WALL_TIME);
  const times = timesOf(baseline, candidate, wall?.kind === 'share' ? wall.share : LEAST_EFFECT);
  checkNotEmpty(baseline, candidate, cells, times);
  const again = both && allowTraceChange ? traceFindings(...both) : [];
  const setup = both ? compareSetup(...both, allowTraceChange) : [];
  const general = sorted([...again, ...setup, ...notComparedFindings(times)]);
  const levels = [...general, ...[...cells, ...times.reports].flatMap(({ findings }) => findings)].map(
    ({ level }) => level,
  );
  const fails = levels.includes('failure') || (strict && levels.includes('warning'));
  return {
    verdict: fails ? 'fail' : 'pass',
    strict,
    baseline: sideOf(baseline),
    candidate: sideOf(candidate),
    compared: {
      cells: cells.filter(({ compared }) => compared > 0).length,
      values: cells.reduce((sum, { compared }) => sum + compared, 0),
      times: times.reports.filter(({ change }) => change !== undefined).length,
    },
    general,
    cells: worstFirst(cells),
    times: worstFirst(times.reports),
  };
}
