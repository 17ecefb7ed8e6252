import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { readText } from '../base/text.js';
import { parseCsv, type Row, type Value } from './csv.js';
import { PERF_COLUMNS } from './host.js';
import { type Manifest, readManifest } from './manifest.js';
import {
  HEATMAP_COLUMNS,
  MRC_COLUMNS,
  NOT_APPLICABLE,
  OUTCOMES,
  RUN_COLUMNS,
  SPACE_COLUMNS,
  TEXT_COLUMNS,
  TIMELINE_COLUMNS,
} from './schema.js';

/** The files of a folder of results, and the columns each must have. */
const FILES = {
  'runs.csv': RUN_COLUMNS,
  'timeline.csv': TIMELINE_COLUMNS,
  'spaces.csv': SPACE_COLUMNS,
  'perf.csv': PERF_COLUMNS,
  'heatmap.csv': HEATMAP_COLUMNS,
  'mrc.csv': MRC_COLUMNS,
} as const;
export type ResultFile = keyof typeof FILES;

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;

function parseValue(column: string, text: string): Value {
  if (column === 'outcome' && !(OUTCOMES as readonly string[]).includes(text))
    throw unknownName(column, text, OUTCOMES);
  if (text === '') return null;
  if (TEXT_COLUMNS.has(column) || text === NOT_APPLICABLE) return text;
  if (column === 'limit_pages' && text === 'trace') return text;
  if (NUMBER.test(text)) return Number(text);
  throw new InputError(`${column} is "${text}", expected a number, nothing or ${NOT_APPLICABLE}`);
}

/** A result file. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** The line on which a row starts, by its place in `rows`. */
  lineOf(row: number): number;
}

/**
 * Reads the text of a result file. Values become numbers, texts (`n/a` among them) or null where nothing was measured;
 * columns are found by name, and columns that are not asked for are kept.
 *
 * @param needed the columns that it must have
 * @throws InputError with the line for what is no such file, or was edited by hand
 */
export function parseTable(text: string, file: string, needed: readonly string[]): Table {
  const { columns, rows: texts, lineOf } = parseCsv(text, file, needed);
  const rows = texts.map((fields, i) => {
    const row: Record<string, Value> = {};
    try {
      for (const column of columns) row[column] = parseValue(column, fields[column]!);
    } catch (error) {
      throw error instanceof InputError ? error.at({ file, line: lineOf(i) }) : error;
    }
    return row;
  });
  return { columns, rows, lineOf };
}

/** A folder that `reclaim compare`, `reclaim replay` or `reclaim bench` wrote. Files are read when they are asked for, once. */
export class ResultsFolder {
  private readonly tables = new Map<ResultFile, readonly Row[]>();
  private manifestRead: Manifest | undefined;

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
    wanted: readonly ResultFile[] = ['runs.csv', 'perf.csv', 'mrc.csv'],
  ): ResultsFolder {
    if (!existsSync(folder)) throw new InputError('no such folder', { file: folder });
    if (!statSync(folder).isDirectory())
      throw new InputError('this is a file, expected a folder of results', { file: folder });
    const results = new ResultsFolder(folder, elsewhere);
    if (wanted.some((name) => results.has(name))) return results;
    throw new InputError(`no results there, expected a folder with ${wanted.join(', ')}`, { file: folder });
  }

  /** The path of a file of the folder. */
  path(name: ResultFile): string {
    return this.elsewhere[name] ?? join(this.folder, name);
  }

  /** Whether there is such a file, or one was named that should be it. */
  has(name: ResultFile): boolean {
    return this.elsewhere[name] !== undefined || existsSync(this.path(name));
  }

  /** The text of a file. @throws InputError when it cannot be read */
  text(name: ResultFile): string {
    return readText(this.path(name));
  }

  /** The rows of a file, none where the folder has no such file. @throws InputError when it is not what it should be */
  rows(name: ResultFile): readonly Row[] {
    const known = this.tables.get(name);
    if (known) return known;
    const rows = this.has(name) ? parseTable(this.text(name), this.path(name), FILES[name]).rows : [];
    this.tables.set(name, rows);
    return rows;
  }

  /** @throws InputError when there is none, or it is of another version */
  get manifest(): Manifest {
    this.manifestRead ??= readManifest(join(this.folder, 'manifest.json'));
    return this.manifestRead;
  }
}
