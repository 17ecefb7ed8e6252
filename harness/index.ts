/**
 * The library behind `reclaim`: open or generate traces, replay them, run experiments, write policies.
 *
 * @example
 * const trace = await loadTrace('pool.csv');
 * const result = await replayTrace(trace, { discard: 'remove', limit: 1024, swap: 'ssd' });
 * console.log(result.metrics.resident_pages_mean);
 *
 * @module
 */
import { loadCosts } from './cost/table.js';
import { findTrace } from './experiment/traces.js';
import { simulated } from './machine/target.js';
import { discardPolicies } from './policy/discard/registry.js';
import { mergePolicies } from './policy/merge/registry.js';
import { purgePolicies } from './policy/purge/registry.js';
import { reclaimPolicies } from './policy/reclaim/registry.js';
import type { Backing } from './replay/backing.js';
import { type ReplayResult, replay } from './replay/replay.js';
import type { SwapKind } from './target/contract.js';
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
export { type Experiment, type ExperimentTrace, readExperiment } from './experiment/file.js';
export {
  type LoadedTrace,
  type RunEvents,
  type RunOptions,
  type RunSummary,
  runExperiment,
} from './experiment/run.js';
export type { GeneratedTrace, TraceEntry } from './experiment/trace-entries.js';
export type { Claim, Term } from './metrics/claim.js';
export type { Row, Value } from './metrics/csv.js';
export {
  type Better,
  METRICS,
  type Metric,
  type MetricGroup,
  RUN_COLUMNS,
  SPACE_COLUMNS,
  TIMELINE_COLUMNS,
  type Unit,
} from './metrics/schema.js';
export type {
  DiscardContext,
  DiscardPolicy,
  DiscardPolicyInfo,
  Errno,
  Kernel,
  MappedPiece,
  PageRange,
  Pressure,
  Program,
  Unpinned,
  VolatileResult,
} from './policy/discard/contract.js';
export { loadPolicyModule, type PolicyModule } from './policy/module.js';
export {
  type Pages,
  type ReclaimContext,
  type ReclaimPolicy,
  type ReclaimPolicyInfo,
  TRAIT,
} from './policy/reclaim/contract.js';
export { BACKINGS, type Backing } from './replay/backing.js';
export type { ReplayResult } from './replay/replay.js';
export type { RandomStream } from './stats/random.js';
export { SWAP_KINDS, type SwapKind } from './target/contract.js';
export type { TraceTotals } from './trace/binary/layout.js';
export { BlockBuilder, type EventBlock, type EventFields, StringTable } from './trace/block.js';
export { TraceMeta } from './trace/meta.js';
export { type FieldRule, OP, OPS, type OpInfo, type OpName } from './trace/op.js';
export type { TraceSource, Workload, WorkloadContext } from './trace/source.js';
export type { Trace } from './trace/trace.js';
export { type Written, writeTrace } from './trace/write.js';

/** How `replayTrace` replays; the defaults are those of `reclaim replay`. */
export interface ReplayTraceOptions {
  /** Discard policy as text, for example `punch:lookup=1`. Default: `keep`. */
  readonly discard?: string;
  /** Reclaim policy as text. Default: `linux`. */
  readonly reclaim?: string;
  /** Merge policy as text: which equal pages become one. Default: `none`. */
  readonly merge?: string;
  /** Purge policy as text: how volatile memory goes. Default: `range-lru`. */
  readonly purge?: string;
  /** Default: `none`. */
  readonly swap?: SwapKind;
  /** Memory limit in pages, `none`, or `trace` for the trace's own `limit` events. Default: `trace`. */
  readonly limit?: number | 'none' | 'trace';
  /** What memory of one space is: as the trace has it, or all of one kind. Default: `recorded`. */
  readonly backing?: Backing;
  /** The machine's memory in pages: below its watermarks kswapd reclaims. Default: never short. */
  readonly memory?: number;
  /** Seed of all random draws. Default: 1. */
  readonly seed?: number;
  /** A cost table (JSON) instead of the shipped one. */
  readonly costs?: string;
  /** Verify the machine's invariants after every event. */
  readonly check?: boolean;
  /** Keep the rows of timeline.csv. */
  readonly timeline?: boolean;
}

/**
 * Opens a trace for replay: a file of any form, the name of a shipped trace, or `-` for standard input.
 *
 * @throws InputError with `file:line:column` when the trace is wrong
 */
export async function loadTrace(name: string): Promise<Trace> {
  const { path, shown } = findTrace(name);
  return openTrace(await compileTrace(path, shown));
}

/**
 * Replays a trace under one policy of each kind.
 *
 * @throws InputError for an unknown policy or parameter, or an event that makes no sense
 */
export function replayTrace(trace: Trace, options: ReplayTraceOptions = {}): Promise<ReplayResult> {
  const {
    discard = 'keep',
    reclaim = 'linux',
    merge = 'none',
    purge = 'range-lru',
    swap = 'none',
    limit = 'trace',
    seed = 1,
    costs,
    ...others
  } = options;
  return replay(trace, {
    machine: simulated,
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose(reclaim),
    merge: mergePolicies.choose(merge),
    purge: purgePolicies.choose(purge),
    swap,
    limit,
    seed,
    costs: loadCosts(costs),
    ...others,
  });
}
