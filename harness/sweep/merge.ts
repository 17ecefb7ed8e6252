import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../base/errors.js';
import { Pauses } from '../base/pauses.js';
import { counted } from '../base/text.js';
import { type KeptResult, perfRowOf } from '../experiment/journal.js';
import { hostsOf, manifestOf } from '../experiment/manifest.js';
import { firstReplicates } from '../experiment/prepare.js';
import { type LongRows, type ResultRows, resultFiles } from '../experiment/result-files.js';
import type { CellOptions, RunSummary } from '../experiment/run.js';
import { withSavings } from '../experiment/savings.js';
import { csvHeader } from '../metrics/csv.js';
import { drawsByCell } from '../metrics/draws.js';
import type { OutputFolder } from '../output/folder.js';
import type { Content } from '../output/whole.js';
import { CellsFolder } from './cells-folder.js';
import type { Plan, PlanCell } from './plan-file.js';
import { plannedOf } from './run-shard.js';

/** How the cells of a sweep are merged. */
export interface MergeOptions extends Pick<CellOptions, 'command' | 'parquet' | 'alsoWrite' | 'signal'> {
  /** Folders of finished cells; a cell is in one of them. */
  readonly results: readonly string[];
}

/** A result without the rows of which there are hundreds a cell. */
type ShortResult = Omit<KeptResult, 'timeline' | 'calls'>;

/** Where the finished cells of a plan are. */
class Finished {
  private readonly folderOf = new Map<string, CellsFolder>();
  private readonly keys;

  private constructor(private readonly plan: Plan) {
    this.keys = plannedOf(plan, []).keys;
  }

  /** @throws InputError for a cell that is in two folders, and what `CellsFolder.ids` refuses */
  static in(folders: readonly string[], plan: Plan): Finished {
    const finished = new Finished(plan);
    const planned = new Set(plan.lines.map(({ id }) => id));
    for (const folder of folders.map((path) => new CellsFolder(path)))
      for (const id of folder.ids(planned)) {
        const other = finished.folderOf.get(id);
        if (other)
          throw new InputError(
            `this cell is there twice, also as ${folder.file(id)}: expected each cell in one folder`,
            { file: other.file(id) },
          );
        finished.folderOf.set(id, folder);
      }
    return finished;
  }

  /** @throws InputError where cells have no result */
  checkAllThere(): void {
    const missing = this.plan.lines.filter(({ id }) => !this.folderOf.has(id));
    const [first] = missing;
    if (first)
      throw new InputError(
        `${counted(missing.length, 'cell')} of ${this.plan.lines.length} ${missing.length === 1 ? 'has' : 'have'} no result, the first is cell ${first.cell.cell} (${this.keys(first.cell).trace}, ${first.cell.discard}): run their shards again, reclaim run ${this.plan.file} runs what is missing`,
        { file: this.plan.file },
      );
  }

  get count(): number {
    return this.folderOf.size;
  }

  /** The result of a cell. @throws InputError where its file is damaged, or is not of this cell */
  result({ id, cell }: PlanCell): KeptResult {
    const folder = this.folderOf.get(id)!;
    const found = folder.find(id, this.keys(cell));
    if (typeof found !== 'string') return found;
    throw new InputError(
      `the result of cell ${cell.cell} is ${found === 'missing' ? 'gone' : 'damaged'}, expected it as reclaim run wrote it: run its shard again`,
      { file: folder.file(id) },
    );
  }

  /** The results in the order of the cells, one in memory at a time. */
  *each(): Iterable<LongRows> {
    for (const line of this.plan.lines) yield this.result(line);
  }

  /** The text of a file with many rows a cell, read cell by cell each time that it is taken. */
  long: ResultRows['long'] = (columns, textOf) => {
    const results = () => this.each();
    return {
      *[Symbol.iterator]() {
        yield csvHeader(columns);
        for (const result of results()) yield textOf(result);
      },
    };
  };
}

/** The results in the order of the cells. Undefined where this was interrupted. */
async function shortResults(
  plan: Plan,
  finished: Finished,
  pauses: Pauses,
  signal: AbortSignal | undefined,
): Promise<ShortResult[] | undefined> {
  const results: ShortResult[] = [];
  for (const line of plan.lines) {
    const { timeline: _timeline, calls: _calls, ...result } = finished.result(line);
    results.push(result);
    await pauses.now();
    if (signal?.aborted) return undefined;
  }
  return results;
}

function summaryOf(plan: Plan, results: readonly ShortResult[], folder: string): RunSummary {
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  return {
    folder,
    runs: withSavings(results),
    draws: drawsByCell(results.flatMap(({ draws }) => draws)),
    spaces: results.flatMap(({ spaces }) => spaces),
    traces: firstReplicates(plan.traces),
    failed,
    failedOfInput: failed,
    planned: plan.lines.length,
    finished: results.length - failed,
    aborted: false,
  };
}

/** What was merged: as of a comparison, and the hosts that its cells ran on. */
export interface Merged {
  readonly summary: RunSummary;
  readonly hosts: ReturnType<typeof hostsOf>;
}

/** A merge that was interrupted: nothing in the folder was changed. */
function interrupted(plan: Plan, folder: OutputFolder): Merged {
  return { summary: { ...summaryOf(plan, [], folder.path), aborted: true }, hosts: [] };
}

/** How often finished cells are counted while they are waited for. */
const LOOK_MS = 5000;

/**
 * Waits until every cell of a plan has a result. @param told is told how many have, when that changes
 *
 * @throws InputError as `mergeSweep`, but not for cells that are missing
 */
export async function untilFinished(
  plan: Plan,
  results: readonly string[],
  told: (finished: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let before = -1; !signal.aborted; ) {
    // The first shard makes the folder.
    const { count } = Finished.in(
      results.filter((folder) => existsSync(folder)),
      plan,
    );
    if (count !== before) told(count);
    before = count;
    if (count === plan.lines.length) return;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Makes the results of a sweep into a folder, as `reclaim compare` writes it on one machine: but for perf.csv and manifest.json,
 * which name hosts, the same bytes.
 *
 * @throws InputError where a cell is missing, is there twice, is damaged, or is of another plan; nothing in the folder was changed
 */
export async function mergeSweep(
  plan: Plan,
  folder: OutputFolder,
  { results: folders, command, parquet, alsoWrite, signal }: MergeOptions,
): Promise<Merged> {
  const pauses = new Pauses();
  const isAborted = () => signal?.aborted === true;
  const finished = Finished.in(folders, plan);
  finished.checkAllThere();
  const results = await shortResults(plan, finished, pauses, signal);
  if (!results) return interrupted(plan, folder);
  const summary = summaryOf(plan, results, folder.path);
  const { experiment, costs } = plannedOf(plan, []);
  const facts = { experiment, costs, traces: plan.traces, command, planned: plan.lines.length };
  const manifest = manifestOf({
    ...facts,
    policyModules: plan.policyModules.map(({ given }) => given),
    results,
  });
  const rows: ResultRows = {
    runs: summary.runs,
    draws: results.flatMap(({ draws }) => draws),
    perf: results.map(perfRowOf),
    hasGroups: results.some(({ groups }) => groups.length > 0),
    parquet,
    each: () => finished.each(),
    long: finished.long,
  };
  const files = await resultFiles(rows, manifest, pauses, () => false);
  const all = new Map<string, Content>([...files, ...(alsoWrite?.(summary) ?? [])]);
  const whole = await folder.commit(all, () => false, signal);
  return { summary: { ...summary, aborted: !whole || isAborted() }, hosts: hostsOf(results) };
}
