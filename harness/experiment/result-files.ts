import { jsonText } from '../base/json.js';
import type { Pauses } from '../base/pauses.js';
import { csvHeader, csvRows, type Value } from '../metrics/csv.js';
import {
  CALL_COLUMNS,
  DRAW_COLUMNS,
  type DrawRow,
  GROUP_COLUMNS,
  HEATMAP_COLUMNS,
  type HeatmapRow,
  PERF_COLUMNS,
  type PerfRow,
  type ResultFile,
  RUN_COLUMNS,
  type RunRow,
  SPACE_COLUMNS,
  TIMELINE_COLUMNS,
  type TimelineRow,
} from '../metrics/files.js';
import { contentHash } from '../output/owned.js';
import type { Content } from '../output/whole.js';
import type { CellResult } from './cell.js';
import { TimelineTexts, timelineRows } from './moments.js';

/** The files that every run writes. */
export const WRITTEN_FILES = [
  'runs.csv',
  'draws.csv',
  'timeline.csv',
  'spaces.csv',
  'calls.csv',
  'perf.csv',
  'manifest.json',
] as const;

/** Rows that are turned into text at a time: signals are seen in between. */
const ROWS_AT_ONCE = 1024;

/** A row of some columns. */
type RowWith<C extends string> = Readonly<Record<C, Value>>;

/** Making the files of results was stopped. */
export class Interrupted extends Error {}

/**
 * Rows as the text of a result file, in parts: as one, the timelines of a large experiment are longer than a text may be.
 *
 * @throws Interrupted where `stop` says so
 */
export async function csvText<C extends string>(
  columns: readonly C[],
  rows: Iterable<RowWith<C>>,
  pauses: Pauses,
  stop: () => boolean,
): Promise<string[]> {
  const parts = [csvHeader(columns)];
  let some: RowWith<C>[] = [];
  for (const row of rows) {
    if (some.push(row) < ROWS_AT_ONCE) continue;
    parts.push(csvRows(columns, some));
    some = [];
    await pauses.now();
    if (stop()) throw new Interrupted();
  }
  if (some.length > 0) parts.push(csvRows(columns, some));
  if (stop()) throw new Interrupted();
  return parts;
}

/** Characters of a long file that are kept as one part, and written at once. */
const PART_CHARACTERS = 1024 * 1024;

/**
 * The text of a file that has many rows a cell, in parts, as bytes: they are hashed and written.
 *
 * @param textOf the lines of a result, each with its end
 * @throws Interrupted where `stop` says so
 */
export async function longText<R>(
  columns: readonly string[],
  results: Iterable<R>,
  textOf: (result: R) => string,
  pauses: Pauses,
  stop: () => boolean,
): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  let text = csvHeader(columns);
  for (const result of results) {
    text += textOf(result);
    if (text.length >= PART_CHARACTERS) {
      parts.push(Buffer.from(text));
      text = '';
    }
    await pauses.now();
    if (stop()) throw new Interrupted();
  }
  if (stop()) throw new Interrupted();
  return [...parts, Buffer.from(text)];
}

/** A result, as far as the long files have it. */
export type LongRows = Pick<CellResult, 'cell' | 'timeline' | 'spaces' | 'groups' | 'calls'>;

/** The rows of timeline.csv of a result. */
export function timelineOf({ cell, timeline }: Pick<LongRows, 'cell' | 'timeline'>): Iterable<TimelineRow> {
  return timelineRows(cell, timeline);
}

/** What the files of results are made of, in the order of the cells. */
export interface ResultRows {
  readonly runs: readonly RunRow[];
  readonly draws: readonly DrawRow[];
  readonly perf: readonly PerfRow[];
  /** The rows of heatmap.csv, where it was asked for. */
  readonly heat?: readonly HeatmapRow[] | undefined;
  /** Whether a trace has memory cgroups, so that there is groups.csv. */
  readonly hasGroups: boolean;
  /** Whether the tables are also written as Parquet. */
  readonly parquet?: boolean | undefined;
  /** The results one by one, which need not be in memory at once. */
  each(): Iterable<LongRows>;
  /** The text of a file that has many rows a cell. @param textOf the lines of a result, each with its end */
  long(columns: readonly string[], textOf: (result: LongRows) => string): Promise<Content> | Content;
}

/**
 * The files of results; the manifest with the hashes of runs.csv and draws.csv, so that an edit is seen.
 *
 * @param pauses lets events be handled meanwhile
 * @throws Interrupted where `stop` says so
 */
export async function resultFiles(
  rows: ResultRows,
  manifest: object,
  pauses: Pauses,
  stop: () => boolean,
): Promise<Map<string, Content>> {
  const { runs, draws, perf, heat, long } = rows;
  const text = <C extends string>(columns: readonly C[], of: readonly RowWith<C>[]) =>
    csvText(columns, of, pauses, stop);
  const timelines = new TimelineTexts();
  const runsText = await text(RUN_COLUMNS, runs);
  const drawsText = await text(DRAW_COLUMNS, draws);
  const hashes = {
    'runs.csv': await contentHash(runsText, pauses),
    'draws.csv': await contentHash(drawsText, pauses),
  };
  return new Map<string, Content>([
    ['runs.csv', runsText],
    ['draws.csv', drawsText],
    ['timeline.csv', await long(TIMELINE_COLUMNS, ({ cell, timeline }) => timelines.of(cell, timeline))],
    ['spaces.csv', await long(SPACE_COLUMNS, ({ spaces }) => csvRows(SPACE_COLUMNS, spaces))],
    ...(rows.hasGroups
      ? [['groups.csv', await long(GROUP_COLUMNS, ({ groups }) => csvRows(GROUP_COLUMNS, groups))] as const]
      : []),
    ['calls.csv', await long(CALL_COLUMNS, ({ calls }) => csvRows(CALL_COLUMNS, calls))],
    ['perf.csv', await text(PERF_COLUMNS, perf)],
    ...(heat ? [['heatmap.csv', await text(HEATMAP_COLUMNS, heat)] as const] : []),
    ...(rows.parquet ? await parquetFiles(rows) : []),
    ['manifest.json', [jsonText({ ...manifest, files: hashes })]],
  ]);
}

/** The tables as Parquet, by the names of their files. The writer is loaded for those who want them. */
async function parquetFiles({
  runs,
  draws,
  perf,
  heat,
  hasGroups,
  each,
}: ResultRows): Promise<[string, Content][]> {
  const { resultParquet } = await import('../metrics/parquet.js');
  const long = (rowsOf: (result: LongRows) => Iterable<object>) =>
    function* () {
      for (const result of each()) yield* rowsOf(result);
    };
  const tables = {
    'runs.csv': () => runs,
    'draws.csv': () => draws,
    'timeline.csv': long(timelineOf),
    'spaces.csv': long(({ spaces }) => spaces),
    ...(hasGroups && { 'groups.csv': long(({ groups }) => groups) }),
    'calls.csv': long(({ calls }) => calls),
    'perf.csv': () => perf,
    ...(heat && { 'heatmap.csv': () => heat }),
  };
  const files = Object.entries(tables) as [ResultFile, () => Iterable<object>][];
  return files.map(([name, rows]) => [name.replace('.csv', '.parquet'), resultParquet(name, rows)]);
}
