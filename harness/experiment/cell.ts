import { performance } from 'node:perf_hooks';
import { Refusal } from '../contract/refusal.js';
import type { TargetInfo } from '../contract/target.js';
import type { CostTable } from '../cost/table.js';
import { simulated } from '../machine/target.js';
import {
  type CallRow,
  type CellKeys,
  type DrawRow,
  type GroupRow,
  NO_METRICS,
  type RunRow,
  type SpaceRow,
} from '../metrics/files.js';
import type { Outcome } from '../metrics/schema.js';
import type { ReplayOptions } from '../replay/options.js';
import { type PolicyResult, type ReplayResult, replay } from '../replay/replay.js';
import type { Trace } from '../trace/trace.js';
import { axisColumns, axisOptions } from './axes.js';
import { type Moments, NO_MOMENTS, packed } from './moments.js';
import type { Cell } from './plan.js';

/** The result of a cell: plain data, as the journal keeps it. */
export interface CellResult {
  readonly cell: number;
  readonly outcome: Outcome;
  /** Why the outcome is not `ok`. */
  readonly reason: string | undefined;
  /** Key columns and metrics of runs.csv; savings are filled in when the base is known. */
  readonly run: RunRow;
  /** Rows of draws.csv; none where it did not run. */
  readonly draws: readonly DrawRow[];
  /** What the kernel needs for bookkeeping, mean in pages; net savings subtract it. */
  readonly overheadPagesMean: number | null;
  readonly timeline: Moments;
  readonly spaces: readonly SpaceRow[];
  /** Rows of groups.csv; none where the trace has no memory cgroups. */
  readonly groups: readonly GroupRow[];
  readonly calls: readonly CallRow[];
  /** Wall time of the replay; depends on the host. */
  readonly wallNs: number;
}

/** The key columns of a cell, as far as they are known before it runs. */
export function cellKeys(cell: Cell, trace: { label: string; sha256: string }): CellKeys {
  return {
    cell: cell.cell,
    experiment: cell.experiment,
    trace: trace.label,
    replicate: cell.replicate,
    trace_sha256: trace.sha256,
    ...axisColumns(cell),
    draws: cell.draws,
  };
}

/** What one replay says of several cells. */
export interface CellResults {
  readonly result: CellResult;
  /**
   * Of the cells that were to follow, in their order: undefined where the policy did something else. Their timeline is that of
   * `result`.
   */
  readonly followed: readonly (CellResult | undefined)[];
}

type CellOptions = Pick<ReplayOptions, 'check' | 'progress' | 'observe' | 'completed' | 'aroundTimers'>;

/** Runs one cell in this thread, on the simulated kernel unless another machine is given. @throws InputError when the trace makes no sense */
export async function runCell(
  cell: Cell,
  trace: Trace,
  label: string,
  costs: CostTable,
  options: CellOptions = {},
  machine: TargetInfo = simulated,
): Promise<CellResult> {
  return (await runFamily([cell], trace, label, costs, options, machine)).result;
}

/**
 * Runs a cell as `runCell` does, and those after it, which differ from it in their discard policies alone, in the same
 * replay. Its time is that of the first cell.
 */
export async function runFamily(
  [cell, ...followers]: readonly [Cell, ...Cell[]],
  trace: Trace,
  label: string,
  costs: CostTable,
  options: CellOptions = {},
  machine: TargetInfo = simulated,
): Promise<CellResults> {
  const started = performance.now();
  const result = await replayOrReason(trace, {
    machine,
    ...axisOptions(cell),
    followers: followers.map((follower) => axisOptions(follower).discard),
    draws: cell.draws,
    costs,
    timeline: true,
    ...options,
  });
  const from = { label, sha256: trace.totals.sha256 };
  if (typeof result === 'string')
    return {
      result: withoutRun(cell, from, 'refused', result),
      followed: followers.map(() => undefined),
    };
  const wallNs = Math.round((performance.now() - started) * 1e6);
  const resultOf = (of: Cell, policy: PolicyResult) => cellResult(of, cellKeys(of, from), policy);
  const timeline = packed(result.timeline);
  return {
    result: { ...resultOf(cell, result), timeline, wallNs },
    followed: result.followed.map(
      (policy, i) => policy && { ...resultOf(followers[i]!, policy), timeline, wallNs: 0 },
    ),
  };
}

function cellResult(
  cell: Cell,
  keys: CellKeys,
  result: PolicyResult,
): Omit<CellResult, 'timeline' | 'wallNs'> {
  // The limit of a trace without limit events is no limit.
  const unlimited = cell.limit === 'trace' && !result.limited;
  return {
    cell: cell.cell,
    outcome: result.outcome,
    reason: result.reason,
    run: {
      ...keys,
      ...(unlimited ? { limit_pages: null } : {}),
      draws: result.draws.length,
      outcome: result.outcome,
      events: result.events,
      touches: result.touches,
      trace_time_us: result.traceTimeUs,
      ...measured(result.metrics),
    },
    draws: result.draws.map((times, i) => ({ cell: cell.cell, draw: i + 1, ...measured(times) })),
    overheadPagesMean: result.overheadPagesMean,
    spaces: result.spaces.map((row) => ({ cell: cell.cell, ...measured(row) })),
    groups: result.groups.map((row) => ({ cell: cell.cell, ...measured(row) })),
    calls: result.calls.map((row) => ({ cell: cell.cell, ...row })),
  };
}

/** The same with empty fields for what the machine does not measure, which has NaN for it. */
function measured<T extends object>(row: T): T {
  if (!Object.values(row).some(Number.isNaN)) return row;
  const fields = Object.entries(row).map(([name, value]) => [name, Number.isNaN(value) ? null : value]);
  return Object.fromEntries(fields) as T;
}

/** What a replay measured, or why a policy refused it. */
async function replayOrReason(trace: Trace, options: ReplayOptions): Promise<ReplayResult | string> {
  try {
    return await replay(trace, options);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** The result of a cell that did not finish: a policy refused it, or its worker died. */
export function withoutRun(
  cell: Cell,
  trace: { label: string; sha256: string },
  outcome: 'refused' | 'failed',
  reason: string,
): CellResult {
  return {
    cell: cell.cell,
    outcome,
    reason,
    run: {
      ...cellKeys(cell, trace),
      outcome,
      events: null,
      touches: null,
      trace_time_us: null,
      ...NO_METRICS,
    },
    draws: [],
    overheadPagesMean: null,
    timeline: NO_MOMENTS,
    spaces: [],
    groups: [],
    calls: [],
    wallNs: 0,
  };
}
