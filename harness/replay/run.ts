import { InputError } from '../base/errors.js';
import { checkMachine } from '../machine/check.js';
import { Machine } from '../machine/machine.js';
import { access } from '../machine/mapping/access.js';
import { spawn } from '../machine/mapping/fork.js';
import { READ, UNIQUE } from '../machine/memory/contents.js';
import { OutOfMemory } from '../machine/reclaim/reclaim.js';
import type { Space } from '../machine/state/space.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP } from '../trace/op.js';
import type { Trace } from '../trace/trace.js';
import { ArgCache } from './args.js';
import type { Backed } from './backing.js';
import { Discarding } from './discarding.js';
import { ObjectEvents } from './object-events.js';
import type { ReplayOptions } from './options.js';
import { checkReclaim, checkReport } from './refusal.js';
import { type Returned, SUCCESS } from './returned.js';
import { Sampler } from './sampler.js';
import { SpaceEvents } from './space-events.js';

/** A setting that needs memory of a size, and changes nothing that is used. */
const REPORTING = 'mm.page_reporting_order';

/** Replays one trace through one machine. */
export class Run {
  readonly machine: Machine;
  readonly discarding: Discarding;
  readonly sampler: Sampler;
  events = 0;
  touches = 0;
  /** Whether there was a limit at any time. */
  limited: boolean;
  private readonly args: ArgCache;
  private readonly objects: ObjectEvents;
  private readonly spaces: SpaceEvents;
  private nowUs: number;
  private returned = SUCCESS;

  constructor(
    private readonly trace: Trace,
    private readonly options: ReplayOptions,
    backed: Backed | undefined,
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
    this.objects = new ObjectEvents(this.machine, this.args, this.discarding, backed);
    this.spaces = new SpaceEvents(this.machine, this.args, this.discarding, backed, this.objects);
    this.limited = typeof limit === 'number';
  }

  /** Replays a block; true when the limit could not be met and the replay is over. */
  block(block: EventBlock): boolean {
    const { check, observe, completed } = this.options;
    const { length, time, op } = block;
    let row = 0;
    try {
      for (; row < length; row++) {
        const timeUs = time[row]!;
        if (timeUs !== this.nowUs) this.advance(timeUs);
        const code = op[row]!;
        if (observe) observe(this.machine, block, row);
        if (code === OP.read || code === OP.write) this.touch(block, row, code === OP.write);
        else this.returned = this.event(block, row, code);
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

  private touch(block: EventBlock, row: number, write: boolean): void {
    const space = this.open(block, row);
    const bits = block.fields[row]!;
    const content = !write ? READ : bits & HAS.content ? block.content[row]! : UNIQUE;
    const step = bits & HAS.contentUp ? 1 : 0;
    const page = block.page[row]!;
    const count = block.count[row]!;
    if (write && this.discarding.watching) this.discarding.beforeWrite(space.id, page, count);
    const touched = access(this.machine, space, page, count, content, step);
    space.touches += touched;
    this.touches += touched;
    this.machine.ledger.end();
  }

  /** The space of an event, with the ledger open for its thread. */
  private open(block: EventBlock, row: number): Space {
    const id = block.space[row]!;
    const space = this.machine.space(id);
    if (!space) throw new InputError(`there is no space ${id} here, expected a spawn or fork before`);
    this.machine.ledger.begin(space.account, id, block.thread[row]!, this.nowUs);
    return space;
  }

  private event(block: EventBlock, row: number, op: number): Returned {
    if (block.fields[row]! & HAS.space && op !== OP.spawn) return this.spaceEvent(block, row, op);
    const { machine: m, args } = this;
    switch (op) {
      case OP.spawn:
        spawn(m, block.space[row]!, args.of('spawn', block, row)?.name ?? '');
        break;
      case OP.set: {
        const { name, value } = args.required('set', block, row);
        if (!this.foresees || name !== REPORTING) m.set(name, value);
        break;
      }
      case OP.limit:
        if (this.options.limit === 'trace')
          this.setLimit(block.fields[row]! & HAS.count ? block.count[row]! : undefined);
        break;
      case OP.mark:
        this.sampler.mark(args.required('mark', block, row).label);
        break;
      case OP.pressure:
        this.discarding.pressure(args.required('pressure', block, row).level);
        break;
      default:
        return this.objects.run(block, row, op);
    }
    return SUCCESS;
  }

  private spaceEvent(block: EventBlock, row: number, op: number): Returned {
    const { machine: m } = this;
    const returned = this.spaces.run(this.open(block, row), block, row, op);
    m.merger.eventEnded();
    m.ledger.stalled(m.ledger.spentNs);
    m.ledger.end();
    return returned;
  }

  private setLimit(pages: number | undefined): void {
    this.limited = true;
    checkReclaim(this.options.reclaim.info, pages !== undefined);
    this.machine.reclaim.setLimit(pages);
  }
}
