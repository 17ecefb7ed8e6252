import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import type { Moment, Paid } from '../metrics/files.js';
import type { Metrics, Outcome } from '../metrics/schema.js';
import type { Trace } from '../trace/trace.js';
import { Backed } from './backing.js';
import { Foresight, foresighted, UseRecorder } from './future.js';
import { collectMetrics, spaceRows } from './metrics.js';
import type { ReplayOptions } from './options.js';
import { checkForeseeable, Refusal } from './refusal.js';
import { Run } from './run.js';

/** What a replay measured. */
export interface ReplayResult {
  readonly outcome: Outcome;
  /** Why the outcome is not `ok`. */
  readonly reason: string | undefined;
  readonly events: number;
  /** Pages the trace's own reads and writes touched. */
  readonly touches: number;
  readonly traceTimeUs: number;
  /** Whether there was a memory limit at any time. */
  readonly limited: boolean;
  /** By name of the metric schema. */
  readonly metrics: Metrics;
  /** Page-table pages, struct pages and merge metadata, mean in pages: what net savings subtract. */
  readonly overheadPagesMean: number;
  readonly timeline: readonly Moment[];
  readonly spaces: readonly Paid[];
  /** Bytes of host memory that the machine's arrays took at the end, by part. */
  readonly hostBytes: Readonly<Record<string, number>>;
}

/**
 * Replays a trace through a machine until its last event, or until its limit cannot be met. A policy that needs the
 * future takes two replays: the first, where memory is never short, writes down the uses of pages.
 *
 * @throws InputError with the line of an event that makes no sense
 * @throws Refusal when a policy or the backing lacks what it needs
 */
export async function replay(trace: Trace, options: ReplayOptions): Promise<ReplayResult> {
  checkPageSize(trace);
  const { reclaim } = options;
  if (!reclaim.info.needsFuture) return replayOnce(trace, options);
  const foresight = await foresee(trace, options);
  const info = foresighted(reclaim.info, foresight);
  const result = await replayOnce(trace, { ...options, reclaim: { ...reclaim, info } });
  if (result.outcome === 'ok' && !foresight.complete)
    throw new Refusal(
      `reclaim policy ${info.name} needs the future, and which pages this trace uses depends on what is evicted`,
    );
  return result;
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
async function foresee(trace: Trace, options: ReplayOptions): Promise<Foresight> {
  const { discard, reclaim, swap, seed, costs, merge, backing } = options;
  const { name } = reclaim.info;
  if (merge && merge.info.name !== 'none')
    throw new Refusal(
      `reclaim policy ${name} needs the future, and what is merged, and when, depends on what is evicted: expected merge policy none, not ${merge.info.name}`,
    );
  const recorder = new UseRecorder();
  const info = { ...reclaim.info, create: () => recorder };
  const run = new Run(
    trace,
    {
      discard,
      reclaim: { ...reclaim, info },
      swap,
      limit: 'none',
      seed,
      costs,
      completed: ({ pages }) => checkForeseeable(name, pages),
    },
    await Backed.of(trace, backing),
    true,
  );
  for await (const block of trace.blocks()) run.block(block);
  recorder.grow(run.machine.pages.count);
  return new Foresight(recorder.uses());
}

async function replayOnce(trace: Trace, options: ReplayOptions): Promise<ReplayResult> {
  const run = new Run(trace, options, await Backed.of(trace, options.backing));
  let starved = false;
  for await (const block of trace.blocks()) {
    starved = run.block(block);
    options.progress?.(run.events);
    if (starved) break;
  }
  run.sampler.finish();
  run.machine.shares.finish(run.machine);
  const means = run.sampler.means();
  return {
    outcome: starved ? 'oom' : 'ok',
    reason: starved
      ? `${options.memory === undefined ? 'the limit could not be met' : 'memory ran out'}: no page was left that could go`
      : undefined,
    events: run.events,
    touches: run.touches,
    traceTimeUs: trace.totals.lastTimeUs - trace.totals.firstTimeUs,
    limited: run.limited,
    metrics: collectMetrics(
      run.machine,
      run.discarding.kernel,
      run.discarding.program,
      means,
      run.touches,
      trace.meta.touchesInferred,
    ),
    overheadPagesMean: means.overhead,
    timeline: run.sampler.rows,
    spaces: spaceRows(run.machine, run.sampler.residentPageUs),
    hostBytes: run.machine.hostBytes(),
  };
}
