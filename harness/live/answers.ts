import { InputError } from '../base/errors.js';
import { CallOutcomes } from '../contract/calls.js';
import { Refusal } from '../contract/refusal.js';
import type { AnswerListener } from '../contract/target.js';
import type { Errno } from '../policy/discard/contract.js';
import type { Layout, LiveObject, LiveSpace } from './layout.js';
import type { SpaceCounts } from './measure.js';
import { PENDING, type PendingOps } from './pending.js';
import { type Answer, deathSignal, errnoName } from './protocol.js';

/** What the executor's answers come to: results of calls, touches that were not possible, spaces that ended. */
export class Answers {
  /** Hears what became of events. */
  listener: AnswerListener | undefined;
  readonly outcomes = new CallOutcomes();
  /** Events and touches of spaces that had been killed before. */
  readonly abandoned = { events: 0, touches: 0 };
  sigbus = 0;
  /** The signal that has killed a space. */
  death: number | undefined;
  /** The error of a limit that could not be set. */
  unmet: Errno = 0;
  /** Of spaces that have ended. */
  private readonly ended = new Map<LiveSpace, SpaceCounts>();
  /** Spaces whose end is on its way. */
  private readonly ending: LiveSpace[] = [];

  constructor(
    private readonly pending: PendingOps,
    private readonly layout: Layout,
  ) {}

  /** A space ends: the next answer to an exit is its own. */
  willEnd(space: LiveSpace): void {
    this.ending.push(space);
  }

  /** What an ended space counted. */
  of(space: LiveSpace): SpaceCounts | undefined {
    return this.ended.get(space);
  }

  /** Hears the answer to the op at an index of the request. */
  hear(index: number, answer: Answer): void {
    const { pending } = this;
    const kind = pending.kind[index]!;
    const signal = deathSignal(answer);
    if (signal !== undefined) this.died(signal, kind, index);
    else this.done(kind, index, answer);
    pending.kind[index] = PENDING.none;
  }

  /** A call of the trace has returned. */
  called(name: string, row: number, error: number, pages: number): void {
    this.returned(name, row, errnoName(error), error === 0 ? pages : 0);
  }

  /** A call has returned, with the pages that it worked on. */
  returned(name: string, row: number, errno: Errno, pages: number): void {
    const result = { errno, value: 0, pages };
    this.outcomes.add(name, result);
    this.listener?.(row, result);
  }

  private done(kind: number, index: number, answer: Answer): void {
    const { pending } = this;
    switch (kind) {
      case PENDING.touch:
        this.touched(index, answer);
        break;
      case PENDING.call: {
        const denied = pending.denied[index]!;
        if (answer.error !== 0 && denied > 0)
          this.outcomes.deny(pending.space[index]!, pending.page[index]!, denied);
        this.called(pending.name[index]!, pending.row[index]!, answer.error, pending.count[index]!);
        break;
      }
      case PENDING.fork:
        this.outcomes.forked(pending.space[index]!, pending.page[index]!);
        break;
      case PENDING.exit: {
        const { value: minor, first: major, buses: touches } = answer;
        this.ended.set(this.ending.shift()!, { minor, major, touches });
        break;
      }
      case PENDING.object:
        this.made(pending.object[index]!, answer);
        break;
      case PENDING.limit:
        this.unmet ||= errnoName(answer.error);
        break;
    }
  }

  /** @throws Refusal where it could not be made, for want of room on the disk */
  private made(object: LiveObject, { error, value }: Answer): void {
    if (error !== 0)
      throw new Refusal(
        `object ${object.name} of ${object.size} pages cannot be made live (${errnoName(error)})`,
        true,
      );
    this.layout.made(object, value);
  }

  private died(signal: number, kind: number, index: number): void {
    if (signal !== 0) this.death ??= signal;
    if (kind === PENDING.exit) this.ending.shift();
    if (kind === PENDING.none) return;
    this.abandoned.events++;
    if (kind === PENDING.touch) this.abandoned.touches += Math.abs(this.pending.count[index]!);
  }

  private touched(index: number, { error, value, first, buses }: Answer): void {
    this.sigbus += buses;
    if (error === 0) return;
    const { pending } = this;
    const space = pending.space[index]!;
    const count = pending.count[index]!;
    const page = pending.page[index]! + (count < 0 ? -first : first);
    if (this.outcomes.isDenied(space, page)) {
      this.outcomes.unmadeTouches += Math.abs(count) - value - buses;
      return;
    }
    const what = `page ${page} of space ${space} cannot be accessed so (SIGSEGV), expected it mapped and its protection to allow it`;
    this.listener?.(pending.row[index]!, new InputError(what));
  }
}
