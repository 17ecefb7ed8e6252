import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { csvHeader, csvRows, type Value } from '../metrics/csv.js';
import {
  CALL_COLUMNS,
  HEATMAP_COLUMNS,
  type HeatmapRow,
  PERF_COLUMNS,
  type PerfRow,
  RUN_COLUMNS,
  type RunRow,
  SPACE_COLUMNS,
  type SpaceRow,
  TIMELINE_COLUMNS,
} from '../metrics/files.js';
import { type Host, VERSION } from '../metrics/host.js';
import type { CellResult } from './cell.js';
import { codeHash } from './code.js';
import type { Cell } from './plan.js';
import { withSavings } from './savings.js';

/** Finished cells, one file each: what `--resume` and Ctrl-C rely on. */
const JOURNAL = 'cells';
/** The shortest time between two writes of runs.csv while cells finish. */
const REFRESH_MS = 500;

interface JournalEntry {
  /** Hash of all that the cell's result depends on. */
  readonly inputs: string;
  readonly result: CellResult;
}

/**
 * Returns a hash of everything that a cell's result depends on, except the host: equal hashes mean equal bytes.
 *
 * @param traces label and content hash, by the index cells use
 * @param modules hashes of policy modules
 */
export function inputsHasher(
  traces: readonly { readonly label: string; readonly sha256: string }[],
  costs: unknown,
  modules: readonly string[],
): (cell: Cell) => string {
  const common = JSON.stringify([codeHash('harness'), costs, modules]);
  return ({ cell: _number, experiment: _experiment, trace, ...what }) =>
    createHash('sha256')
      .update(common)
      .update(JSON.stringify([what, traces[trace]]))
      .digest('hex');
}

/** Writes a file whole or not at all. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/**
 * Writes a file of results as CSV, whole or not at all.
 *
 * @throws InputError when it cannot be written
 */
export function writeResults<C extends string>(
  folder: string,
  name: string,
  columns: readonly C[],
  rows: readonly Readonly<Record<C, Value>>[],
): void {
  try {
    writeWhole(join(folder, name), csvHeader(columns) + csvRows(columns, rows));
  } catch (error) {
    throw fileError(error, join(folder, name));
  }
}

/**
 * Makes an output folder and checks that it can be written. Returns the first folder that it had to make, so that it can
 * be removed again.
 *
 * @throws InputError when the folder cannot be made or written
 */
export function prepareFolder(folder: string): string | undefined {
  try {
    const made = makeFolder(folder);
    if (!statSync(folder).isDirectory())
      throw new InputError('this is a file, expected a folder for results');
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
    return made;
  } catch (error) {
    const cause = fileError(error, folder);
    if (cause instanceof InputError)
      throw new InputError(`results cannot be written there: ${cause.what}`, { file: folder });
    throw cause;
  }
}

/** The results of an experiment, on disk. */
export class ResultStore {
  private readonly results = new Map<number, CellResult>();
  private refreshed = 0;

  private constructor(
    readonly folder: string,
    private readonly host: Host,
    private readonly made: string | undefined,
  ) {}

  /** Opens an output folder. @throws InputError when it cannot be written */
  static open(folder: string, host: Host): ResultStore {
    return new ResultStore(folder, host, prepareFolder(folder));
  }

  /** Removes what `open` made when the run fails before it has any result. */
  discard(): void {
    if (this.made && this.results.size === 0) rmSync(this.made, { recursive: true, force: true });
  }

  /** Deletes the results of an earlier run in this folder. */
  clear(): void {
    rmSync(join(this.folder, JOURNAL), { recursive: true, force: true });
    for (const name of [
      'runs.csv',
      'timeline.csv',
      'spaces.csv',
      'calls.csv',
      'perf.csv',
      'claims.csv',
      'heatmap.csv',
      'report.html',
      'manifest.json',
    ]) {
      rmSync(join(this.folder, name), { force: true });
    }
  }

  /** Keeps the finished cells of an earlier run whose inputs are the same. Returns the cells that are left. */
  resume(cells: readonly Cell[], inputs: (cell: Cell) => string): Cell[] {
    const finished = this.journal();
    return cells.filter((cell) => {
      const entry = finished.get(inputs(cell));
      if (!entry || entry.outcome === 'failed') return true;
      this.results.set(cell.cell, renumbered(entry, cell));
      return false;
    });
  }

  /** Stores a result: immediately in the journal, soon in runs.csv. */
  add(result: CellResult, inputs: string): void {
    this.results.set(result.cell, result);
    makeFolder(join(this.folder, JOURNAL));
    const entry: JournalEntry = { inputs, result };
    writeWhole(join(this.folder, JOURNAL, `${inputs}.json`), JSON.stringify(entry));
    if (Date.now() - this.refreshed < REFRESH_MS) return;
    this.refreshed = Date.now();
    this.writeRuns();
  }

  /** The rows of runs.csv so far, in the order of the cells. */
  runs(): RunRow[] {
    return withSavings(this.inOrder());
  }

  /** The rows of spaces.csv so far, in the order of the cells. */
  spaces(): SpaceRow[] {
    return this.inOrder().flatMap((result) => result.spaces);
  }

  /** All results so far, in the order of the cells. */
  inOrder(): CellResult[] {
    return [...this.results.values()].sort((a, b) => a.cell - b.cell);
  }

  /** Writes all files from the results so far; the manifest with the hash of runs.csv, so that an edit is seen. */
  finish(manifest: object): void {
    const results = this.inOrder();
    this.writeRuns();
    this.write(
      'timeline.csv',
      TIMELINE_COLUMNS,
      results.flatMap((result) => result.timeline),
    );
    this.write('spaces.csv', SPACE_COLUMNS, this.spaces());
    this.write(
      'calls.csv',
      CALL_COLUMNS,
      results.flatMap((result) => result.calls),
    );
    this.write(
      'perf.csv',
      PERF_COLUMNS,
      results.map((result) => this.perfRow(result)),
    );
    const runs = readFileSync(join(this.folder, 'runs.csv'));
    const files = { 'runs.csv': createHash('sha256').update(runs).digest('hex') };
    writeWhole(join(this.folder, 'manifest.json'), `${JSON.stringify({ ...manifest, files }, null, 2)}\n`);
  }

  /** Writes heatmap.csv. */
  writeHeatmap(rows: readonly HeatmapRow[]): void {
    this.write('heatmap.csv', HEATMAP_COLUMNS, rows);
  }

  private writeRuns(): void {
    this.write('runs.csv', RUN_COLUMNS, this.runs());
  }

  private write<C extends string>(
    name: string,
    columns: readonly C[],
    rows: readonly Readonly<Record<C, Value>>[],
  ): void {
    writeResults(this.folder, name, columns, rows);
  }

  private perfRow(result: CellResult): PerfRow {
    const events = result.run.events ?? 0;
    return {
      name: `cell/${result.cell}`,
      sample: 1,
      wall_ns: result.wallNs,
      events,
      events_per_s: result.wallNs > 0 ? Math.round((events * 1e9) / result.wallNs) : null,
      version: VERSION,
      ...this.host,
    };
  }

  private journal(): Map<string, CellResult> {
    const folder = join(this.folder, JOURNAL);
    const entries = new Map<string, CellResult>();
    if (!existsSync(folder)) return entries;
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
      try {
        const { inputs, result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as JournalEntry;
        entries.set(inputs, result);
      } catch (error) {
        // A damaged entry counts as missing: its cell runs again.
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
    return entries;
  }
}

/** A result with the number and names of another cell that it is also the result of. */
export function renumbered(result: CellResult, cell: Cell): CellResult {
  const renumber = <R extends { cell: number }>(row: R): R => ({ ...row, cell: cell.cell });
  return {
    ...result,
    cell: cell.cell,
    run: { ...result.run, cell: cell.cell, experiment: cell.experiment, purge: cell.purge },
    timeline: result.timeline.map(renumber),
    spaces: result.spaces.map(renumber),
    calls: result.calls.map(renumber),
  };
}
