/**
 * The library behind `reclaim`: open or generate traces, replay them, run experiments, write policies.
 *
 * `replayTrace` replays a trace under one policy of each kind; `runExperiment` runs many cells and writes results;
 * `verdictOf` says what they mean.
 *
 * @example Replay a shipped trace
 * ```ts
 * import { loadTrace, replayTrace } from 'reclaim-bench';
 *
 * const trace = await loadTrace('postgresql-resize');
 * const { metrics } = await replayTrace(trace, { discard: 'remove', limit: '50%', swap: 'ssd' });
 * console.log(metrics.discard_pages, metrics.pgmajfault); // → 31404 679
 * ```
 *
 * @module
 */
import { InputError } from './base/errors.js';
import { loadCosts } from './cost/table.js';
import { type AxisValues, axisOptions } from './experiment/axes.js';
import { planReplay } from './experiment/plan.js';
import { findTrace } from './experiment/trace-names.js';
import { simulated } from './machine/target.js';
import type { AXES, AxisName } from './metrics/axes.js';
import { DEFAULT_DRAWS, MAX_DRAWS } from './metrics/draws.js';
import { type ReplayResult, replay } from './replay/replay.js';
import { compileTrace } from './trace/compile.js';
import { openTrace, type Trace } from './trace/trace.js';

export { HostError, InputError, type Place } from './base/errors.js';
export type {
  Parameter,
  ParameterBase,
  Parameters,
  ParameterValue,
  ParameterValues,
} from './base/parameters.js';
export type { Origin, Provenance } from './base/provenance.js';
export type { ReadaheadText } from './contract/readahead.js';
export { SWAP_KINDS, type SwapKind, type SwapText } from './contract/swap.js';
export type { AxisValues } from './experiment/axes.js';
export { type Experiment, type ExperimentTrace, readExperiment } from './experiment/file.js';
export type { GivesBack } from './experiment/gives-back.js';
export {
  type LoadedTrace,
  type RunEvents,
  type RunOptions,
  type RunSummary,
  runExperiment,
} from './experiment/run.js';
export type { GeneratedTrace, TraceEntry } from './experiment/trace-entries.js';
export { AXES, type AxisInfo, type AxisKind, type AxisName, type SizeName } from './metrics/axes.js';
export type { Claim, Term } from './metrics/claim.js';
export type { Value } from './metrics/csv.js';
export type { DrawsByCell } from './metrics/draws.js';
export {
  CALL_COLUMNS,
  type CallCount,
  type CallRow,
  DRAW_COLUMNS,
  type DrawRow,
  type DrawTimes,
  GROUP_COLUMNS,
  type GroupCount,
  type GroupRow,
  type Moment,
  type Paid,
  RUN_COLUMNS,
  type RunRow,
  SPACE_COLUMNS,
  type SpaceRow,
  TIMELINE_COLUMNS,
  type TimelineRow,
} from './metrics/files.js';
export {
  type Better,
  METRICS,
  type Metric,
  type MetricGroup,
  type MetricKind,
  type MetricName,
  type Metrics,
  type Unit,
} from './metrics/schema.js';
export type {
  LeftOut,
  LineReader,
  LineResult,
  ModuleEventReader,
  ModuleMergePolicy,
  ModuleMergeRules,
  ModulePurgePolicy,
  ModuleReader,
  ModuleRequest,
  ModuleRequestReader,
  ModuleWorkload,
  PolicyModule,
} from './modules/contract.js';
export { loadPolicyModule } from './modules/load.js';
export type { ModuleOrigin } from './policy/border/border.js';
export type {
  Clock,
  DiscardContext,
  DiscardPolicy,
  DiscardPolicyInfo,
  Errno,
  Kernel,
  LaterPages,
  MappedPiece,
  PageRange,
  Pressure,
  Program,
  Unpinned,
  VolatileResult,
} from './policy/discard/contract.js';
export type { HintRules, KsmParameters, MergePolicyInfo, MergeRules } from './policy/merge/contract.js';
export type { PurgePolicyInfo, PurgeRules } from './policy/purge/contract.js';
export {
  type AgingTables,
  type JointSearch,
  type Pages,
  type PolicyCounters,
  type ReclaimContext,
  type ReclaimPolicy,
  type ReclaimPolicyInfo,
  TRAIT,
  type UsedPages,
} from './policy/reclaim/contract.js';
export { MEMORY_KINDS, type MemoryKind } from './replay/memory-kind.js';
export type { PolicyResult, ReplayResult } from './replay/replay.js';
export type { AtOnce } from './report/at-once.js';
export type { Choice } from './report/choice.js';
export type { Axis } from './report/comparison.js';
export type { Scaled } from './report/estimate.js';
export type { GivenBack, GivenKind, TraceFacts } from './report/facts.js';
export type { Range } from './report/format.js';
export type { HugePages } from './report/huge-pages.js';
export type { Selectable } from './report/selection.js';
export {
  type Evidence,
  type Numbers,
  type OutOfMemory,
  type PriceFlip,
  type Tie,
  type Use,
  type Verdict,
  type VerdictPart,
  verdictOf,
} from './report/verdict.js';
export type { RandomStream } from './stats/random.js';
export type { TraceTotals } from './trace/binary/layout.js';
export { BlockBuilder, type EventBlock, type EventFields, StringTable } from './trace/block.js';
export { TraceMeta } from './trace/meta.js';
export { type FieldRule, OP, OPS, type OpInfo, type OpName } from './trace/op.js';
export type { RequestKind } from './trace/readers/reader.js';
export type { TraceSource, Workload, WorkloadContext } from './trace/source.js';
export type { Trace } from './trace/trace.js';
export { type Written, writeTrace } from './trace/write.js';

/** A value on an axis: what a cell has, or for a size the text that a flag takes, such as `75%`. */
export type AxisChoice<N extends AxisName> =
  | AxisValues[N]
  | ((typeof AXES)[N]['kind'] extends 'size' | 'limit' ? string : never);

/**
 * How `replayTrace` replays. The value on each axis has the name and the default of the flag of `reclaim replay`; `AXES`
 * lists them.
 *
 * @example The axes and their defaults
 * ```ts
 * import { AXES } from 'reclaim-bench';
 *
 * for (const name of ['discard', 'limit', 'swap'] as const) console.log(name, AXES[name].default);
 * // → discard keep
 * // → limit trace
 * // → swap none
 * ```
 */
export type ReplayTraceOptions = { readonly [N in AxisName]?: AxisChoice<N> | undefined } & {
  /** A cost table (JSON) instead of the shipped one. */
  readonly costs?: string;
  /** Draws of device latency: times are their means, and `draws` of the result has each. */
  readonly draws?: number;
  /** Check the machine's invariants after every event. */
  readonly check?: boolean;
  /** Keep the rows of timeline.csv. */
  readonly timeline?: boolean;
};

/**
 * Opens a trace for replay: a file of any form, the name of a shipped trace, or `-` for standard input.
 *
 * @throws InputError with `file:line:column` when the trace is wrong
 *
 * @example Say where a trace is wrong
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { InputError, loadTrace } from 'reclaim-bench';
 *
 * writeFileSync('pool.csv', 'time_us,op,space,page,count,arg\n0,spawn,1,,,\n5,discard,1,,16,\n');
 * try {
 *   await loadTrace('pool.csv');
 * } catch (error) {
 *   if (!(error instanceof InputError)) throw error;
 *   console.log(error.message); // → pool.csv:3:17: discard needs a page, found an empty field
 * }
 * ```
 */
export async function loadTrace(name: string): Promise<Trace> {
  const { path, shown } = findTrace(name);
  return openTrace(await compileTrace(path, shown));
}

/**
 * Replays a trace under one policy of each kind.
 *
 * @throws InputError for a value that is not one of its axis, or an event that makes no sense
 *
 * @example Compare policies on one trace
 * ```ts
 * import { loadTrace, replayTrace } from 'reclaim-bench';
 *
 * const trace = await loadTrace('postgresql-resize');
 * const { metrics: kept } = await replayTrace(trace, { discard: 'keep' });
 * for (const discard of ['dontneed', 'remove']) {
 *   const { metrics } = await replayTrace(trace, { discard });
 *   const savedPages = kept.resident_pages_mean - metrics.resident_pages_mean;
 *   console.log(discard, Math.round(savedPages));
 * }
 * // → dontneed 0
 * // → remove 5874
 * ```
 *
 * @example How far stalls differ between draws of device latency
 * ```ts
 * import { loadTrace, replayTrace } from 'reclaim-bench';
 *
 * const trace = await loadTrace('postgresql-resize');
 * const { draws } = await replayTrace(trace, { limit: '50%', swap: 'ssd', draws: 8 });
 * const stallsMs = draws.map((draw) => draw.stall_ns / 1e6);
 * console.log(draws.length, Math.max(...stallsMs) > Math.min(...stallsMs)); // → 8 true
 * ```
 *
 * @example Memory over time
 * ```ts
 * import { loadTrace, replayTrace } from 'reclaim-bench';
 *
 * const trace = await loadTrace('mariadb-resize');
 * const { timeline } = await replayTrace(trace, { discard: 'dontneed', timeline: true });
 * const peak = timeline.reduce((a, b) => (b.resident_pages > a.resident_pages ? b : a));
 * console.log(peak.time_us, peak.resident_pages); // → 4893674 1400
 * ```
 */
export async function replayTrace(trace: Trace, options: ReplayTraceOptions = {}): Promise<ReplayResult> {
  const { costs: file, draws = DEFAULT_DRAWS, check, timeline, ...axes } = options;
  if (!Number.isInteger(draws) || draws < 1 || draws > MAX_DRAWS)
    throw new InputError(`draws is ${draws}, expected a whole number from 1 to ${MAX_DRAWS}`);
  const plan = planReplay(axes);
  const costs = loadCosts(file);
  const watched = { check: check === true, timeline: timeline === true };
  const values = axisOptions(await plan(trace, costs));
  return replay(trace, { machine: simulated, ...values, draws, costs, ...watched });
}
