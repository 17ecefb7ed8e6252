import type { CostTable } from '../cost/table.js';
import { InputError } from '../input/errors.js';
import { fallocateBlocks } from '../machine/advice/allocate.js';
import { madvise } from '../machine/advice/madvise.js';
import { fallocatePunch } from '../machine/advice/punch.js';
import { checkMachine } from '../machine/check.js';
import { Machine, type SwapKind } from '../machine/machine.js';
import { access, READ, UNIQUE } from '../machine/mapping/access.js';
import { exit, fork, spawn } from '../machine/mapping/fork.js';
import { map, protect, setLocked, unmap } from '../machine/mapping/mmap.js';
import { remap } from '../machine/mapping/remap.js';
import type { Space } from '../machine/mapping/space.js';
import { readFilePages, writeFilePages } from '../machine/object/file-io.js';
import { closeObject, declareObject, truncateObject } from '../machine/object/lifetime.js';
import { migrate } from '../machine/object/migrate.js';
import { writeBack } from '../machine/object/writeback.js';
import { OutOfMemory } from '../machine/reclaim/reclaim.js';
import type { Row } from '../metrics/csv.js';
import type { Outcome } from '../metrics/schema.js';
import type { DiscardPolicyInfo, Errno } from '../policy/discard/contract.js';
import type { MergePolicyInfo } from '../policy/merge/contract.js';
import { mergePolicies } from '../policy/merge/registry.js';
import type { PurgePolicyInfo } from '../policy/purge/contract.js';
import { purgePolicies } from '../policy/purge/registry.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import type { MapArg } from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP, OPS } from '../trace/op.js';
import type { Trace } from '../trace/trace.js';
import { ArgCache } from './args.js';
import { Backed, type Backing } from './backing.js';
import { Discarding } from './discarding.js';
import { Foresight, foresighted, UseRecorder } from './future.js';
import { collectMetrics, spaceRows } from './metrics.js';
import { checkForeseeable, checkReclaim, checkReport, Refusal } from './refusal.js';
import { Sampler } from './sampler.js';

export interface ReplayOptions {
  readonly discard: Chosen<DiscardPolicyInfo>;
  readonly reclaim: Chosen<ReclaimPolicyInfo>;
  /** How volatile memory goes. Default: `range-lru`. */
  readonly purge?: Chosen<PurgePolicyInfo>;
  /** Which equal pages become one. Default: `none`. */
  readonly merge?: Chosen<MergePolicyInfo>;
  readonly swap: SwapKind;
  /** Memory limit in pages, `none`, or what the trace's own `limit` events say. */
  readonly limit: number | 'none' | 'trace';
  /** The kind of memory of mappings that one space alone has. Default: as recorded. */
  readonly backing?: Backing | undefined;
  /** The machine's memory in pages: below its watermarks kswapd reclaims. Default: never short. */
  readonly memory?: number | undefined;
  readonly seed: number;
  readonly costs: CostTable;
  /** Verify the machine's invariants after every event. */
  readonly check?: boolean;
  /** Keep the rows of timeline.csv. */
  readonly timeline?: boolean;
  /** Called before every event, with the machine as it is then. */
  readonly observe?: (machine: Machine, block: EventBlock, row: number) => void;
  /** Called after every event, with what its system call returned (success where it made none). */
  readonly completed?: (machine: Machine, returned: Returned, block: EventBlock, row: number) => void;
  /** Called now and then with the events replayed so far. */
  readonly progress?: (events: number) => void;
}

/** What the system call of an event returned. */
export interface Returned {
  readonly errno: Errno;
  /** The return value of a call that succeeded: 1 of MADV_NONVOLATILE when pages were purged, else 0. */
  readonly value: number;
}

/** A setting that needs memory of a size, and changes nothing that is used. */
const REPORTING = 'mm.page_reporting_order';

const SUCCESS: Returned = { errno: 0, value: 0 };

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
  readonly metrics: Row;
  /** Page-table pages, struct pages and merge metadata, mean in pages: what net savings subtract. */
  readonly overheadPagesMean: number;
  readonly timeline: readonly Row[];
  readonly spaces: readonly Row[];
  /** Bytes of host memory that the machine's arrays took at the end, by part. */
  readonly hostBytes: Readonly<Record<string, number>>;
}

/** Replays one trace through one machine. */
class Replay {
  readonly machine: Machine;
  readonly discarding: Discarding;
  readonly sampler: Sampler;
  events = 0;
  touches = 0;
  /** Whether there was a limit at any time. */
  limited: boolean;
  private readonly args: ArgCache;
  private nowUs: number;
  private returned = SUCCESS;

  constructor(
    private readonly trace: Trace,
    private readonly options: ReplayOptions,
    private readonly backed: Backed | undefined,
    /** Whether its only purpose is to foresee: memory has no size, and free blocks are not reported. */
    private readonly foresees = false,
  ) {
    const { costs, reclaim, swap, limit, seed, discard } = options;
    checkReclaim(reclaim.info, typeof limit === 'number' || options.memory !== undefined);
    const purge = options.purge ?? purgePolicies.choose('range-lru');
    const merge = options.merge ?? mergePolicies.choose('none');
    const rules = purge.info.rules(purge.values);
    checkReport(discard.info, rules);
    this.machine = new Machine({
      costs,
      reclaim,
      swap,
      purge: rules,
      merge: merge.info.rules(merge.values),
      limit: typeof limit === 'number' ? limit : undefined,
      memory: options.memory,
      seed,
    });
    this.discarding = new Discarding(this.machine, discard);
    const { firstTimeUs, lastTimeUs } = trace.totals;
    this.sampler = new Sampler(this.machine, firstTimeUs, lastTimeUs, options.timeline === true);
    this.nowUs = firstTimeUs;
    this.machine.advance(firstTimeUs);
    this.args = new ArgCache(trace.strings);
    this.limited = typeof limit === 'number';
  }

  /** Replays a block; true when the limit could not be met and the replay is over. */
  block(block: EventBlock): boolean {
    const { check, observe, completed } = this.options;
    const { length, time, op } = block;
    let row = 0;
    try {
      for (; row < length; row++) {
        const timeUs = time[row] as number;
        if (timeUs !== this.nowUs) this.advance(timeUs);
        const code = op[row] as number;
        if (observe) observe(this.machine, block, row);
        if (code === OP.read || code === OP.write) this.touch(block, row, code === OP.write);
        else this.event(block, row, code);
        this.events++;
        if (completed) {
          completed(this.machine, this.returned, block, row);
          this.returned = SUCCESS;
        }
        if (check) checkMachine(this.machine);
      }
      return false;
    } catch (error) {
      if (error instanceof OutOfMemory) {
        this.machine.counters.oom_events++;
        return true;
      }
      throw error instanceof InputError ? error.at(this.trace.place(block, row)) : error;
    }
  }

  /** Trace time moves on; daemons that are due before run at their time. */
  private advance(timeUs: number): void {
    const { daemons } = this.machine;
    for (let due = daemons.dueUs; due <= timeUs; due = daemons.dueUs) {
      this.moveTo(Math.max(due, this.nowUs));
      daemons.run(this.nowUs);
    }
    this.moveTo(timeUs);
  }

  private moveTo(timeUs: number): void {
    this.sampler.advance(timeUs);
    this.machine.advance(timeUs);
    this.nowUs = timeUs;
  }

  private event(block: EventBlock, row: number, op: number): void {
    if ((block.fields[row] as number) & HAS.space && op !== OP.spawn) this.spaceEvent(block, row, op);
    else this.globalEvent(block, row, op);
  }

  private touch(block: EventBlock, row: number, write: boolean): void {
    const space = this.open(block, row);
    const bits = block.fields[row] as number;
    const content = !write ? READ : bits & HAS.content ? (block.content[row] as number) : UNIQUE;
    const step = bits & HAS.contentUp ? 1 : 0;
    const page = block.page[row] as number;
    const count = block.count[row] as number;
    if (write && this.discarding.watching) this.discarding.beforeWrite(space.id, page, count);
    const touched = access(this.machine, space, page, count, content, step);
    space.touches += touched;
    this.touches += touched;
    this.machine.ledger.end();
  }

  /** The space of an event, with the ledger open for its thread. */
  private open(block: EventBlock, row: number): Space {
    const id = block.space[row] as number;
    const space = this.machine.space(id);
    if (!space) throw new InputError(`there is no space ${id} here, expected a spawn or fork before`);
    this.machine.ledger.begin(space.account, id, block.thread[row] as number, this.nowUs);
    return space;
  }

  private spaceEvent(block: EventBlock, row: number, op: number): void {
    const { machine: m, args, discarding } = this;
    const space = this.open(block, row);
    const page = block.page[row] as number;
    const count = block.count[row] as number;
    switch (op) {
      case OP.fork:
        discarding.forked(space.id, fork(m, space, args.required('fork', block, row).child).id);
        break;
      case OP.exit:
        discarding.exited(space.id);
        exit(m, space);
        break;
      case OP.map:
        discarding.unmapped(space.id, page, count);
        this.map(space, page, count, args.required('map', block, row));
        break;
      case OP.unmap:
        discarding.unmapped(space.id, page, count);
        unmap(m, space, page, count);
        break;
      case OP.remap: {
        const arg = args.required('remap', block, row);
        if (arg.to !== undefined) discarding.unmapped(space.id, arg.to, count);
        remap(m, space, page, count, arg);
        if (arg.to !== undefined) discarding.moved(space.id, page, count, arg.to);
        break;
      }
      case OP.protect:
        protect(m, space, page, count, args.required('protect', block, row).protection);
        break;
      case OP.lock:
      case OP.unlock:
        setLocked(m, space, page, count, op === OP.lock);
        break;
      case OP.discard:
        discarding.discard({ space: space.id, page, count });
        break;
      case OP.unpin: {
        const regenNs = args.of('unpin', block, row)?.regenNs ?? 0;
        discarding.unpin({ space: space.id, page, count, regenNs });
        break;
      }
      case OP.pin:
        discarding.pin({ space: space.id, page, count });
        break;
      case OP.madvise:
        this.returned = madvise(m, space, page, count, args.required('madvise', block, row).advice);
        break;
      case OP.prctl: {
        const on = args.required('prctl', block, row).merge;
        this.returned = { errno: m.ksm.setMergeAny(space, on), value: 0 };
        break;
      }
      case OP.fallocate:
      case OP.pread:
      case OP.pwrite:
        this.fileCall(block, row, op);
        break;
      default:
        throw notModelled(op);
    }
    m.ksm.instant?.flush();
    m.ledger.stalled(m.ledger.spentNs);
    m.ledger.end();
  }

  private map(space: Space, page: number, count: number, arg: MapArg): void {
    if (this.backed) this.backed.map(this.machine, space, page, count, arg);
    else map(this.machine, space, page, count, arg);
  }

  private globalEvent(block: EventBlock, row: number, op: number): void {
    const { machine: m, args } = this;
    const count = block.count[row] as number;
    switch (op) {
      case OP.spawn:
        spawn(m, block.space[row] as number, args.of('spawn', block, row)?.name ?? '');
        break;
      case OP.object: {
        const arg = args.required('object', block, row);
        if (this.backed) this.backed.declare(m, count, arg);
        else declareObject(m, count, arg);
        break;
      }
      case OP.close: {
        const { name } = args.required('close', block, row);
        if (this.backed) this.backed.close(m, name);
        else closeObject(m, name);
        break;
      }
      case OP.truncate:
        truncateObject(m, m.objects.named(args.required('truncate', block, row).name), count);
        break;
      case OP.fallocate:
      case OP.pread:
      case OP.pwrite:
        this.fileCall(block, row, op);
        break;
      case OP.sync:
        writeBack(m, m.objects.named(args.required('sync', block, row).name));
        break;
      case OP.migrate: {
        const { name, target } = args.required('migrate', block, row);
        migrate(m, m.objects.named(name), block.page[row] as number, count, target === 'cache');
        break;
      }
      case OP.set: {
        const { name, value } = args.required('set', block, row);
        if (!this.foresees || name !== REPORTING) m.set(name, value);
        break;
      }
      case OP.limit:
        if (this.options.limit !== 'trace') break;
        this.limited = true;
        this.setLimit((block.fields[row] as number) & HAS.count ? count : undefined);
        break;
      case OP.mark:
        this.sampler.mark(args.required('mark', block, row).label);
        break;
      case OP.pressure:
        this.discarding.pressure(args.required('pressure', block, row).level);
        break;
      default:
        throw notModelled(op);
    }
  }

  /** Calls on an object, made by a space or by nobody in particular. */
  private fileCall(block: EventBlock, row: number, op: number): void {
    if (op === OP.fallocate) this.fallocate(block, row);
    else this.fileIo(block, row, op === OP.pwrite);
  }

  private setLimit(pages: number | undefined): void {
    checkReclaim(this.options.reclaim.info, pages !== undefined);
    this.machine.reclaim.setLimit(pages);
  }

  private fallocate(block: EventBlock, row: number): void {
    const { mode, name, bytes } = this.args.required('fallocate', block, row);
    const m = this.machine;
    const object = m.objects.named(name);
    const { descriptor } = object.options;
    const page = block.page[row] as number;
    const count = block.count[row] as number;
    if (mode === 'punch') {
      const range = bytes && { offset: bytes.start, length: bytes.length };
      this.returned = fallocatePunch(m, object, page, count, { descriptor, bytes: range });
    } else this.returned = fallocateBlocks(m, object, page, count, { descriptor, zero: mode === 'zero' });
  }

  private fileIo(block: EventBlock, row: number, write: boolean): void {
    const m = this.machine;
    const { name } = this.args.required(write ? 'pwrite' : 'pread', block, row);
    const object = m.objects.named(name);
    const page = block.page[row] as number;
    const count = block.count[row] as number;
    if (!write) {
      readFilePages(m, object, page, count);
      return;
    }
    if (this.discarding.watching) this.discarding.beforeFileWrite(object, page, count);
    const bits = block.fields[row] as number;
    const content = bits & HAS.content ? (block.content[row] as number) : UNIQUE;
    writeFilePages(m, object, page, count, content, bits & HAS.contentUp ? 1 : 0);
  }
}

function notModelled(op: number): InputError {
  return new InputError(`${(OPS[op] as (typeof OPS)[number]).name} is not modelled by this version`);
}

/**
 * Replays a trace through a machine until its last event, or until its limit cannot be met. A policy that needs the
 * future takes two replays: the first, where memory is never short, writes down the uses of pages.
 *
 * @throws InputError with the line of an event that makes no sense
 * @throws Refusal when a policy or the backing lacks what it needs
 */
export async function replay(trace: Trace, options: ReplayOptions): Promise<ReplayResult> {
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
  const run = new Replay(
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
  const run = new Replay(trace, options, await Backed.of(trace, options.backing));
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
