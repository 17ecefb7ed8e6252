import { HostError, InputError } from '../base/errors.js';
import type { Origin } from '../base/provenance.js';
import type { Touches } from '../base/touches.js';
import type { TargetInfo } from '../contract/target.js';
import type { CostTable } from '../cost/table.js';
import { type LiveChoice, liveMachineOf } from '../live/choice.js';
import type { LiveMachineName } from '../live/names.js';
import { simulated } from '../machine/target.js';
import type { HeatmapRow } from '../metrics/files.js';
import { heatmap } from '../trace/heatmap.js';
import { usableCacheFolder } from '../trace/io/cache.js';
import { openTrace, type Trace, type TraceHandle } from '../trace/trace.js';
import { type CellResults, runFamily } from './cell.js';
import type { TraceEntry } from './file.js';
import { type Cell, type FirstReplay, firstReplay } from './plan.js';
import { MARKING_ADVICE } from './shared-runs.js';
import { resolveTrace } from './traces.js';

/** What every worker receives when it starts. */
export interface WorkerSetup {
  readonly costs: CostTable;
  readonly policyModules: readonly string[];
  /** Seconds that a cell with a policy of theirs may take. */
  readonly policyTimeoutS: number;
  /** How live machines are set. */
  readonly live: LiveChoice;
  /** How many times its size a compressed file may expand to. */
  readonly maxExpansion: number;
}

/** A trace that has been read: what workers open, and what results call it. */
export interface OpenedTrace {
  readonly handle: TraceHandle;
  readonly label: string;
  readonly replicate: number;
}

/** Reads a trace of an experiment. */
export interface ReadJob {
  readonly read: {
    readonly entry: TraceEntry;
    /** What relative paths are relative to. */
    readonly folder: string;
    /** Where it is compiled already. */
    readonly handle: TraceHandle | undefined;
  };
}

/** Runs a cell, and in the same replay those after it that do the same. */
export interface CellJob {
  /** CPU time that it is expected to take, in ns. */
  readonly expectedNs: number;
  readonly cells: readonly [Cell, ...Cell[]];
  readonly trace: OpenedTrace;
}

/** Makes the rows of heatmap.csv of a trace. */
export interface HeatmapJob {
  readonly heatmap: OpenedTrace;
}

export type WorkerJob = ReadJob | CellJob | HeatmapJob;

/** What reading a trace, and a first replay, find out. */
export interface ReadTrace extends FirstReplay {
  readonly handle: TraceHandle;
  readonly sha256: string;
  readonly events: number;
  readonly pageBytes: number;
  readonly touches: Touches;
  /** One in this number of pages is in it; 1: all. */
  readonly sample: number;
  readonly origin: Origin;
  /** From its first event to its last, in µs. */
  readonly durationUs: number;
  /** Whether it makes memory volatile itself. */
  readonly marksVolatile: boolean;
}

/** A worker's answer to a job, or why it could not be done: for bad input, or because of the host. */
export type WorkerAnswer =
  | { readonly read: ReadTrace }
  | CellResults
  | { readonly rows: readonly HeatmapRow[] }
  | { readonly refused: string }
  | { readonly host: string };

/** Does the jobs of an experiment, in a worker or where it was started. */
export class Jobs {
  private readonly machines = new Map<string, TargetInfo>();
  private readonly opened = new Map<string, Promise<Trace>>();

  /** @param setup of which modules are loaded, and live machines and the limit of expansion chosen */
  constructor(private readonly setup: WorkerSetup) {}

  /** Does a job. @throws what is a fault of ours, or of a policy from outside */
  async answer(job: WorkerJob): Promise<WorkerAnswer> {
    const { costs } = this.setup;
    try {
      if ('read' in job) return { read: await this.readTrace(job) };
      if ('heatmap' in job) return { rows: await this.heatmapRows(job.heatmap) };
      const machine = await this.machineOf(job.cells[0].machine);
      return await runFamily(job.cells, await this.open(job.trace), job.trace.label, costs, {}, machine);
    } catch (error) {
      if (error instanceof InputError) return { refused: error.message };
      if (error instanceof HostError) return { host: error.message };
      throw error;
    }
  }

  private open({ handle, label, replicate }: OpenedTrace): Promise<Trace> {
    const name = `${label} ${replicate}`;
    const known = this.opened.get(name);
    if (known) return known;
    const opening = openTrace(handle);
    this.opened.set(name, opening);
    return opening;
  }

  private async readTrace({ read: { entry, folder, handle: compiled } }: ReadJob): Promise<ReadTrace> {
    const { label, compile } = resolveTrace(entry, folder);
    const handle = compiled ?? (await compile());
    const trace = await this.open({ handle, label, replicate: 1 });
    return {
      handle,
      sha256: trace.totals.sha256,
      events: trace.totals.events,
      pageBytes: trace.meta.pageBytes,
      touches: trace.meta.touches,
      sample: trace.meta.sample,
      origin: trace.meta.origin,
      durationUs: trace.totals.lastTimeUs - trace.totals.firstTimeUs,
      ...(await firstReplay(trace, this.setup.costs)),
      // Its strings are complete now that it has been read.
      marksVolatile: MARKING_ADVICE.some((advice) => trace.strings.has(advice)),
    };
  }

  private async heatmapRows(trace: OpenedTrace): Promise<HeatmapRow[]> {
    return (await heatmap(await this.open(trace))).map((cell) => ({
      trace: trace.label,
      time_us: cell.timeUs,
      time_end_us: cell.timeEndUs,
      page: cell.page,
      page_end: cell.pageEnd,
      touches: cell.touches,
    }));
  }

  /** The machine of cells, which stays until this thread ends: a guard ends it then. @throws HostError where it cannot be had */
  private async machineOf(name: string): Promise<TargetInfo> {
    const live = liveMachineOf(name);
    if (live === undefined) return simulated;
    const machine = this.machines.get(name) ?? (await this.liveTarget(live));
    this.machines.set(name, machine);
    return machine;
  }

  /** Starts a live machine. One thread has them all. */
  private async liveTarget(name: LiveMachineName): Promise<TargetInfo> {
    // Loaded by those who want it.
    const [{ startLive }, { liveMachine }] = await Promise.all([
      import('../live/with-live.js'),
      import('../live/info.js'),
    ]);
    const options = { ...this.setup.live, cache: usableCacheFolder(), told: () => undefined };
    return liveMachine(await startLive(name, options));
  }
}
