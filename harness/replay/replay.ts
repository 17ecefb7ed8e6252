import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { labelText } from '../base/printable.js';
import { type ReadaheadText, readaheadSetup } from '../contract/readahead.js';
import { Refusal } from '../contract/refusal.js';
import type { Follower, Target } from '../contract/target.js';
import { AXES } from '../metrics/axes.js';
import { meanOfDraws } from '../metrics/draws.js';
import type { CallCount, DrawTimes, GroupCount, Moment, Paid } from '../metrics/files.js';
import type { Metrics, Outcome } from '../metrics/schema.js';
import { checkedDiscard } from '../policy/border/discard.js';
import { checkedReclaim } from '../policy/border/reclaim.js';
import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { LaterPages } from '../policy/discard/contract.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import type { Trace } from '../trace/trace.js';
import { bookedDraws, checkClosed } from './closed/clock.js';
import { checkForeseeable, Foresight, foresighted, UseRecorder } from './future.js';
import { KindChange } from './memory-kind.js';
import { type Accesses, applicablePaid, closedMetrics, collectMetrics, laterMetrics } from './metrics.js';
import type { ReplayOptions } from './options.js';
import { Run } from './run.js';
import { sampledOptions, scaledResult } from './sampled.js';

/** What a replay measured under a discard policy. */
export interface PolicyResult {
  readonly outcome: Outcome;
  /** Why the outcome is not `ok`. */
  readonly reason: string | undefined;
  readonly events: number;
  /** Pages the trace's own reads and writes touched. */
  readonly touches: number;
  readonly traceTimeUs: number;
  /** Whether there was a memory limit at any time. */
  readonly limited: boolean;
  /** By name of the metric schema; times are means over draws. */
  readonly metrics: Metrics;
  /** The times of each draw of device latency. */
  readonly draws: readonly DrawTimes[];
  /** Page-table pages, struct pages and merge metadata, mean in pages: what net savings subtract. */
  readonly overheadPagesMean: number;
  readonly timeline: readonly Moment[];
  readonly spaces: readonly Paid[];
  /** Memory cgroups below that of the trace; none where it has none. */
  readonly groups: readonly GroupCount[];
  /** What the calls of the trace itself returned. */
  readonly calls: readonly CallCount[];
}

/** What a replay measured. */
export interface ReplayResult extends PolicyResult {
  /** Bytes of host memory that the machine's arrays took at the end, by part. */
  readonly hostBytes: Readonly<Record<string, number>>;
  /** The same under the policies that were to follow, in their order; undefined where one did something else. */
  readonly followed: readonly (PolicyResult | undefined)[];
}

/**
 * Replays a trace through a machine until its last event, or until its limit cannot be met. A policy that needs the
 * future takes two replays: the first, where memory is never short, writes down the uses of pages.
 *
 * @throws InputError with the line of an event that makes no sense
 * @throws Refusal when a policy, the machine or the kind of memory lacks what it needs
 */
export async function replay<T extends Target>(
  trace: Trace,
  options: ReplayOptions<T>,
): Promise<ReplayResult> {
  checkPageSize(trace);
  const { sample } = trace.meta;
  const checked = options.check ? withBorders(options) : options;
  if (sample === 1) return replayChecked(trace, checked);
  const result = await replayChecked(trace, sampledOptions(checked, sample));
  const followed = result.followed.map((one) => one && scaledResult(one, sample));
  return { ...scaledResult(result, sample), followed };
}

/** The same with every call of a policy checked; policies from outside are anyway. */
function withBorders<T extends Target>(options: ReplayOptions<T>): ReplayOptions<T> {
  const { discard, reclaim } = options;
  return {
    ...options,
    discard: discard.info.module ? discard : { ...discard, info: checkedDiscard(discard.info) },
    reclaim: reclaim.info.module ? reclaim : { ...reclaim, info: checkedReclaim(reclaim.info) },
  };
}

async function replayChecked<T extends Target>(
  trace: Trace,
  options: ReplayOptions<T>,
): Promise<ReplayResult> {
  const { reclaim } = options;
  if (isControlled(options)) return replayControlled(trace, options);
  if (!reclaim.info.needsFuture) return replayOnce(trace, options);
  const foresight = await foresee(trace, options);
  const info = foresighted(reclaim.info, foresight);
  const alone = { ...options, reclaim: { ...reclaim, info }, followers: undefined };
  const result = await replayOnce(trace, alone);
  if (result.outcome === 'ok' && !foresight.complete)
    throw new Refusal(
      `reclaim policy ${info.name} needs the future, and which pages this trace uses depends on what is evicted`,
    );
  // What is foreseen is that of one policy.
  return { ...result, followed: (options.followers ?? []).map(() => undefined) };
}

/** Whether something asks for reclaim before memory is short. */
function isControlled<T extends Target>({ controller }: ReplayOptions<T>): boolean {
  return controller !== undefined && controller.info.name !== AXES.controller.default;
}

/**
 * What a controller does follows from the pressure that it finds, and so from latencies and prices: one draw of latency is booked, and
 * no policy follows.
 */
async function replayControlled<T extends Target>(
  trace: Trace,
  options: ReplayOptions<T>,
): Promise<ReplayResult> {
  const { followers = [], reclaim, controller } = options;
  const { name } = controller!.info;
  if (reclaim.info.needsFuture)
    throw new Refusal(
      `reclaim policy ${reclaim.info.name} needs the future, and controller ${name} reclaims by pressure: expected controller none`,
    );
  const result = await replayOnce(trace, { ...options, draws: 1, followers: undefined });
  return { ...result, followed: followers.map(() => undefined) };
}

/** @throws InputError for pages of a size that prices and structures of the machine are not of */
function checkPageSize({ name, meta }: Trace): void {
  if (meta.pageBytes !== PAGE_BYTES)
    throw new InputError(
      `page_size is ${meta.pageBytes}, and prices and structures of the machine are of ${PAGE_BYTES}-byte pages: expected page_size ${PAGE_BYTES}`,
      { file: name },
    );
}

/** The first replay for a policy that needs the future. */
async function foresee<T extends Target>(trace: Trace, options: ReplayOptions<T>): Promise<Foresight> {
  const { reclaim, merge } = options;
  const { name } = reclaim.info;
  if (merge && merge.info.name !== 'none')
    throw new Refusal(
      `reclaim policy ${name} needs the future, and what is merged, and when, depends on what is evicted: expected merge policy none, not ${merge.info.name}`,
    );
  if (readaheadOf(options) !== 'off')
    throw new Refusal(
      `reclaim policy ${name} needs the future, and pages that are read ahead are none that it can foresee: expected readahead off`,
    );
  const recorder = new UseRecorder();
  const first: ReplayOptions<T> = {
    machine: options.machine,
    discard: options.discard,
    reclaim: { ...reclaim, info: { ...reclaim.info, create: (pages) => recorder.watch(pages) } },
    swap: options.swap,
    backing: options.backing,
    limit: 'none',
    seed: options.seed,
    costs: options.costs,
    completed: (machine) => checkForeseeable(name, machine.timeline()),
  };
  const run = await begin(trace, first, true);
  try {
    for await (const block of trace.blocks()) await run.block(block);
    run.finish();
    return new Foresight(recorder.uses());
  } finally {
    await run.target.dispose();
  }
}

/** A replay that says nothing reads nothing ahead: so do those that are compared with reference strings, or page by page. */
function readaheadOf({ readahead = 'off' }: Pick<ReplayOptions, 'readahead'>): ReadaheadText {
  return readahead;
}

/** Sets the machine up. @param foresees as in `Run` */
async function begin<T extends Target>(
  trace: Trace,
  options: ReplayOptions<T>,
  foresees = false,
): Promise<Run<T>> {
  const { machine, limit, discard, reclaim } = options;
  const purge = options.purge ?? purgePolicies.choose(AXES.purge.default);
  const merge = options.merge ?? mergePolicies.choose(AXES.merge.default);
  const timeLimit = TimeLimit.of([discard.info, reclaim.info, merge.info, purge.info]);
  const setup = {
    costs: options.costs,
    discard,
    reclaim,
    purge,
    merge,
    controller: isControlled(options) ? options.controller : undefined,
    swap: options.swap,
    oom: options.oom ?? AXES.oom.default,
    limit: typeof limit === 'number' ? limit : undefined,
    memory: options.memory,
    thp: options.thp ?? 'never',
    readahead: readaheadSetup(readaheadOf(options)),
    seed: options.seed,
    draws: bookedDraws(options.clock, options.draws ?? 1),
    startUs: trace.totals.firstTimeUs,
    sample: trace.meta.sample,
    ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
  };
  const target = await within(timeLimit, () => machine.create(setup));
  if (options.clock === 'closed') checkClosed(target, reclaim.info, trace.meta.sample);
  const kindChange = await KindChange.of(trace, options.backing);
  return within(timeLimit, () => new Run(target, trace, options, kindChange, timeLimit, foresees));
}

async function replayOnce<T extends Target>(trace: Trace, options: ReplayOptions<T>): Promise<ReplayResult> {
  const run = await begin(trace, options);
  try {
    let alive = true;
    for await (const block of trace.blocks()) {
      alive = await run.block(block);
      options.progress?.(run.events);
      if (!alive) break;
    }
    if (alive) await run.rest();
    return await resultOf(run, trace, options);
  } finally {
    await run.target.dispose();
  }
}

async function resultOf<T extends Target>(
  run: Run<T>,
  trace: Trace,
  { memory }: ReplayOptions<T>,
): Promise<ReplayResult> {
  const { target, sampler } = run;
  run.finish();
  sampler.finish();
  const { outcome, reason, abandoned } = await target.finish();
  const touches = run.touches - abandoned.touches;
  const means = sampler.means();
  const accesses: Accesses = {
    count: touches,
    known: trace.meta.touches,
    short: run.limited || run.bounded || memory !== undefined,
  };
  const under = (
    measured: Pick<Follower, 'counters' | 'draws' | 'spaces'>,
    later: LaterPages | undefined,
  ): PolicyResult => {
    const draws = measured.draws(touches);
    const counted = {
      ...measured.counters(),
      ...laterMetrics(later),
      ...closedMetrics(run.closed),
      ...meanOfDraws(draws),
      events_skipped: run.skipped.events,
    };
    return {
      outcome,
      reason,
      events: run.events - run.skipped.events - abandoned.events,
      touches,
      traceTimeUs: trace.totals.lastTimeUs - trace.totals.firstTimeUs,
      limited: run.limited,
      metrics: collectMetrics(counted, means, accesses),
      draws,
      overheadPagesMean: means.overhead,
      timeline: sampler.rows,
      spaces: applicablePaid(named(measured.spaces(sampler.residentPageUs)), accesses),
      groups: target.groups?.() ?? [],
      calls: target.callOutcomes(),
    };
  };
  const { laterPages, followers } = run.discarding;
  const followed = followers.map((one) => one && under(one.side, one.laterPages));
  return { ...under(target, laterPages), hostBytes: target.hostBytes(), followed };
}

/** Programs give spaces whatever names they like. */
function named(paid: readonly Paid[]): Paid[] {
  return paid.map((row) => ({ ...row, name: row.name === null ? null : labelText(row.name) }));
}
