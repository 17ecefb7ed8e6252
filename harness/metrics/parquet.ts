import { type ParquetBatch, type ParquetColumn, parquetParts } from '../output/parquet.js';
import { formatNumber, type Value } from './csv.js';
import { RESULT_COLUMNS, type ResultFile } from './files.js';
import { METRICS, NOT_APPLICABLE, SCHEMA_VERSION } from './schema.js';

/** Rows of a row group. */
const GROUP_ROWS = 65_536;

type Row = Readonly<Record<string, Value>>;

/** What is known of a column. */
interface ColumnFacts {
  readonly unit?: string;
  readonly better?: string;
  readonly meaning?: string;
}

const METRIC = new Map(METRICS.map((metric) => [metric.name as string, metric]));

/** Units of columns that are not metrics, by what their names end in. */
const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/(^|_)us$/, 'us'],
  [/_ns$/, 'ns'],
  [/(^|_)(page|pages|page_end)$|^pages_|_pages(_mean|_peak|_end)?$|^pg(scan|steal)$/, 'pages'],
  [/_bytes$|_profit$/, 'bytes'],
  [/page_seconds$/, 'page seconds'],
  [/_per_s$/, 'per second'],
  [/_ratio$/, 'share'],
];
/** Numbers that are the name of something. */
const NAMES = new Set(['cell', 'draw', 'replicate', 'seed', 'space', 'sample']);

/** The unit of a column of numbers: that of its metric, else what its name says. */
export function unitOf(column: string): string {
  const unit = METRIC.get(column)?.unit ?? ENDINGS.find(([ending]) => ending.test(column))?.[1];
  return unit ?? (NAMES.has(column) ? 'number' : 'count');
}

function isText(kind: string): boolean {
  return kind === 'text' || kind === 'text?' || kind === 'outcome';
}

function factsOf(column: string, kind: string): ColumnFacts {
  const metric = METRIC.get(column);
  return {
    ...(!isText(kind) && { unit: unitOf(column) }),
    ...(metric && { better: metric.better, meaning: metric.meaning }),
  };
}

/**
 * A value as Parquet has it: a number as the CSV shows it, NaN for `n/a`. A limit that the trace sets is null, as none is: the
 * column of the limit as it was asked for distinguishes them.
 */
function parquetValue(value: Value | undefined, text: boolean): string | number | null {
  if (value === undefined || value === null) return null;
  if (text) return String(value);
  if (value === NOT_APPLICABLE) return Number.NaN;
  return typeof value === 'number' ? Number(formatNumber(value)) : null;
}

/** Parquet metadata of a file of results: the unit, better direction and meaning of each column, by its name. */
const COLUMNS_KEY = 'reclaim.columns';

/**
 * A file of results as Parquet, the values those of its CSV.
 *
 * @param rows as of the CSV, in its order
 * @returns its bytes in parts, made as they are taken
 */
export function resultParquet(file: ResultFile, rows: () => Iterable<object>): Iterable<Uint8Array> {
  const kinds = Object.entries(RESULT_COLUMNS[file]) as [string, string][];
  const columns = kinds.map(
    ([name, kind]): ParquetColumn => ({ name, type: isText(kind) ? 'STRING' : 'DOUBLE' }),
  );
  const facts = Object.fromEntries(kinds.map(([name, kind]) => [name, factsOf(name, kind)]));
  const metadata = {
    'reclaim.schema': String(SCHEMA_VERSION),
    [COLUMNS_KEY]: JSON.stringify(facts),
    'reclaim.missing': `null: empty in the CSV, or a limit that the trace sets; NaN: ${NOT_APPLICABLE}`,
  };
  return parquetParts(columns, () => batchesOf(kinds, rows() as Iterable<Row>), metadata);
}

function* batchesOf(kinds: readonly [string, string][], rows: Iterable<Row>): Iterable<ParquetBatch> {
  const empty = () => kinds.map((): (string | number | null)[] => []);
  let batch = empty();
  let length = 0;
  for (const row of rows) {
    kinds.forEach(([name, kind], i) => void batch[i]!.push(parquetValue(row[name], isText(kind))));
    if (++length < GROUP_ROWS) continue;
    yield batch;
    batch = empty();
    length = 0;
  }
  if (length > 0) yield batch;
}
