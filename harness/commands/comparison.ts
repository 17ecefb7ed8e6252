import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { jsonText } from '../base/json.js';
import type { RunSummary } from '../experiment/run.js';
import type { Claim } from '../metrics/claim.js';
import { csvHeader, csvRows, jsonRow } from '../metrics/csv.js';
import { RUN_COLUMNS } from '../metrics/files.js';
import { ResultsFolder } from '../metrics/results.js';
import { addFiles } from '../output/adding.js';
import { CLAIM_COLUMNS, claimRows, claimsTable, type JudgedClaim, judgeClaims } from '../report/claims.js';
import { FigureData } from '../report/figures/data.js';
import type { Figure } from '../report/figures/figure.js';
import { FIGURES, HEADLINE, missingFor } from '../report/figures/registry.js';
import { USUAL_FORMATS } from '../report/render/formats.js';
import { wrapped } from '../report/terminal-text.js';
import { comparisonText } from '../report/text.js';
import { verdictJson } from '../report/verdict-json.js';
import { type ComparisonFormat, comparisonFormat } from './comparison-format.js';
import { drawFiles, drawnText } from './draw.js';
import { drawable } from './drawable.js';
import { checkFull } from './flags.js';
import { interruptible } from './interrupt.js';
import { note, outputLook, print } from './terminal.js';

/** Flags of commands that end with the results of an experiment in a folder. */
export const comparisonFlags = {
  format: {
    type: 'string',
    default: 'table',
    describe:
      'what is printed: table, json (the verdict and all cells), or csv (the cells, as runs.csv); parquet, alone or after a comma: also write the tables as Parquet, with units in the metadata',
    coerce: comparisonFormat,
    requiresArg: true,
  },
  force: {
    type: 'boolean',
    default: false,
    describe: 'write into a folder that holds files of others; they are kept',
  },
  report: {
    type: 'boolean',
    default: true,
    describe: 'write report.html and draw figures when all cells are done; --no-report skips that',
  },
  figures: {
    choices: ['headline', 'all'] as const,
    default: 'headline' as const,
    describe: 'which figures are drawn then: what each policy saves at what price, or all that have data',
  },
  full: {
    type: 'boolean',
    default: false,
    describe: 'print tables with all columns, and sentences on what they show',
  },
} as const;

/** The arguments of `comparisonFlags`. */
export interface ComparisonArgs {
  format: ComparisonFormat;
  force: boolean;
  report: boolean;
  figures: 'headline' | 'all';
  full: boolean;
}

/**
 * Refuses flags that would have no effect.
 *
 * @throws InputError for columns of tables where none is printed, and for figures where none is drawn
 */
export function checkComparison({ format, full, report, figures }: ComparisonArgs): void {
  checkFull(full, format.printed);
  if (figures === 'all' && !report)
    throw new InputError('--figures all draws with the report, expected it without --no-report');
}

/** claims.csv: the claims of an experiment, judged by its results. */
function claimsFile(judged: readonly JudgedClaim[]): Map<string, string> {
  if (judged.length === 0) return new Map();
  return new Map([['claims.csv', csvHeader(CLAIM_COLUMNS) + csvRows(CLAIM_COLUMNS, claimRows(judged))]]);
}

/** Files that are made of the results of a complete run: its verdict, and its claims as they were judged. */
export function furtherFiles(
  claims: readonly Claim[],
  results: Pick<RunSummary, 'runs' | 'draws' | 'traces'>,
): ReadonlyMap<string, string> {
  return new Map([...claimsFile(judgeClaims(claims, results.runs)), ['verdict.json', verdictJson(results)]]);
}

/** What is printed after a run. */
function summary(
  { runs, draws, spaces, traces, folder }: RunSummary,
  claims: readonly Claim[],
  { full, parquet }: { readonly full: boolean; readonly parquet: boolean },
): string {
  const judged = judgeClaims(claims, runs);
  const groups = existsSync(join(folder, 'groups.csv')) ? 'groups.csv, ' : '';
  const files = `runs.csv, draws.csv, timeline.csv, spaces.csv, ${groups}calls.csv, perf.csv, ${judged.length > 0 ? 'claims.csv, ' : ''}verdict.json, manifest.json${parquet ? ', and the tables as .parquet' : ''}`;
  return [
    comparisonText({ runs, draws, spaces, traces }, { look: outputLook(), full }),
    ...(judged.length > 0 ? [`Claims, judged by the cells above:\n${claimsTable(judged)}`] : []),
    wrapped(`Results: ${folder} (${files})`, outputLook().columns, '  '),
  ].join('\n\n');
}

/** The results of a run for programs: those of its files. */
function printed(run: RunSummary, as: 'json' | 'csv'): string {
  const { runs } = run;
  if (as === 'csv') return csvHeader(RUN_COLUMNS) + csvRows(RUN_COLUMNS, runs);
  const cells = runs.map((row) => jsonRow(RUN_COLUMNS, row));
  return jsonText({ folder: run.folder, verdict: JSON.parse(verdictJson(run)), cells });
}

/** The figures that are drawn of those that have their data: the headline, or all where it has none or all are wanted. */
function figuresFor(data: FigureData, wanted: ComparisonArgs['figures']): readonly Figure[] {
  const among = (figures: readonly Figure[]) =>
    figures.filter((figure) => missingFor(figure, data) === undefined);
  // Whether the others have data is not asked: their files are large.
  const headline = wanted === 'headline' ? among(HEADLINE) : [];
  return headline.length > 0 ? headline : among(FIGURES);
}

/** Draws report.html and figures. */
async function draw(
  folder: string,
  figures: readonly Figure[],
  workers: number,
  tell: (text: string) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  const more = figures.length > 0 && figures.every((figure) => HEADLINE.includes(figure));
  const request = {
    folder,
    replaced: {},
    width: 'column' as const,
    formats: USUAL_FORMATS,
    figures: figures.map(({ name }) => name),
    report: true,
  };
  const files = await drawFiles(request, workers, signal);
  if (!files) {
    note(`reclaim: interrupted; the results are complete, reclaim report ${folder} draws their figures`);
    return;
  }
  await addFiles(folder, files, note);
  await tell(drawnText(folder, [...files.keys()], { formats: USUAL_FORMATS, listed: false, more }));
}

/** Prints the results of a complete run, and draws its report where that is asked for. */
export async function showComparison(
  run: RunSummary,
  claims: readonly Claim[],
  { format: { printed: as, parquet }, full, report, figures: wanted }: ComparisonArgs,
  workers: number,
): Promise<void> {
  await print(as === 'table' ? summary(run, claims, { full, parquet }) : printed(run, as));
  if (!report) return;
  const data = new FigureData(ResultsFolder.open(run.folder));
  const figures = drawable(figuresFor(data, wanted), USUAL_FORMATS);
  await interruptible((signal) => draw(run.folder, figures, workers, as === 'table' ? print : note, signal));
}
