import { existsSync, statSync } from 'node:fs';
import { InputError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import { readText, readTextBytes } from '../base/text.js';
import { LIST, readList, resultPath, sha256 } from '../output/owned.js';
import { type Columns, type Kind, parseValue, type RowOf } from './columns.js';
import { csvRecords, rowOf } from './csv.js';
import { type DrawsByCell, drawsByCell } from './draws.js';
import { ADDED_COLUMNS, FURTHER_COLUMNS, RESULT_COLUMNS, type ResultFile, type ResultRow } from './files.js';
import { type Manifest, readManifest } from './manifest.js';
import { type NumberColumns, plainNumbers } from './plain-numbers.js';
import { isNumeric, plainTable } from './plain-table.js';

/** A result file. */
export interface Table<R> {
  readonly columns: readonly string[];
  readonly rows: readonly R[];
  /** The line on which a row starts, by its place in `rows`. */
  lineOf(row: number): number;
}

/** Columns of a later version hold what a metric may hold. */
const UNKNOWN = 'applicable?';

/** The columns that the header line of a file without quotes names, with their kinds; undefined where it lacks some of `names`. */
function headerReader(
  file: string,
  names: readonly string[],
  required: readonly string[],
  kindOf: (column: string) => Kind,
) {
  return (header: string): [name: string, kind: Kind][] | undefined => {
    const found = csvRecords(header, file, required).columns;
    return names.every((name) => found.includes(name))
      ? found.map((name) => [name, kindOf(name)])
      : undefined;
  };
}

/**
 * Reads the text of a result file. Columns are found by name; those that are not known are kept in the rows, where
 * nothing but `columns` names them.
 *
 * @param needed the columns that it must have
 * @param known further columns that it may have
 * @param added of the needed columns, those that it may lack, with the text that stands for them then
 * @throws InputError with the line for what is not such a file, or was edited by hand
 */
export function parseTable<C extends Columns>(
  text: string,
  file: string,
  needed: C,
  known: Columns = {},
  added: Readonly<Record<string, string>> = {},
): Table<RowOf<C>> {
  const names = Object.keys(needed);
  const required = names.filter((name) => added[name] === undefined);
  const kindOf = (column: string): Kind => needed[column] ?? known[column] ?? UNKNOWN;
  const plain = plainTable(text, headerReader(file, names, required, kindOf));
  if (plain) return plain as Table<RowOf<C>>;
  const { columns, records, lineOf } = csvRecords(text, file, required);
  const lacking = names.filter((name) => added[name] !== undefined && !columns.includes(name));
  const standIns = rowOf(lacking, (at) =>
    parseValue(lacking[at]!, needed[lacking[at]!]!, added[lacking[at]!]!),
  );
  const kinds = columns.map(kindOf);
  const rows = records.map((fields, i) => {
    try {
      const row = rowOf(columns, (at) => parseValue(columns[at]!, kinds[at]!, fields[at]!));
      return (lacking.length === 0 ? row : { ...row, ...standIns }) as RowOf<C>;
    } catch (error) {
      throw error instanceof InputError ? error.at({ file, line: lineOf(i) }) : error;
    }
  });
  return { columns, rows, lineOf };
}

/**
 * Reads the numbers of a result file that has a number in every needed column, column by column.
 *
 * @param needed the columns that it must have
 * @throws InputError as `parseTable`
 */
export function parseNumbers(bytes: Buffer, file: string, needed: Columns): NumberColumns {
  const names = Object.keys(needed);
  const kindOf = (column: string): Kind => needed[column] ?? UNKNOWN;
  const plain = plainNumbers(bytes, headerReader(file, names, names, kindOf));
  if (plain) return plain;
  const { columns, rows } = parseTable(bytes.toString('utf8'), file, needed);
  const numberIn = (row: RowOf<Columns>, column: string) => {
    const value = row[column];
    return typeof value === 'number' ? value : Number.NaN;
  };
  return new Map(
    columns
      .filter((column) => isNumeric(kindOf(column)))
      .map((column) => [column, Float64Array.from(rows, (row) => numberIn(row, column))]),
  );
}

/** A folder that `reclaim compare`, `reclaim replay` or `reclaim bench` wrote. Files are read when they are asked for, once. */
export class ResultsFolder {
  private readonly tables = new Map<ResultFile, readonly unknown[]>();
  private timelineRead: NumberColumns | undefined;
  private drawn: DrawsByCell | undefined;
  private manifestRead: Manifest | undefined;
  private hashes: ReadonlyMap<string, string> | undefined;

  private constructor(
    readonly folder: string,
    private readonly elsewhere: Partial<Record<ResultFile, string>>,
  ) {}

  /**
   * @param elsewhere paths of files that do not lie in the folder
   * @param wanted the files of which it must have one at least
   * @throws InputError when the folder holds no results
   */
  static open(
    folder: string,
    elsewhere: Partial<Record<ResultFile, string>> = {},
    wanted: readonly ResultFile[] = ['runs.csv', 'perf.csv', 'mrc.csv', 'fidelity.csv'],
  ): ResultsFolder {
    if (!existsSync(folder)) throw new InputError('no such folder', { file: folder });
    if (!statSync(folder).isDirectory())
      throw new InputError('this is a file, expected a folder of results', { file: folder });
    const results = new ResultsFolder(folder, elsewhere);
    if (wanted.some((name) => results.has(name))) return results;
    throw new InputError(`no results in it, expected a folder with ${wanted.join(', ')}`, { file: folder });
  }

  /** The path of a file of the folder. */
  path(name: ResultFile): string {
    return this.elsewhere[name] ?? resultPath(this.folder, name);
  }

  /** Whether there is such a file, or one was named that should be it. */
  has(name: ResultFile): boolean {
    return this.elsewhere[name] !== undefined || existsSync(this.path(name));
  }

  /**
   * The text of a file.
   *
   * @throws InputError when it cannot be read, or has changed since it was written: reports, gates and comparisons rest on
   *   what was measured
   */
  text(name: ResultFile): string {
    return this.bytes(name).toString('utf8');
  }

  /** The bytes of a file. @throws as `text` */
  private bytes(name: ResultFile): Buffer {
    const path = this.path(name);
    const bytes = readTextBytes(path);
    if (this.elsewhere[name] !== undefined) return bytes;
    const found = sha256(bytes);
    const { written, list } = this.written(name);
    if (written === undefined || written === found) return bytes;
    throw new InputError(
      `changed since it was written: its SHA-256 is ${found.slice(0, 12)}…, expected ${written.slice(0, 12)}… as in ${list}`,
      { file: path },
    );
  }

  /** The hash that was taken of a file when it was written, and where it stands; undefined where none was. */
  private written(name: ResultFile): { readonly written: string | undefined; readonly list: string } {
    if (name === 'runs.csv' || name === 'draws.csv')
      return { written: this.manifest.files[name], list: 'manifest.json' };
    this.hashes ??= readList(resultPath(this.folder, LIST))?.files ?? new Map();
    return { written: this.hashes.get(name), list: LIST };
  }

  /** The rows of a file, none where the folder has no such file. @throws InputError when it is not what it should be */
  rows<F extends ResultFile>(name: F): readonly ResultRow<F>[] {
    const known = this.tables.get(name);
    if (known) return known as readonly ResultRow<F>[];
    const rows = this.has(name)
      ? parseTable(
          this.text(name),
          this.path(name),
          RESULT_COLUMNS[name],
          FURTHER_COLUMNS[name],
          ADDED_COLUMNS[name],
        ).rows
      : [];
    this.tables.set(name, rows);
    return rows;
  }

  /** The numbers of timeline.csv, by column: as rows it takes most of the time of a report. Empty where there is no such file. */
  get timeline(): NumberColumns {
    const name = 'timeline.csv';
    this.timelineRead ??= this.has(name)
      ? parseNumbers(this.bytes(name), this.path(name), RESULT_COLUMNS[name])
      : new Map();
    return this.timelineRead;
  }

  /** The rows of draws.csv by cell. @throws InputError as `rows` */
  get draws(): DrawsByCell {
    this.drawn ??= drawsByCell(this.rows('draws.csv'));
    return this.drawn;
  }

  /** @throws InputError when there is none, or it is of another version */
  get manifest(): Manifest {
    this.manifestRead ??= readManifest(resultPath(this.folder, 'manifest.json'));
    return this.manifestRead;
  }

  /** All that manifest.json says, as it stands there. @throws as `manifest` */
  get manifestDocument(): unknown {
    const path = resultPath(this.folder, 'manifest.json');
    return parseJson(readText(path), path);
  }
}
