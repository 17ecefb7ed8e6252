import type { Estimate } from './estimate.js';
import type { PlanCell } from './plan-file.js';

/** A minimum heap of shards by what they have to do, the first of equal ones first. */
class Shards {
  private readonly heap: number[];

  constructor(private readonly load: Float64Array) {
    this.heap = Array.from(load.keys());
  }

  /** The shard with the least to do. */
  get least(): number {
    return this.heap[0]!;
  }

  /** The shard with the least to do has more now. */
  sink(): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.before(heap[child]!, heap[least]!)) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }

  private before(a: number, b: number): boolean {
    return this.load[a]! < this.load[b]! || (this.load[a]! === this.load[b]! && a < b);
  }
}

/** Work that is not cut further. */
export interface Job {
  /** How long it takes, in any unit. */
  readonly ns: number;
}

/**
 * Shares jobs out: the longest first, each to the shard that has the least to do so far. The longest shard takes at most 4/3 of
 * what the best division takes (Graham 1969, "Bounds on multiprocessing timing anomalies").
 *
 * @returns a list of jobs a shard, in their order in `jobs`; the same whatever process asks
 */
export function shareOut<J extends Job>(jobs: readonly J[], shards: number): J[][] {
  const load = new Float64Array(shards);
  const heap = new Shards(load);
  const shardOf = new Map<J, number>();
  for (const job of jobs.toSorted((a, b) => b.ns - a.ns)) {
    const shard = heap.least;
    shardOf.set(job, shard);
    load[shard] = load[shard]! + job.ns;
    heap.sink();
  }
  const shared: J[][] = Array.from({ length: shards }, () => []);
  for (const job of jobs) shared[shardOf.get(job)!]!.push(job);
  return shared;
}

/** How long a sweep takes with a number of shards that all run at once. */
export interface Simulated {
  readonly shards: number;
  /** Until the last shard is done. */
  readonly ns: number;
  /** Times as fast as one shard. */
  readonly speedup: number;
  /** The mean share of that time for which a shard is busy. */
  readonly busy: number;
}

/** What a process takes to start and to read its plan, before its first cell. */
const START_NS = 0.6e9;

/** Simulates a scheduler that starts all shards of a plan at once. */
export function simulate(jobs: readonly Job[], shards: number): Simulated {
  const total = jobs.reduce((sum, { ns }) => sum + ns, 0);
  const loads = shareOut(jobs, shards).map((shard) => shard.reduce((sum, { ns }) => sum + ns, 0));
  const ns = START_NS + loads.reduce((most, load) => Math.max(most, load), 0);
  return { shards, ns, speedup: (START_NS + total) / ns, busy: total / (ns * shards) };
}

/** The share of its time for which a shard is to be busy. */
const WORTHWHILE = 0.75;

/** The most shards that are busy for three quarters of their time, and at least one. */
export function worthwhileShards(jobs: readonly Job[]): number {
  let [low, high] = [1, Math.max(1, jobs.length)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (simulate(jobs, middle).busy >= WORTHWHILE) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Cells that are run together: the time of all, the memory of the largest. */
export interface Run extends Estimate {
  readonly cells: readonly PlanCell[];
}

/** The runs of a plan, in the order of their first cells. */
export function runsOf(lines: readonly PlanCell[]): readonly Run[] {
  const runs = new Map<number, { ns: number; bytes: number; cells: PlanCell[] }>();
  for (const line of lines) {
    const run = runs.get(line.run) ?? { ns: 0, bytes: 0, cells: [] };
    run.ns += line.estimate.ns;
    run.bytes = Math.max(run.bytes, line.estimate.bytes);
    run.cells.push(line);
    runs.set(line.run, run);
  }
  return [...runs.values()];
}
