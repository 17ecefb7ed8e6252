import { createHash } from 'node:crypto';
import { Pauses } from '../base/pauses.js';
import {
  type CellKeys,
  type DrawRow,
  type HeatmapRow,
  RUN_COLUMNS,
  type RunRow,
  type SpaceRow,
} from '../metrics/files.js';
import type { Host } from '../metrics/host.js';
import type { Files, OutputFolder } from '../output/folder.js';
import type { Content } from '../output/whole.js';
import type { CellResult } from './cell.js';
import { codeHash } from './code.js';
import { entryText, type KeptResult, perfRowOf, readEntry } from './journal.js';
import type { Cell } from './plan.js';
import { csvText, Interrupted, longText, type ResultRows, resultFiles } from './result-files.js';
import { withSavings } from './savings.js';

/** The shortest time between two writes of runs.csv while cells finish. */
const REFRESH_MS = 500;
/** How many times as long as a write of runs.csv takes it is until the next. */
const REFRESH_SHARE = 20;

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

/** The results of an experiment: those of finished cells are kept in its folder as they come. */
export class ResultStore {
  private readonly results = new Map<number, KeptResult>();
  /** The files of cells that belong to this run. */
  private readonly entries = new Set<string>();
  /** When runs.csv is written next. */
  private refreshAt = Number.NEGATIVE_INFINITY;
  /** The write of runs.csv that is under way. */
  private refreshing: Promise<void> | undefined;
  /** What such a write has thrown. */
  private failure: unknown;
  private readonly pauses = new Pauses();

  /** @param resumes whether finished cells of earlier runs are used, and kept */
  constructor(
    readonly folder: OutputFolder,
    private readonly host: Host,
    private readonly resumes: boolean,
  ) {}

  /**
   * Takes the finished cells of earlier runs whose inputs are the same, and that are what `keys` says. Returns the cells that are left; undefined where
   * `signal` was aborted meanwhile.
   */
  async resume(
    cells: readonly Cell[],
    inputs: (cell: Cell) => string,
    keys: (cell: Cell) => CellKeys,
    signal: AbortSignal | undefined,
  ): Promise<Cell[] | undefined> {
    if (!this.resumes) return [...cells];
    const finished = this.folder.cells();
    const left: Cell[] = [];
    for (const cell of cells) {
      const hash = inputs(cell);
      const read = finished.get(`${hash}.json`);
      const result = read && readEntry(read(), hash, keys(cell));
      if (result && result.outcome !== 'failed') this.results.set(cell.cell, renumbered(result, cell));
      else left.push(cell);
      await this.pauses.now();
      if (signal?.aborted) return undefined;
    }
    return left;
  }

  /**
   * Keeps a result: immediately in a file of its own, soon in runs.csv.
   *
   * @throws as `OutputFolder.keepCell`, also what a write of runs.csv before has thrown
   */
  add(result: CellResult, inputs: string): void {
    if (this.failure !== undefined) throw this.failure;
    const name = `${inputs}.json`;
    const kept = { ...result, host: this.host };
    this.folder.keepCell(name, entryText(inputs, kept));
    this.results.set(result.cell, kept);
    this.entries.add(name);
    this.refresh();
  }

  /** Keeps a cell without a result: its row says why. Another run tries it again. */
  lost(result: CellResult, inputs: string): void {
    this.add(result, inputs);
  }

  /** Waits until nothing is being written. */
  async settled(): Promise<void> {
    await this.refreshing;
  }

  /** Writes runs.csv if it is time to, while other cells finish. */
  private refresh(): void {
    // Not the time of day: that may jump.
    const started = performance.now();
    if (this.refreshing || started < this.refreshAt) return;
    const over = () => {
      this.refreshing = undefined;
      const tookMs = performance.now() - started;
      this.refreshAt = started + Math.max(REFRESH_MS, REFRESH_SHARE * tookMs);
    };
    this.refreshing = this.stageRuns(() => false).then(over, (error) => {
      this.failure = error;
      over();
    });
  }

  private async stageRuns(stop: () => boolean): Promise<void> {
    const text = await csvText(RUN_COLUMNS, this.runs(), this.pauses, stop);
    await this.folder.stage(new Map([['runs.csv', text]]));
  }

  /**
   * Writes the files of a run that was interrupted next to its cells, runs.csv first, as far as they can be made within a
   * time: the process is to end soon.
   */
  async stageWithin(ms: number, manifest: object, heat: readonly HeatmapRow[] | undefined): Promise<void> {
    const end = performance.now() + ms;
    const stop = () => performance.now() > end;
    await this.settled();
    try {
      await this.stageRuns(stop);
    } catch (error) {
      if (error instanceof Interrupted) return;
      throw error;
    }
    const files = await this.files(manifest, heat, stop);
    if (files) await this.folder.stage(files);
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
  inOrder(): KeptResult[] {
    return [...this.results.values()].sort((a, b) => a.cell - b.cell);
  }

  /** How many cells have finished; a cell whose worker died has not. */
  get finished(): number {
    return this.inOrder().filter(({ outcome }) => outcome !== 'failed').length;
  }

  /**
   * The files of the results so far.
   *
   * @param heat the rows of heatmap.csv, where it was asked for
   * @param stop whether they are wanted no longer
   * @param parquet whether the tables are also written as Parquet
   * @returns undefined where `stop` said so
   */
  async files(
    manifest: object,
    heat: readonly HeatmapRow[] | undefined,
    stop: () => boolean,
    parquet = false,
  ): Promise<Map<string, Content> | undefined> {
    await this.settled();
    if (this.failure !== undefined) throw this.failure;
    const results = this.inOrder();
    const rows: ResultRows = {
      runs: this.runs(),
      draws: this.draws(),
      perf: results.map(perfRowOf),
      heat,
      hasGroups: results.some(({ groups }) => groups.length > 0),
      parquet,
      each: () => results,
      long: (columns, textOf) => longText(columns, results, textOf, this.pauses, stop),
    };
    try {
      return await resultFiles(rows, manifest, this.pauses, stop);
    } catch (error) {
      if (error instanceof Interrupted) return undefined;
      throw error;
    }
  }

  /** Lets the run take its place in the folder. @returns and @throws as `OutputFolder.commit` */
  commit(files: Files, signal: AbortSignal | undefined): Promise<boolean> {
    return this.folder.commit(files, (name) => this.resumes || this.entries.has(name), signal);
  }
}

/** A result with the number and names of another cell that it is also the result of. */
export function renumbered<R extends CellResult>(result: R, cell: Cell): R {
  const renumber = <R extends { cell: number }>(row: R): R => ({ ...row, cell: cell.cell });
  return {
    ...result,
    cell: cell.cell,
    run: {
      ...result.run,
      ...cell.asked,
      cell: cell.cell,
      experiment: cell.experiment,
      discard: cell.discard,
      purge: cell.purge,
    },
    draws: result.draws.map(renumber),
    spaces: result.spaces.map(renumber),
    groups: result.groups.map(renumber),
    calls: result.calls.map(renumber),
  };
}
