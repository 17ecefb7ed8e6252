import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { EXIT, InputError } from '../base/errors.js';
import { compareResults } from '../gate/compare.js';
import type { Format } from '../gate/formats/format.js';
import { FORMATS, formatNamed } from '../gate/formats/registry.js';
import { readResults } from '../gate/read/results.js';
import type { Report } from '../gate/report.js';
import { type Check, selfTest } from '../gate/self-test/self-test.js';
import { parseTolerances } from '../gate/tolerance.js';
import { updateBaseline } from '../gate/update.js';
import { METRIC_GROUPS } from '../metrics/schema.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { addFiles } from '../output/adding.js';
import { type Command, loneHyphen } from './flags.js';
import { chosenFormats, type FormatsArgs, formatsFlags } from './several-formats.js';
import { note, print } from './terminal.js';

interface Args extends FormatsArgs {
  baseline?: string;
  candidate?: string;
  tolerance?: string;
  strict: boolean;
  allowTraceChange: boolean;
  all: boolean;
  update: boolean;
  selfTest: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('baseline', {
      type: 'string',
      describe: 'folder of results to compare with',
      coerce: loneHyphen,
    })
    .positional('candidate', {
      type: 'string',
      describe: 'folder of results to judge',
      coerce: loneHyphen,
    })
    .options({
      tolerance: {
        type: 'string',
        describe: `METRIC=N% or METRIC=N: how far a metric, or all of a class (${METRIC_GROUPS.join(', ')}), may be off; several, separated by commas; wall_ns for wall times`,
        requiresArg: true,
      },
      strict: {
        type: 'boolean',
        default: false,
        describe: 'also fail on warnings: what is new, and what is better than in the baseline',
      },
      'allow-trace-change': {
        type: 'boolean',
        default: false,
        describe:
          'compare traces that were recorded again under one name too, with tolerances by class of metric',
      },
      all: {
        type: 'boolean',
        default: false,
        describe:
          'every metric of every cell in formats that keep histories; without, ten metrics a trace, as means over its cells',
      },
      ...formatsFlags(FORMATS),
      update: {
        type: 'boolean',
        default: false,
        describe: 'make the candidate the new baseline, whatever differs',
      },
      'self-test': {
        type: 'boolean',
        default: false,
        describe:
          'inject regressions into copies of BASELINE (without it, into made-up results) and check that they are found',
      },
    })
    .epilogue('Exit codes: 0 passed, 1 failed, 2 bad input or nothing to compare.');
}

function checkTable(checks: readonly Check[]): string {
  const table = new Table({
    head: ['injected', 'expected', 'as expected'],
    colAligns: ['left', 'left', 'right'],
    ...PLAIN_TABLE,
  });
  for (const { name, wanted, passed, of } of checks) table.push([name, wanted, `${passed} of ${of}`]);
  return table.toString();
}

/** A class that nothing could be injected into does not count as caught. */
function isPassed({ passed, of }: Check): boolean {
  return of > 0 && passed === of;
}

async function runSelfTest(folder: string | undefined): Promise<void> {
  const experiment = folder === undefined ? undefined : readResults(folder).experiment;
  if (folder !== undefined && !experiment)
    throw new InputError('no runs.csv, expected results of reclaim compare', { file: folder });
  const checks = selfTest(experiment);
  await print(checkTable(checks));
  const failed = checks.filter((check) => !isPassed(check));
  for (const { name } of failed) note(`reclaim: self-test failed: ${name}`);
  if (failed.length > 0) process.exitCode = EXIT.regression;
}

async function tell(report: Report, formats: readonly Format[], { out, all }: Args): Promise<void> {
  if (out === undefined) {
    await print(formats[0]!.text(report, all));
    return;
  }
  await addFiles(out, new Map(formats.map((format) => [format.file, format.text(report, all)])), note);
  await print(formatNamed('table').text(report, all));
}

async function update(baseline: string, candidate: string): Promise<void> {
  const results = readResults(candidate);
  updateBaseline(baseline, results);
  await print(`${baseline}: ${results.experiment?.cells.length} cells of ${candidate}`);
}

async function handler(args: Args): Promise<void> {
  if (args.selfTest) {
    await runSelfTest(args.baseline);
    return;
  }
  const { baseline, candidate } = args;
  if (baseline === undefined || candidate === undefined)
    throw new InputError('two folders of results are required: reclaim gate BASELINE CANDIDATE');
  const tolerances = parseTolerances(args.tolerance?.split(',') ?? []);
  const formats = chosenFormats(args, formatNamed);
  if (args.update) {
    await update(baseline, candidate);
    return;
  }
  const report = compareResults(readResults(baseline), readResults(candidate), {
    tolerances,
    strict: args.strict,
    allowTraceChange: args.allowTraceChange,
  });
  // Before it is printed: a reader that goes away does not change the verdict.
  if (report.verdict === 'fail') process.exitCode = EXIT.regression;
  await tell(report, formats, args);
}

export const gate: Command = { builder, handler };
