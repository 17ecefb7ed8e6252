import type { Target } from '../../contract/target.js';
import { STALL_PARTS } from '../../metrics/schema.js';
import type { EventBlock } from '../../trace/block.js';
import { HAS, OP } from '../../trace/op.js';
import type { Trace } from '../../trace/trace.js';
import type { ReplayOptions } from '../options.js';
import { type Slice, Slices } from './slices.js';

/** Slices that are kept, moments at which counters are read, and instants. With their parts, a file of some 15 MB. */
const MOST_SLICES = 20_000;
const MOMENTS = 500;
const MOST_INSTANTS = 2_000;

/** Ops that are shown as instants: what the trace says of itself, or changes for all. */
const INSTANT_OPS: ReadonlySet<number> = new Set([OP.mark, OP.limit, OP.set, OP.pressure]);

/** Counters at a moment. */
export interface Counters {
  readonly timeUs: number;
  /** Pages on the lists of the reclaim policy, by name. */
  readonly lists: Readonly<Record<string, number>>;
  /** Since the start. */
  readonly stallNs: number;
  readonly daemonNs: number;
  readonly pgfault: number;
  readonly pgmajfault: number;
}

/** A moment of the trace that has a name. */
export interface Instant {
  readonly timeUs: number;
  readonly op: number;
  readonly text: number;
  /** Pages of a limit; undefined where there are none. */
  readonly count: number | undefined;
}

/**
 * Watches a replay for a timeline, by `hooks`, which are of its options: what each event stalled its thread, what calls of policies
 * did that timers made, counters at equal steps of trace time, and marks. Nothing of it runs where no timeline is wanted.
 */
export class TimelineRecorder {
  readonly slices: Slices;
  readonly counters: Counters[] = [];
  readonly instants: Instant[] = [];
  /** Instants beyond the most. */
  moreInstants = 0;
  private readonly before = new Float64Array(STALL_PARTS.length);
  private readonly parts = new Float64Array(STALL_PARTS.length);
  /** Spaces that have acted or were forked: timers of policies may make calls for any of them. */
  private readonly spaces = new Set<number>();
  /** What the space of the event at hand pays into: it may be gone after the event. */
  private account: Float64Array | undefined;
  private readonly stepUs: number;
  private nextUs: number;

  /** @param mostSlices slices that are kept: of more, those that stalled longest */
  constructor(
    readonly trace: Trace,
    mostSlices = MOST_SLICES,
  ) {
    const { firstTimeUs, lastTimeUs } = trace.totals;
    this.slices = new Slices(mostSlices);
    this.stepUs = Math.max(1, (lastTimeUs - firstTimeUs) / MOMENTS);
    this.nextUs = firstTimeUs;
  }

  /** What a replay calls. */
  get hooks(): Pick<ReplayOptions, 'observe' | 'completed' | 'aroundTimers'> {
    return { observe: this.observe, completed: this.completed, aroundTimers: this.aroundTimers };
  }

  /** Before an event. */
  private readonly observe = (machine: Target, block: EventBlock, row: number): void => {
    const timeUs = block.time[row]!;
    if (timeUs >= this.nextUs) this.sample(machine, timeUs);
    this.account = this.ofSpace(machine, block, row);
    if (this.account) this.before.set(this.account);
    else this.before.fill(0);
  };

  /** After it. */
  private readonly completed = (
    machine: Target,
    _returned: unknown,
    block: EventBlock,
    row: number,
  ): void => {
    const op = block.op[row]!;
    const text = block.fields[row]! & HAS.text ? block.text[row]! : -1;
    if (INSTANT_OPS.has(op)) this.addInstant(block, row, op, text);
    if (block.fields[row]! & HAS.space) this.spaces.add(block.space[row]!);
    if (op === OP.fork) this.spaces.add(Number(this.trace.strings.text(text)));
    const stalls = this.account ?? this.ofSpace(machine, block, row);
    if (!stalls) return;
    this.addSlice(stalls, this.before, {
      timeUs: block.time[row]!,
      space: block.space[row]!,
      thread: block.thread[row]!,
      op,
      text,
      page: block.page[row]!,
      count: block.count[row]!,
    });
  };

  /** Timers: their calls are shown as a discard of each space that pays for them, without a range. */
  private readonly aroundTimers = (machine: Target, timeUs: number, work: () => void): void => {
    const accounts = [...this.spaces].flatMap((space) => {
      const stalls = machine.stallsOf?.(space);
      return stalls ? [{ space, stalls, before: stalls.slice() }] : [];
    });
    work();
    for (const { space, stalls, before } of accounts)
      this.addSlice(stalls, before, {
        timeUs,
        space,
        thread: 0,
        op: OP.discard,
        text: -1,
        page: 0,
        count: 0,
      });
  };

  /** @param stalls of an account, after what is shown @param before it */
  private addSlice(stalls: Float64Array, before: Float64Array, of: Omit<Slice, 'stallNs' | 'partsNs'>): void {
    const { parts } = this;
    let stallNs = 0;
    for (let i = 0; i < parts.length; i++) {
      parts[i] = stalls[i]! - before[i]!;
      stallNs += parts[i]!;
    }
    if (stallNs > 0) this.slices.add({ ...of, stallNs, partsNs: parts });
  }

  private ofSpace(machine: Target, block: EventBlock, row: number): Float64Array | undefined {
    return block.fields[row]! & HAS.space ? machine.stallsOf?.(block.space[row]!) : undefined;
  }

  private addInstant(block: EventBlock, row: number, op: number, text: number): void {
    if (this.instants.length === MOST_INSTANTS) this.moreInstants++;
    else
      this.instants.push({
        timeUs: block.time[row]!,
        op,
        text,
        count: block.fields[row]! & HAS.count ? block.count[row]! : undefined,
      });
  }

  private sample(machine: Target, timeUs: number): void {
    const { daemon_ns, pgfault, pgmajfault } = machine.counters();
    this.counters.push({
      timeUs,
      lists: machine.listSizes?.() ?? {},
      stallNs: this.slices.seenNs,
      daemonNs: daemon_ns,
      pgfault,
      pgmajfault,
    });
    while (this.nextUs <= timeUs) this.nextUs += this.stepUs;
  }
}
