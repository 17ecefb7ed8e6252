import { createHash } from 'node:crypto';
import { jsonText } from '../base/json.js';
import { csvHeader, csvRows, type Value } from '../metrics/csv.js';
import {
  CALL_COLUMNS,
  DRAW_COLUMNS,
  type DrawRow,
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
import type { OutputFolder } from '../output/folder.js';
import { sha256 } from '../output/owned.js';
import type { CellResult } from './cell.js';
import { codeHash } from './code.js';
import { entryText, readEntry } from './journal.js';
import type { Cell } from './plan.js';
import { withSavings } from './savings.js';

/** The shortest time between two writes of runs.csv while cells finish. */
const REFRESH_MS = 500;
/** How many times as long as a write of runs.csv takes it is until the next. */
const REFRESH_SHARE = 20;
/** Rows that are turned into text at a time: signals are seen in between. */
const ROWS_AT_ONCE = 4096;

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

/** Lets signals and other events be handled before it goes on. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Rows as the text of a result file. */
async function csvText<C extends string>(
  columns: readonly C[],
  rows: readonly Readonly<Record<C, Value>>[],
): Promise<string> {
  const parts = [csvHeader(columns)];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    parts.push(csvRows(columns, rows.slice(from, from + ROWS_AT_ONCE)));
    await breathe();
  }
  return parts.join('');
}

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

/** The results of an experiment: those of finished cells are kept in its folder as they come. */
export class ResultStore {
  private readonly results = new Map<number, CellResult>();
  /** The files of cells that belong to this run. */
  private readonly entries = new Set<string>();
  /** When runs.csv is written next. */
  private refreshAt = Number.NEGATIVE_INFINITY;

  /** @param resumes whether finished cells of earlier runs are used, and kept */
  constructor(
    readonly folder: OutputFolder,
    private readonly host: Host,
    private readonly resumes: boolean,
  ) {}

  /** Takes the finished cells of earlier runs whose inputs are the same. Returns the cells that are left. */
  async resume(cells: readonly Cell[], inputs: (cell: Cell) => string): Promise<Cell[]> {
    if (!this.resumes) return [...cells];
    const finished = this.folder.cells();
    const left: Cell[] = [];
    for (const cell of cells) {
      const hash = inputs(cell);
      const read = finished.get(`${hash}.json`);
      const result = read && readEntry(read(), hash);
      if (result && result.outcome !== 'failed') this.results.set(cell.cell, renumbered(result, cell));
      else left.push(cell);
      await breathe();
    }
    return left;
  }

  /** Keeps a result: immediately in a file of its own, soon in runs.csv. */
  add(result: CellResult, inputs: string): void {
    const name = `${inputs}.json`;
    this.folder.keepCell(name, entryText(inputs, result));
    this.results.set(result.cell, result);
    this.entries.add(name);
    // Not the time of day: that may jump.
    const started = performance.now();
    if (started < this.refreshAt) return;
    this.folder.stage(new Map([['runs.csv', csvHeader(RUN_COLUMNS) + csvRows(RUN_COLUMNS, this.runs())]]));
    const tookMs = performance.now() - started;
    this.refreshAt = started + Math.max(REFRESH_MS, REFRESH_SHARE * tookMs);
  }

  /** The rows of runs.csv so far, in the order of the cells. */
  runs(): RunRow[] {
    return withSavings(this.inOrder());
  }

  /** The rows of draws.csv so far, in the order of the cells. */
  draws(): DrawRow[] {
    return this.inOrder().flatMap((result) => result.draws);
  }

  /** The rows of spaces.csv so far, in the order of the cells. */
  spaces(): SpaceRow[] {
    return this.inOrder().flatMap((result) => result.spaces);
  }

  /** All results so far, in the order of the cells. */
  inOrder(): CellResult[] {
    return [...this.results.values()].sort((a, b) => a.cell - b.cell);
  }

  /** How many cells have finished; a cell whose worker died has not. */
  get finished(): number {
    return this.inOrder().filter(({ outcome }) => outcome !== 'failed').length;
  }

  /**
   * The files of the results so far; the manifest with the hashes of runs.csv and draws.csv, so that an edit is seen.
   *
   * @param heat the rows of heatmap.csv, where it was asked for
   */
  async files(
    manifest: object,
    heat: readonly HeatmapRow[] | undefined,
  ): Promise<Map<(typeof WRITTEN_FILES)[number] | 'heatmap.csv', string>> {
    const results = this.inOrder();
    const runs = await csvText(RUN_COLUMNS, this.runs());
    const draws = await csvText(DRAW_COLUMNS, this.draws());
    const timeline = results.flatMap((result) => result.timeline);
    const calls = results.flatMap((result) => result.calls);
    const perf = results.map((result) => this.perfRow(result));
    const hashes = { 'runs.csv': sha256(runs), 'draws.csv': sha256(draws) };
    return new Map([
      ['runs.csv', runs],
      ['draws.csv', draws],
      ['timeline.csv', await csvText(TIMELINE_COLUMNS, timeline)],
      ['spaces.csv', await csvText(SPACE_COLUMNS, this.spaces())],
      ['calls.csv', await csvText(CALL_COLUMNS, calls)],
      ['perf.csv', await csvText(PERF_COLUMNS, perf)],
      ...(heat ? [['heatmap.csv', await csvText(HEATMAP_COLUMNS, heat)] as const] : []),
      ['manifest.json', jsonText({ ...manifest, files: hashes })],
    ]);
  }

  /** Lets the run take its place in the folder. @throws as `OutputFolder.commit` */
  commit(files: ReadonlyMap<string, string>): void {
    this.folder.commit(files, (name) => this.resumes || this.entries.has(name));
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
}

/** A result with the number and names of another cell that it is also the result of. */
export function renumbered(result: CellResult, cell: Cell): CellResult {
  const renumber = <R extends { cell: number }>(row: R): R => ({ ...row, cell: cell.cell });
  return {
    ...result,
    cell: cell.cell,
    run: {
      ...result.run,
      ...cell.asked,
      cell: cell.cell,
      experiment: cell.experiment,
      purge: cell.purge,
    },
    draws: result.draws.map(renumber),
    timeline: result.timeline.map(renumber),
    spaces: result.spaces.map(renumber),
    calls: result.calls.map(renumber),
  };
}
