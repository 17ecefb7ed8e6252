import { Refusal } from '../../contract/refusal.js';
import { loadCosts } from '../../cost/table.js';
import { type SimulatedMachine, simulated } from '../../machine/target.js';
import type { DiscardPolicyInfo } from '../../policy/discard/contract.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { mergePolicies } from '../../policy/merge/registry.js';
import { purgePolicies } from '../../policy/purge/registry.js';
import type { ReclaimPolicyInfo } from '../../policy/reclaim/contract.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import type { Chosen } from '../../policy/registry.js';
import type { ReplayOptions } from '../../replay/options.js';
import { type ReplayResult, replay } from '../../replay/replay.js';
import type { EventBlock } from '../../trace/block.js';
import type { Trace } from '../../trace/trace.js';
import { type Kinds, randomTrace } from './random-events.js';
import { type Check, fail } from './result.js';
import { programTraces } from './traces.js';

/** Policies of a replay, by their texts or as they were chosen; the others are the defaults. */
export interface Under {
  readonly discard?: string | Chosen<DiscardPolicyInfo>;
  readonly reclaim?: string | Chosen<ReclaimPolicyInfo>;
  readonly merge?: string;
  readonly purge?: string;
  readonly limit?: number;
  readonly swap?: 'none' | 'ssd' | 'zram';
  readonly seed?: number;
  /** Whether to verify the machine's invariants after every event. */
  readonly check?: boolean;
  readonly observe?: (machine: SimulatedMachine, block: EventBlock, row: number) => void;
}

const COSTS = loadCosts();

function optionsOf(under: Under): ReplayOptions<SimulatedMachine> {
  const { discard = 'keep', reclaim = 'linux', merge = 'none', purge = 'range-lru' } = under;
  return {
    machine: simulated,
    discard: typeof discard === 'string' ? discardPolicies.choose(discard) : discard,
    reclaim: typeof reclaim === 'string' ? reclaimPolicies.choose(reclaim) : reclaim,
    merge: mergePolicies.choose(merge),
    purge: purgePolicies.choose(purge),
    swap: under.swap ?? 'ssd',
    limit: under.limit ?? 'none',
    seed: under.seed ?? 1,
    costs: COSTS,
    check: under.check === true,
    ...(under.observe && { observe: under.observe }),
  };
}

/** Replays a trace. Undefined where the machine cannot have what a policy needs. @throws Error naming the trace, for all else */
export async function replayed(trace: Trace, under: Under): Promise<ReplayResult | undefined> {
  try {
    return await replay(trace, optionsOf(under));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A small trace of a family of programs, and half of the pages that it has in memory at its peak. */
interface FamilyTrace {
  readonly trace: Trace;
  readonly half: number;
}

async function withHalf(trace: Trace): Promise<FamilyTrace> {
  const result = await replayed(trace, {});
  const peak = result!.metrics.resident_pages_peak as number;
  return { trace, half: Math.max(16, Math.ceil(peak / 2)) };
}

let families: Promise<readonly FamilyTrace[]> | undefined;

/** A small trace of each family of programs. They are made once. */
export function familyTraces(): Promise<readonly FamilyTrace[]> {
  families ??= programTraces().then((traces) => Promise.all(traces.map(withHalf)));
  return families;
}

/** The check that a policy carries a trace of each family. @param under replays with a subject */
export function familiesCheck<T>(under: (subject: T) => Under): Check<T> {
  return {
    name: 'families',
    async run(subject) {
      const tally = new Tally();
      for (const { trace, half } of await familyTraces()) {
        tally.add(await replayed(trace, under(subject)));
        tally.add(await replayed(trace, { ...under(subject), limit: half }));
      }
      return tally.text('a trace of each family of programs, with a limit and without');
    },
  };
}

/** What is the same of two replays that do the same; `undefined` of one that was refused. */
function shownOf(result: ReplayResult | undefined): string {
  return JSON.stringify(result && [result.outcome, result.metrics, result.draws, result.spaces]);
}

/** The first metric that two replays differ in. */
function difference(a: ReplayResult | undefined, b: ReplayResult | undefined): string {
  if (!a || !b) return 'one was refused';
  const names = Object.keys(a.metrics) as (keyof ReplayResult['metrics'])[];
  const name = names.find((one) => a.metrics[one] !== b.metrics[one]);
  return name === undefined ? 'in what spaces pay' : `${name} ${a.metrics[name]} and ${b.metrics[name]}`;
}

/** A trace with its events in blocks of a few, so that two replays at a time take turns. */
function inTurns(trace: Trace): Trace {
  const EVENTS = 50;
  const columns = (block: EventBlock, from: number, to: number): EventBlock => {
    const cut = <T extends { subarray(from: number, to: number): T }>(column: T) => column.subarray(from, to);
    return {
      length: to - from,
      firstLine: block.firstLine + from,
      time: cut(block.time),
      page: cut(block.page),
      count: cut(block.count),
      space: cut(block.space),
      thread: cut(block.thread),
      text: cut(block.text),
      content: cut(block.content),
      op: cut(block.op),
      fields: cut(block.fields),
    };
  };
  const { name, meta, strings, totals } = trace;
  return {
    ...{ name, meta, strings, totals },
    place: (block, row) => trace.place(block, row),
    async *blocks() {
      for await (const block of trace.blocks())
        for (let from = 0; from < block.length; from += EVENTS) {
          yield columns(block, from, Math.min(block.length, from + EVENTS));
          await Promise.resolve();
        }
    },
  };
}

/**
 * Checks that a replay does the same each time: alone, next to another replay of the same policy, and after that.
 *
 * @param other a trace that the replay next to it is of
 */
async function checkSameAgain(trace: Trace, other: Trace, under: Under): Promise<string> {
  const alone = await replayed(trace, under);
  const [next] = await Promise.all([replayed(inTurns(trace), under), replayed(inTurns(other), under)]);
  if (shownOf(next) !== shownOf(alone))
    fail(
      `${trace.name}: alone and next to another replay it differs (${difference(alone, next)}): instances share state`,
    );
  const again = await replayed(trace, under);
  if (shownOf(again) !== shownOf(alone))
    fail(
      `${trace.name}: two replays differ (${difference(alone, again)}): it keeps state between them, looks at a clock or draws numbers of its own`,
    );
  return 'the same results again, also next to another instance';
}

/** The check that replays of random traces are the same again. @param under replays with a subject */
export function sameAgainCheck<T>(under: (subject: T) => Under, events: number, kinds: Kinds): Check<T> {
  return {
    name: 'same again',
    run: async (subject) =>
      checkSameAgain(
        await randomTrace(1, events, kinds),
        await randomTrace(2, events, kinds),
        under(subject),
      ),
  };
}

/** Whether a replay took place, and what is to be said of those that did. */
export class Tally {
  private ran = 0;
  private refused = 0;
  private events = 0;
  private oom = 0;

  add(result: ReplayResult | undefined): void {
    if (!result) this.refused++;
    else {
      this.ran++;
      this.events += result.events;
      if (result.outcome === 'oom') this.oom++;
    }
  }

  text(of: string): string {
    const parts = [
      `${this.ran} replays of ${of}, ${this.events} events`,
      ...(this.oom > 0 ? [`${this.oom} ran out of memory`] : []),
      ...(this.refused > 0 ? [`${this.refused} refused, as the policy lacks what they need`] : []),
    ];
    return parts.join('; ');
  }
}
