import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { fileError, InputError } from '../input/errors.js';
import type { Row, Value } from './csv.js';
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

function parseValue(column: string, text: string): Value | undefined {
  if (text === '') return null;
  if (column === 'outcome') return (OUTCOMES as readonly string[]).includes(text) ? text : undefined;
  if (TEXT_COLUMNS.has(column) || text === NOT_APPLICABLE) return text;
  if (column === 'limit_pages' && text === 'trace') return text;
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** The line on which a record starts: quoted fields may hold line ends. */
function lineOf(records: readonly string[][], index: number): number {
  let line = 1;
  for (let i = 0; i < index; i++) {
    line++;
    for (const field of records[i] as string[]) line += field.split('\n').length - 1;
  }
  return line;
}

function checkHeader(header: readonly string[], columns: readonly string[], file: string): void {
  const place = { file, line: 1 };
  const twice = header.find((column, i) => header.indexOf(column) !== i);
  if (twice !== undefined) throw new InputError(`column "${twice}" stands there twice, expected once`, place);
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length === 0) return;
  const which =
    missing.length > 3 ? `${missing.slice(0, 3).join(', ')} and ${missing.length - 3} more` : missing;
  throw new InputError(
    `missing ${missing.length === 1 ? 'column' : 'columns'} ${which}: edited, or written by another version`,
    place,
  );
}

function expectedOf(column: string): string {
  return column === 'outcome' ? `one of ${OUTCOMES.join(', ')}` : 'a number';
}

/**
 * Reads the text of a result file. Values become numbers, texts (`n/a` among them) or null where nothing was measured;
 * columns are found by name, and columns that are not asked for are kept.
 *
 * @param columns what the file must have
 * @throws InputError with the line for what is no such file, or was edited by hand
 */
export function parseTable(text: string, file: string, columns: readonly string[]): Row[] {
  const { data: records, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, '').replace(/\r?\n$/, ''), {
    delimiter: ',',
  });
  const problem = errors[0];
  if (problem) throw new InputError(problem.message, { file, line: lineOf(records, problem.row ?? 0) });
  const header = records[0];
  if (!header || (header.length === 1 && header[0] === '')) {
    throw new InputError(`is empty, expected the columns ${columns.slice(0, 3).join(', ')} and so on`, {
      file,
    });
  }
  checkHeader(header, columns, file);
  return records.slice(1).map((fields, i) => {
    const place = () => ({ file, line: lineOf(records, i + 1) });
    if (fields.length !== header.length)
      throw new InputError(`${fields.length} fields, expected ${header.length} as in the header`, place());
    const row: Record<string, Value> = {};
    header.forEach((column, at) => {
      const value = parseValue(column, fields[at] as string);
      if (value === undefined)
        throw new InputError(`${column} is "${fields[at]}", expected ${expectedOf(column)}`, place());
      row[column] = value;
    });
    return row;
  });
}

/** Reads a result file of any place. @throws InputError as `parseTable`, and when it cannot be read */
function readTable(file: string, columns: readonly string[]): Row[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, file);
  }
  return parseTable(text, file, columns);
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
   * @throws InputError when the folder holds no results
   */
  static open(folder: string, elsewhere: Partial<Record<ResultFile, string>> = {}): ResultsFolder {
    if (!existsSync(folder)) throw new InputError('no such folder', { file: folder });
    const results = new ResultsFolder(folder, elsewhere);
    const known: readonly ResultFile[] = ['runs.csv', 'perf.csv', 'mrc.csv'];
    if (!known.some((name) => results.has(name))) {
      throw new InputError(`no results there, expected a folder with ${known.join(', ')}`, { file: folder });
    }
    return results;
  }

  /** The path of a file of the folder. */
  path(name: ResultFile): string {
    return this.elsewhere[name] ?? join(this.folder, name);
  }

  /** Whether there is such a file, or one was named that should be it. */
  has(name: ResultFile): boolean {
    return this.elsewhere[name] !== undefined || existsSync(this.path(name));
  }

  /** The rows of a file, none where the folder has no such file. @throws InputError when it is not what it should be */
  rows(name: ResultFile): readonly Row[] {
    const known = this.tables.get(name);
    if (known) return known;
    const rows = this.has(name) ? readTable(this.path(name), FILES[name]) : [];
    this.tables.set(name, rows);
    return rows;
  }

  /** @throws InputError when there is none, or it is of another version */
  get manifest(): Manifest {
    this.manifestRead ??= readManifest(join(this.folder, 'manifest.json'));
    return this.manifestRead;
  }
}
