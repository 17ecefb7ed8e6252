import { TRAIT } from '../../policy/reclaim/contract.js';
import { unmapPage } from '../entries/entry.js';
import { NONE } from '../ksm/items.js';
import type { Machine } from '../machine.js';
import { PTE, PTE_SHIFT } from './page-table.js';
import type { Space } from './space.js';
import { type AnonObject, NO_RECENCY, type SharedObject, VM, type Vma } from './vma.js';

/**
 * The reverse map: which page table entries map a frame. It keeps nothing a mapping: the frame knows object and
 * index, the object knows its VMAs (or spaces), and the page table says whether the entry is there.
 */
export class ReverseMap {
  /** The entries the last walk found; only the first `length` have meaning. */
  readonly entries: number[] = [];
  readonly spaces: Space[] = [];
  readonly vmas: Vma[] = [];
  readonly vpns: number[] = [];
  length = 0;

  constructor(private readonly machine: Machine) {}

  /** Finds all present entries of the page in a frame. */
  walk(frame: number): void {
    const { frames, objects } = this.machine;
    this.length = 0;
    const left = frames.mapcount[frame]!;
    if (left === 0) return;
    const page = frames.page[frame]!;
    const index = frames.index[frame]!;
    const object = objects.get(frames.object[frame]!);
    if (object.kind === 'ksm') this.walkMerged(page, index, left);
    else if (object.kind === 'anon') this.walkAnon(object, page, object.base + index, left);
    else this.walkShared(object, page, index, left);
  }

  private walkAnon(anon: AnonObject, page: number, filedAt: number, mappings: number): void {
    for (const space of anon.spaces) {
      this.look(space, undefined, filedAt, page);
      if (this.length === mappings) return;
    }
    for (const vma of anon.moved) {
      const vpn = filedAt + vma.shift;
      if (vpn >= vma.start && vpn < vma.end) this.look(vma.space, vma, vpn, page);
      if (this.length === mappings) return;
    }
  }

  /**
   * rmap_walk_ksm: the items on the page's node, then children that forked from them. As in the kernel, a child that ksmd
   * has not met is missed once the item it forked from is gone: then there are fewer than the frame has mappings.
   */
  private walkMerged(page: number, node: number, mappings: number): void {
    const { tracking } = this.machine.ksm;
    const { items, nodes, mms } = tracking;
    if (node === NONE) return;
    const first = nodes.first[node]!;
    for (let item = first; item !== NONE; item = items.after[item]!) {
      const { space, exited } = mms.get(items.slot[item]!);
      if (space && !exited) this.look(space, undefined, items.vpn[item]!, page);
      if (this.length === mappings) return;
    }
    const found = new Set(this.entries.slice(0, this.length));
    for (let item = first; item !== NONE; item = items.after[item]!) {
      this.lookAtForks(items.anon[item]!, items.vpn[item]!, page, found);
      if (this.length === mappings) return;
    }
  }

  private lookAtForks(object: number, vpn: number, page: number, found: Set<number>): void {
    const anon = this.machine.objects.get(object);
    // The object may be gone, and its number another's: then nobody has forked who is still there.
    if (anon?.kind !== 'anon') return;
    for (const space of anon.spaces) {
      const before = this.length;
      this.look(space, undefined, vpn, page);
      if (this.length === before) continue;
      const entry = this.entries[before]!;
      if (found.has(entry)) this.length = before;
      else found.add(entry);
    }
  }

  private walkShared(object: SharedObject, page: number, index: number, mappings: number): void {
    for (const vma of object.mappings) {
      const vpn = vma.start + index - vma.objectPage;
      if (vpn < vma.start || vpn >= vma.end) continue;
      this.look(vma.space, vma, vpn, page);
      if (this.length === mappings) return;
    }
  }

  /**
   * unmap_mapping_range for one page of an object: clears the entries that map it, whether it has a frame or not;
   * private copies stay. Gives how many there were.
   */
  unmapObjectPage(object: SharedObject, index: number): number {
    const m = this.machine;
    const page = object.page(index);
    if (page === 0) return 0;
    if (m.pages.resident[page] === 1) this.walk(m.pages.place[page]!);
    else {
      this.length = 0;
      // A page without a frame does not know how many entries map it.
      this.walkShared(object, page, index, Number.POSITIVE_INFINITY);
    }
    for (let i = 0; i < this.length; i++) unmapPage(m, this.spaces[i]!, this.entries[i]!, 0);
    return this.length;
  }

  private look(space: Space, vma: Vma | undefined, vpn: number, page: number): void {
    const { tables } = this.machine;
    const at = tables.find(space.directory, vpn);
    if (at < 0) return;
    const entry = tables.entries[at]!;
    if ((entry & PTE.present) === 0 || entry >>> PTE_SHIFT !== page) return;
    this.entries[this.length] = at;
    this.spaces[this.length] = space;
    this.vmas[this.length] = vma ?? space.find(vpn)!;
    this.vpns[this.length] = vpn;
    this.length++;
  }

  /**
   * How many mappings used the page since the last call. Clears their accessed bits, and notes in the page's traits
   * when one of them was written through, and whether one that used it is executable (folio_referenced).
   */
  referenced(page: number): number {
    const { pages, tables } = this.machine;
    this.walk(pages.place[page]!);
    let used = 0;
    let exec = 0;
    for (let i = 0; i < this.length; i++) {
      const at = this.entries[i]!;
      const entry = tables.entries[at]!;
      if (entry & PTE.dirty) pages.markDirty(page);
      if ((entry & PTE.young) === 0) continue;
      tables.entries[at] = entry & ~PTE.young;
      const { flags } = this.vmas[i]!;
      if (flags & NO_RECENCY) continue;
      exec |= flags & VM.exec;
      used++;
    }
    if (exec !== 0) pages.setTrait(page, TRAIT.exec);
    else if ((pages.traits[page]! & TRAIT.exec) !== 0) pages.clearTrait(page, TRAIT.exec);
    return used;
  }

  /** Whether a volatile VMA maps a page; a page that is in swap counts as mapped by none. */
  isVolatile(page: number): boolean {
    const { pages } = this.machine;
    if (pages.resident[page] === 0) return false;
    this.walk(pages.place[page]!);
    for (let i = 0; i < this.length; i++) if (this.vmas[i]!.flags & VM.volatile) return true;
    return false;
  }

  /** Whether a locked VMA maps the page. */
  isLocked(frame: number): boolean {
    this.walk(frame);
    for (let i = 0; i < this.length; i++) if (this.vmas[i]!.flags & VM.locked) return true;
    return false;
  }
}
