import type { BlockBuilder } from '../../harness/trace/block.js';
import { shuffled } from '../common/draws.js';
import { MAX_ORDER } from './parameters.js';

/** First page of a guest's memory: 4 GiB, away from page 0. */
const MEMORY = 2 ** 20;
/** Pages that a guest writes at once while it boots. */
const BOOT_PAGES = 256;

/** What one guest does, and when. Times are in µs. */
export interface HostedGuestPlan {
  /** From 0. */
  readonly guest: number;
  readonly memory: number;
  /** Pages from the start of the memory that are never given back. */
  readonly workingSet: number;
  readonly how: 'hotplug' | 'balloon' | 'reporting';
  /** Pages unplugged at once. */
  readonly section: number;
  /** Pages of a piece of the balloon. */
  readonly piece: number;
  /** Pages of the least block that is reported. */
  readonly leastBlock: number;
  /** Share of the spare pages that cannot move. */
  readonly unmovable: number;
  /** Share of what can be given back that is. */
  readonly given: number;
  readonly startUs: number;
  readonly bootUs: number;
  readonly busyUs: number;
  readonly idleUs: number;
  readonly changeUs: number;
  readonly cycles: number;
  readonly touchesPerS: number;
  readonly touchPages: number;
  readonly writes: number;
  readonly spareTouches: number;
  readonly placementRandom: () => number;
  readonly choiceRandom: () => number;
  readonly touchRandom: () => number;
}

/** Pages of a guest's memory that are given back together. */
interface Piece {
  readonly page: number;
  readonly count: number;
}

/** A guest in a shared-memory file. Its two scripts, of its memory and of its accesses, are to run side by side. */
export class HostedGuest {
  private readonly space: number;
  private readonly name: string;
  private readonly pieces: readonly Piece[];
  /** Whether all of the memory holds something, so that all of it may be read. */
  private whole = false;

  constructor(
    private readonly builder: BlockBuilder,
    private readonly plan: HostedGuestPlan,
  ) {
    this.space = plan.guest + 1;
    this.name = `guest-${this.space}`;
    this.pieces = freePieces(plan);
  }

  /** When the guest has ended. */
  get endUs(): number {
    const { busyUs, idleUs, cycles } = this.plan;
    return this.bootedUs + cycles * (busyUs + idleUs) + busyUs;
  }

  private get bootedUs(): number {
    return this.plan.startUs + this.plan.bootUs;
  }

  /** Boots, and gives memory back and takes it back: the moment of each step. */
  *memory(): Generator<number> {
    const { startUs, busyUs, idleUs, changeUs, cycles } = this.plan;
    yield startUs;
    this.start(startUs);
    yield* this.boot();
    for (let cycle = 0; cycle < cycles; cycle++) {
      const idleFromUs = this.bootedUs + busyUs + cycle * (busyUs + idleUs);
      yield idleFromUs;
      const given = this.chosen();
      this.whole = false;
      this.mark(idleFromUs, 'gives memory back');
      yield* this.evenly(idleFromUs, Math.min(changeUs, idleUs), given, 'discard');
      yield idleFromUs + idleUs;
      this.mark(idleFromUs + idleUs, 'takes memory back');
      yield* this.evenly(idleFromUs + idleUs, Math.min(changeUs, busyUs), given.reverse(), 'write');
      this.whole = true;
    }
  }

  /** Accesses at an even rate: the moment of each. */
  *touches(): Generator<number> {
    const { touchesPerS, touchRandom, writes } = this.plan;
    if (touchesPerS === 0) return;
    const intervalUs = 1e6 / touchesPerS;
    for (let at = this.bootedUs + intervalUs * touchRandom(); at < this.endUs; at += intervalUs) {
      const now = Math.floor(at);
      yield now;
      const { page, count } = this.touched();
      this.builder.addTouch(now, touchRandom() < writes, this.space, MEMORY + page, count);
    }
  }

  private touched(): Piece {
    const { memory, workingSet, touchPages, touchRandom, spareTouches } = this.plan;
    const inSpare = touchRandom() < spareTouches && this.whole;
    const [first, end] = inSpare || workingSet === 0 ? [workingSet, memory] : [0, workingSet];
    const place = touchRandom();
    // The cube of an even draw: half of the accesses go to an eighth of the working set.
    const offset = inSpare ? place : place * place * place;
    const page = first + Math.floor(offset * (end - first));
    return { page, count: Math.min(touchPages, end - page) };
  }

  private start(now: number): void {
    const { builder, space, name } = this;
    const { memory } = this.plan;
    builder.add(now, 'spawn', { space, text: name });
    builder.add(now, 'object', { count: memory, text: `shmem:${name}` });
    builder.add(now, 'map', { space, page: MEMORY, count: memory, text: `shared:${name}@0` });
  }

  private *boot(): Generator<number> {
    const { memory, startUs, bootUs } = this.plan;
    for (let page = 0; page < memory; page += BOOT_PAGES) {
      const now = startUs + Math.floor((page * bootUs) / memory);
      yield now;
      this.builder.addTouch(now, true, this.space, MEMORY + page, Math.min(BOOT_PAGES, memory - page));
    }
    this.whole = true;
  }

  /** What is given back this time: unplugged from the end down, else pieces anywhere, as the guest has them free. */
  private chosen(): Piece[] {
    const { how, given, choiceRandom } = this.plan;
    const { pieces } = this;
    const order =
      how === 'hotplug'
        ? pieces.map((_, i) => pieces.length - 1 - i)
        : [...shuffled(pieces.length, choiceRandom)];
    return order.slice(0, Math.round(pieces.length * given)).map((i) => pieces[i]!);
  }

  private *evenly(
    fromUs: number,
    spanUs: number,
    pieces: readonly Piece[],
    op: 'discard' | 'write',
  ): Generator<number> {
    for (const [i, { page, count }] of pieces.entries()) {
      const now = fromUs + Math.floor((i * spanUs) / pieces.length);
      yield now;
      this.builder.add(now, op, { space: this.space, page: MEMORY + page, count });
    }
  }

  private mark(now: number, what: string): void {
    this.builder.add(now, 'mark', { text: `${this.name} ${what}` });
  }
}

/** The pieces of the spare memory that hold no unmovable page, by address. */
function freePieces(plan: HostedGuestPlan): Piece[] {
  const { memory, workingSet } = plan;
  const [unit, least] = units(plan);
  // Pages before i that cannot move: a piece without any has equal sums at both ends.
  const before = unmovableBefore(plan);
  const pieces: Piece[] = [];
  const add = (page: number, count: number): void => {
    if (before[page] === before[page + count]) pieces.push({ page, count });
    else if (count > least) {
      add(page, count / 2);
      add(page + count / 2, count / 2);
    }
  };
  for (let page = Math.ceil(workingSet / unit) * unit; page + unit <= memory; page += unit) add(page, unit);
  return pieces;
}

/** Pages of the largest and of the least piece; a largest one that is larger is the least times a power of two. */
function units({ how, section, piece, leastBlock }: HostedGuestPlan): readonly [unit: number, least: number] {
  if (how === 'hotplug') return [section, section];
  return how === 'balloon' ? [piece, piece] : [1 << MAX_ORDER, leastBlock];
}

function unmovableBefore({ memory, workingSet, unmovable, placementRandom }: HostedGuestPlan): Int32Array {
  const spare = memory - workingSet;
  const places = shuffled(spare, placementRandom).subarray(0, Math.round(spare * unmovable));
  const before = new Int32Array(memory + 1);
  for (const place of places) before[workingSet + place + 1] = 1;
  for (let i = 1; i <= memory; i++) before[i] = before[i]! + before[i - 1]!;
  return before;
}
