import { isAnonPage } from '../entries/entry.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { entryInLeaf, LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import { NONE } from './content-table.js';
import { placeOf } from './merge.js';
import type { MergeIndex } from './merge-index.js';
import type { MmSlot } from './mm-list.js';

/** What a scan tells its user. */
export interface ScanListener {
  /** Rounds. */
  roundBegins(): void;
  roundEnds(): void;
  /** Whether smart scan passes over a page. */
  skips(item: number, page: number): boolean;
}

/**
 * ksmd's way through mergeable memory: processes in the order of the list, in each the mergeable VMAs and their present
 * anonymous pages by address (scan_get_next_rmap_item in mm/ksm.c).
 */
export class Scan {
  /** Where it is: the head between two rounds. */
  cursor: MmSlot;
  /** The page of the item that `next` gave. */
  page = 0;
  private address = 0;
  /** The last item passed in this process. */
  private behind: number = NONE;

  constructor(
    private readonly state: State,
    private readonly index: MergeIndex,
    private readonly listener: ScanListener,
  ) {
    this.cursor = index.mms.head;
  }

  /** Starts again from the first process, at the next call. */
  restart(): void {
    this.cursor = this.index.mms.head;
  }

  /** The item of the next page, whose id is then in `page`; `NONE` at the end of a round. */
  next(): number {
    const { mms } = this.index;
    if (mms.count === 0) return NONE;
    if (this.cursor === mms.head) {
      this.listener.roundBegins();
      this.enter(mms.head.after);
    }
    while (this.cursor !== mms.head) {
      const item = this.nextInSpace(this.cursor);
      if (item !== NONE) return item;
      this.leave(this.cursor);
    }
    this.listener.roundEnds();
    return NONE;
  }

  private enter(slot: MmSlot): void {
    this.cursor = slot;
    this.address = 0;
    this.behind = NONE;
  }

  /** Frees the items beyond the last page, and goes on; a process without mergeable VMAs leaves the list. */
  private leave(slot: MmSlot): void {
    const { items, mms } = this.index;
    const last = (): number => (this.behind === NONE ? slot.first : items.next[this.behind]) as number;
    while (last() !== NONE) this.index.dropItemBehind(slot.number, this.behind);
    if (slot.unlinked.size > 0)
      this.index.dropUnlinked(slot, (item) => placeOf(this.state, this.index, item) !== undefined);
    const { after } = slot;
    if (this.address === 0) mms.remove(slot);
    this.enter(after);
  }

  private nextInSpace(slot: MmSlot): number {
    const { space } = slot;
    if (!space || slot.exited) {
      this.address = 0;
      this.behind = NONE;
      return NONE;
    }
    for (let vma = space.firstFrom(this.address); vma; vma = space.firstFrom(vma.end)) {
      if (!vma.has(VM.mergeable)) continue;
      if (this.address < vma.start) this.address = vma.start;
      if (vma.anon) {
        const item = this.nextInVma(slot, vma);
        if (item !== NONE) return item;
      }
      this.address = vma.end;
    }
    return NONE;
  }

  private nextInVma(slot: MmSlot, vma: Vma): number {
    const { tables } = this.state;
    const { directory } = vma.space;
    while (this.address < vma.end) {
      const leaf = directory.leaf(this.address);
      const within = entryInLeaf(this.address);
      const stop = Math.min(vma.end, this.address - within + LEAF_ENTRIES);
      if (leaf < 0) this.address = directory.nextLeaf(this.address, vma.end);
      else if (tables.isEmpty(leaf)) this.address = stop;
      else {
        const item = this.nextInLeaf(slot, vma, leaf * LEAF_ENTRIES + within, stop);
        if (item !== NONE) return item;
      }
    }
    return NONE;
  }

  /** @param first index of the entry of the page at `address` */
  private nextInLeaf(slot: MmSlot, vma: Vma, first: number, stop: number): number {
    const { tables } = this.state;
    const end = first + stop - this.address;
    for (let at = first; at < end; at++) {
      at = tables.nextWith(PTE.present, at, end);
      this.address = stop - (end - at);
      if (at === end) break;
      const vpn = this.address++;
      const page = tables.get(at) >>> PTE_SHIFT;
      if (page === ZERO_PAGE) continue;
      if (vma.object && !isAnonPage(this.state, page)) continue;
      const item = this.itemAt(slot, vpn);
      this.behind = item;
      if (this.listener.skips(item, page)) continue;
      this.page = page;
      return item;
    }
    return NONE;
  }

  /** get_next_rmap_item: the item of an address, made if need be; those below it that are left are stale and go. */
  private itemAt(slot: MmSlot, vpn: number): number {
    const { index } = this;
    const { items } = index;
    for (;;) {
      const item = (this.behind === NONE ? slot.first : items.next[this.behind]) as number;
      if (item === NONE || items.vpn[item]! > vpn) return index.newItem(slot.number, vpn, this.behind);
      if (items.vpn[item] === vpn) return item;
      index.dropItemBehind(slot.number, this.behind);
    }
  }
}
