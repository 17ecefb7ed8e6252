import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../base/errors.js';
import { packageFile } from '../base/package-root.js';
import { checkOut, commitOf } from '../bench/against/checkout.js';
import { alternate, type RoundOptions, type SideRows } from '../bench/against/rounds.js';
import type { Suite } from '../bench/case.js';
import { caseOf } from '../bench/suites.js';
import { compareResults } from '../gate/compare.js';
import { table } from '../gate/formats/table.js';
import { RERUN_FOLDER, readResults } from '../gate/read/results.js';
import type { Report } from '../gate/report.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { PERF_COLUMNS } from '../metrics/files.js';
import { addFiles, checkFolder } from '../output/adding.js';
import { OutputFolder } from '../output/folder.js';
import { interruptible } from './interrupt.js';
import { Progress } from './progress.js';
import { note, print } from './terminal.js';

const PERF = 'perf.csv';
/** Where `gate` looks for a second run of what seemed slower. */
const RERUN = join(RERUN_FOLDER, PERF);

export interface AgainstOptions {
  /** The revision to compare with. */
  readonly against: string;
  readonly samples: number;
  /** What is timed, as flags of `reclaim bench`. */
  readonly flags: readonly string[];
  /** The suites that are timed. */
  readonly suites: readonly Suite[];
  readonly out: string | undefined;
  readonly quiet: boolean;
}

/** Writes the samples of both sides, into files of this name. */
async function writeSides(
  folders: readonly [string, string],
  { base, head }: SideRows,
  name: string,
): Promise<void> {
  for (const [folder, rows] of [
    [folders[0], base],
    [folders[1], head],
  ] as const) {
    await addFiles(folder, new Map([[name, csvHeader(PERF_COLUMNS) + csvRows(PERF_COLUMNS, rows)]]), note);
  }
}

/** Removes the samples of a second run that an earlier command has left. */
async function removeRerun(path: string): Promise<void> {
  const folder = await OutputFolder.open(path, { replaces: false, note });
  try {
    await folder.remove(RERUN);
  } finally {
    folder.close();
  }
}

function compare(folders: readonly [string, string]): Report {
  const [base, head] = folders;
  return compareResults(readResults(base), readResults(head), {
    tolerances: new Map(),
    strict: false,
    allowTraceChange: false,
  });
}

function slowCases({ times }: Report, suites: readonly Suite[]): string[] {
  const slow = times.filter(({ findings }) => findings.some(({ kind }) => kind === 'slower'));
  return [...new Set(slow.map(({ name }) => caseOf(name, suites)))];
}

/** Times what seemed slower once more, so that the gate does not fail by chance. */
async function rerun(cases: readonly string[], options: RoundOptions): Promise<SideRows> {
  const all: SideRows[] = [];
  for (const name of cases)
    all.push(await alternate({ ...options, flags: [...options.flags, '--filter', name] }));
  return { base: all.flatMap(({ base }) => base), head: all.flatMap(({ head }) => head) };
}

/** Flags without `--filter` and its value: a rerun has one of its own. */
function withoutFilter(flags: readonly string[]): string[] {
  const at = flags.indexOf('--filter');
  return at < 0 ? [...flags] : [...flags.slice(0, at), ...flags.slice(at + 2)];
}

/**
 * Times two builds in turn, and what seems slower once more. Returns the gate's report on both runs.
 *
 * @param sides built command lines
 * @param folders for the perf.csv of base and head; those of the second run go below them
 */
export async function compareBuilds(
  sides: Pick<RoundOptions, 'base' | 'head' | 'signal'>,
  folders: readonly [string, string],
  options: AgainstOptions,
): Promise<Report> {
  const { samples, flags, suites, quiet } = options;
  for (const folder of folders) await removeRerun(folder);
  const progress = new Progress('base and head in turn', 2 * samples, quiet);
  const rounds = { ...sides, rounds: samples, flags };
  try {
    await writeSides(folders, await alternate({ ...rounds, step: () => progress.step() }), PERF);
  } finally {
    progress.stop();
  }
  const slow = slowCases(compare(folders), suites);
  if (slow.length > 0) {
    if (!quiet) note(`seems slower, timing again: ${slow.join(', ')}`);
    const again = await rerun(slow, { ...rounds, flags: withoutFilter(flags) });
    await writeSides(folders, again, RERUN);
  }
  return compare(folders);
}

/**
 * Times this build and that of another revision in turn, compares them, and prints the gate's report.
 *
 * @throws InputError when the revision does not exist, or a side cannot run what is asked for
 */
export async function benchAgainst(options: AgainstOptions): Promise<void> {
  const commit = commitOf(options.against);
  if (options.out !== undefined) await checkFolder(options.out);
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'reclaim-against-out-'));
  try {
    await interruptible((signal) => timeBoth(commit, out, options, signal));
  } finally {
    if (options.out === undefined) rmSync(out, { recursive: true, force: true });
  }
}

/** Builds a commit, times both builds in turn, and prints the gate's report. */
async function timeBoth(
  commit: string,
  out: string,
  options: AgainstOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (!options.quiet) note(`building ${commit.slice(0, 12)}`);
    const checkout = await checkOut(commit, signal);
    try {
      const head = packageFile('dist', 'harness', 'cli.js');
      const sides = { base: checkout.cli, head, signal };
      const report = await compareBuilds(sides, [join(out, 'base'), join(out, 'head')], options);
      if (report.verdict === 'fail') process.exitCode = EXIT.regression;
      await print(table.text(report, false));
    } finally {
      await checkout.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    note('reclaim: interrupted');
  }
}
