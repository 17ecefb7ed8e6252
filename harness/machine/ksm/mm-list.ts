import type { Space } from '../state/space.js';
import { NONE } from './content-table.js';

/** A process that ksmd knows (the kernel's ksm_mm_slot): it has, or had, mergeable memory. */
export class MmSlot {
  /** The first of its items, by address. */
  first: number = NONE;
  /** Whether the process has ended; its items go when ksmd comes by. */
  exited = false;
  /** Its pages that are merged, and its items, as /proc/PID/ksm_stat has them. */
  mergingPages = 0;
  rmapItems = 0;
  /** Items by page number, where pages are met out of order: those of hints, and those of instant merging. */
  readonly byPage = new Map<number, number>();
  /** Of these, the items that are not in the list from `first` on. */
  readonly unlinked = new Set<number>();
  after: MmSlot = this;
  before: MmSlot = this;

  /** @param space undefined for the head of the list */
  constructor(
    readonly number: number,
    readonly space: Space | undefined,
  ) {}
}

/** The processes that ksmd goes through, in a ring with a head. */
export class MmList {
  readonly head: MmSlot = new MmSlot(NONE, undefined);
  private readonly bySpace = new Map<Space, MmSlot>();
  private readonly byNumber: (MmSlot | undefined)[] = [];
  private readonly unused: number[] = [];
  /** Processes in the list. */
  count = 0;

  get(number: number): MmSlot {
    return this.byNumber[number]!;
  }

  /** The slot of a space; undefined for one that is not in the list. */
  of(space: Space): MmSlot | undefined {
    return this.bySpace.get(space);
  }

  /** Adds a process before another, or before the head: at the end. */
  add(space: Space, before: MmSlot): MmSlot {
    const slot = new MmSlot(this.unused.pop() ?? this.byNumber.length, space);
    this.byNumber[slot.number] = slot;
    this.bySpace.set(space, slot);
    this.count++;
    link(slot, before);
    return slot;
  }

  /** Moves a process right behind another. */
  moveBehind(slot: MmSlot, other: MmSlot): void {
    if (slot === other.after) return;
    unlink(slot);
    link(slot, other.after);
  }

  remove(slot: MmSlot): void {
    unlink(slot);
    if (slot.space) this.bySpace.delete(slot.space);
    this.byNumber[slot.number] = undefined;
    this.unused.push(slot.number);
    this.count--;
  }

  *all(): Generator<MmSlot> {
    for (let slot = this.head.after; slot !== this.head; slot = slot.after) yield slot;
  }
}

function link(slot: MmSlot, before: MmSlot): void {
  slot.before = before.before;
  slot.after = before;
  slot.before.after = slot;
  before.before = slot;
}

function unlink(slot: MmSlot): void {
  slot.before.after = slot.after;
  slot.after.before = slot.before;
}
