import { TRAIT } from '../../policy/reclaim/contract.js';
import type { Frames } from '../memory/frames.js';
import type { PageStore } from '../memory/pages.js';
import type { Objects } from './objects.js';
import { PTE, PTE_SHIFT } from './page-table.js';
import type { PageTables } from './page-tables.js';
import { hasRecency, type Space } from './space.js';
import { type AnonVma, type SharedObject, VM, type Vma } from './vma.js';

/** What knows which entries map merged pages. */
export interface MergedWalk {
  /**
   * rmap_walk_ksm: shows the reverse map (`look`) the places where a merged page may be mapped, until it has found
   * that many mappings.
   *
   * @param node of the page; -1 when it has none any more
   */
  walkMerged(page: number, node: number, mappings: number): void;
}

/** Looks at the entries near one that was used. */
export interface LookAround {
  /** @param at index of the entry that maps page `vpn` of the VMA */
  near(at: number, vpn: number, vma: Vma): void;
}

/** What the reverse map reads. */
interface WalkedState {
  readonly frames: Frames;
  readonly pages: PageStore;
  readonly tables: PageTables;
  readonly objects: Objects;
  readonly ksm: MergedWalk;
}

/**
 * The reverse map: which page table entries map a frame. It keeps nothing per mapping: the frame knows object and
 * index, the object knows its VMAs (or spaces), and the page table says whether the entry is there.
 */
export class ReverseMap {
  /** The entries the last walk found; only the first `length` have meaning. */
  readonly entries: number[] = [];
  readonly spaces: Space[] = [];
  readonly vmas: Vma[] = [];
  readonly vpns: number[] = [];
  length = 0;

  constructor(private readonly state: WalkedState) {}

  /** Finds all present entries of the page in a frame. */
  walk(frame: number): void {
    const { frames, objects } = this.state;
    this.length = 0;
    const left = frames.mapcount[frame]!;
    if (left === 0) return;
    const page = frames.page[frame]!;
    const index = frames.index[frame]!;
    const object = objects.get(frames.object[frame]!);
    if (object.kind === 'ksm') this.state.ksm.walkMerged(page, index, left);
    else if (object.kind === 'anon') this.walkAnon(object, page, object.base + index, left);
    else this.walkShared(object, page, index, left);
  }

  private walkAnon(anon: AnonVma, page: number, filedAt: number, mappings: number): void {
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

  private walkShared(object: SharedObject, page: number, index: number, mappings: number): void {
    for (const vma of object.mappings) {
      const vpn = vma.start + index - vma.objectPage;
      if (vpn < vma.start || vpn >= vma.end) continue;
      this.look(vma.space, vma, vpn, page);
      if (this.length === mappings) return;
    }
  }

  /** Finds all entries of a page of an object, whether it has a frame or not. */
  walkObjectPage(object: SharedObject, index: number): void {
    const { pages } = this.state;
    const page = object.page(index);
    this.length = 0;
    if (page === 0) return;
    if (pages.resident[page] === 1) this.walk(pages.location[page]!);
    // A page without a frame does not know how many entries map it.
    else this.walkShared(object, page, index, Number.POSITIVE_INFINITY);
  }

  /** Adds the entry of a space at a page number to what the walk has found, if it maps the page. */
  look(space: Space, vma: Vma | undefined, vpn: number, page: number): void {
    const { tables } = this.state;
    const at = tables.find(space.directory, vpn);
    if (at < 0) return;
    const entry = tables.get(at);
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
   *
   * @param around is shown each entry that was used
   */
  referenced(page: number, around?: LookAround): number {
    const { pages, tables } = this.state;
    this.walk(pages.location[page]!);
    let used = 0;
    let exec = 0;
    for (let i = 0; i < this.length; i++) {
      const at = this.entries[i]!;
      const entry = tables.get(at);
      if (entry & PTE.dirty) pages.markDirty(page);
      if ((entry & PTE.young) === 0) continue;
      tables.change(at, entry & ~PTE.young);
      const vma = this.vmas[i]!;
      if (!hasRecency(vma)) continue;
      exec |= vma.flags & VM.exec;
      used++;
      if (around) around.near(at, this.vpns[i]!, vma);
    }
    if (exec !== 0) pages.setTrait(page, TRAIT.exec);
    else if ((pages.traits[page]! & TRAIT.exec) !== 0) pages.clearTrait(page, TRAIT.exec);
    return used;
  }

  /** Whether a volatile VMA maps a page; a page that is in swap counts as mapped by none. */
  isVolatile(page: number): boolean {
    const { pages } = this.state;
    if (pages.resident[page] === 0) return false;
    this.walk(pages.location[page]!);
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
