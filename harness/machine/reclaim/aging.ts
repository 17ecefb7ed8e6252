import { grown, grownCapacity } from '../../base/arrays.js';
import type { AgingTables, UsedPages } from '../../policy/reclaim/contract.js';
import { PAGE_FLAG, ZERO_PAGE } from '../memory/pages.js';
import { LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { LookAround } from '../state/rmap.js';
import { KERNELS } from '../state/settings.js';
import { hasRecency, type Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, VM_SPECIAL, type Vma } from '../state/vma.js';

/** Entries that are looked at around one that was used. Source: MIN_LRU_BATCH in include/linux/mmzone.h. */
const LOOK_AROUND = 64;
/** A table is worth a walk when one entry in a cache line was used: 8 entries in 64 bytes (suitable_to_scan). */
const ENTRIES_A_LINE = 8;

const ACCESSIBLE = VM.read | VM.write | VM.exec;
const YOUNG = PTE.present | PTE.young;
/** Of a table that is walked and not counted. */
const NO_LEAF = -1;

/** What reclaim does about pages that were written. */
export interface WrittenPages {
  /** See `AgingTables`. */
  staysWritten(page: number): boolean;
}

/**
 * Page tables as the multi-gen LRU reads them: walked by aging, and near a page that eviction finds used. What either
 * sees of a table decides whether the next aging walks it (the kernel's Bloom filters, which are taken to be exact).
 * Follows walk_mm and lru_gen_look_around in mm/vmscan.c.
 */
export class PageTableAging implements AgingTables, LookAround {
  /** By leaf: bit 0 when aging of an even generation is to walk it, bit 1 of an odd one. One that is not walked leaves its bit. */
  private filters = new Uint8Array(0);
  private readonly known = new WeakSet<Space>();
  private seq = 0;
  private used: UsedPages | undefined;

  constructor(
    private readonly state: State,
    private readonly reclaim: WrittenPages,
  ) {}

  get inFault(): boolean {
    return this.state.inFault;
  }

  inSwapCache(id: number): boolean {
    const { settings, swap } = this.state;
    const slot = this.state.swapSlotOf(id);
    if (slot < 0) return false;
    // Past the swap cache, if nothing else refers to the page (SWP_SYNCHRONOUS_IO).
    return settings.kernel >= KERNELS['7.2'] || !swap.synchronous || swap.references(slot) > 1;
  }

  staysWritten(id: number): boolean {
    return this.reclaim.staysWritten(id);
  }

  isEvictable(id: number): boolean {
    return (this.state.pages.traits[id]! & PAGE_FLAG.unevictable) === 0;
  }

  referencedAround(id: number, seq: number, used: UsedPages): number {
    this.seq = seq;
    this.used = used;
    const { huge, rmap } = this.state;
    const folio = huge?.folios.of(id);
    return folio ? huge!.referenced(folio) : rmap.referenced(id, this);
  }

  /** lru_gen_look_around: the 64 entries around one, in the same table and VMA. */
  near(at: number, vpn: number, vma: Vma): void {
    if (vma.flags & VM_SPECIAL) return;
    const first = vpn - (at & (LEAF_ENTRIES - 1));
    let start = Math.max(first, vma.start);
    let end = Math.min(first + LEAF_ENTRIES, vma.end);
    if (end - start === 1) return;
    if (end - start > LOOK_AROUND) {
      if (vpn - start < LOOK_AROUND / 2) end = start + LOOK_AROUND;
      else if (end - vpn < LOOK_AROUND / 2) start = end - LOOK_AROUND;
      else {
        start = vpn - LOOK_AROUND / 2;
        end = vpn + LOOK_AROUND / 2;
      }
    }
    const young = 1 + this.clearYoung(at + start - vpn, end - start);
    this.note(at >> 9, this.seq, end - start, young);
  }

  walk(seq: number, anon: boolean, used: UsedPages): void {
    this.used = used;
    this.forget(seq + 1);
    // From the first space that is new, all are walked in full (force_scan).
    let full = false;
    for (const space of this.state.spaces.values()) {
      if (!this.known.has(space)) {
        this.known.add(space);
        full = true;
      }
      this.walkSpace(space, seq, anon, full);
    }
  }

  /** walk_pmd_range: a table is looked at as far as VMAs that age have a part in it. */
  private walkSpace(space: Space, seq: number, anon: boolean, full: boolean): void {
    let leaf = NO_LEAF;
    let total = 0;
    let young = 0;
    for (const vma of space.vmas) {
      if (skips(vma, anon)) continue;
      for (const part of space.directory.leavesIn(vma.start, vma.end)) {
        if (this.state.huge?.isPmd(part.leaf)) {
          // walk_pmd_range_locked: an entry of the page directory, and no table.
          this.clearYoung(part.at, part.to - part.from);
          continue;
        }
        if (part.leaf !== leaf) {
          this.note(leaf, seq + 1, total, young);
          leaf = part.leaf;
          total = 0;
          young = 0;
        }
        if (!full && !this.passes(leaf, seq)) continue;
        total += part.to - part.from;
        young += this.clearYoung(part.at, part.to - part.from);
      }
    }
    this.note(leaf, seq + 1, total, young);
  }

  /** Tells of used pages on lists and clears their accessed bits. Returns how many entries. */
  private clearYoung(from: number, count: number): number {
    const { tables } = this.state;
    const used = this.used!;
    const folios = this.state.huge?.folios;
    let young = 0;
    const end = from + count;
    for (let at = tables.nextWith(YOUNG, from, end); at < end; at = tables.nextWith(YOUNG, at + 1, end)) {
      const entry = tables.get(at);
      const page = entry >>> PTE_SHIFT;
      if (page === ZERO_PAGE || !used.wasUsed(folios ? folios.headOf(page) : page)) continue;
      tables.change(at, entry & ~PTE.young);
      young++;
    }
    return young;
  }

  private passes(leaf: number, seq: number): boolean {
    return leaf < this.filters.length && (this.filters[leaf]! & bitOf(seq)) !== 0;
  }

  /** update_bloom_filter, where enough entries were used: aging of generation `seq` walks the table. */
  private note(leaf: number, seq: number, total: number, young: number): void {
    if (leaf === NO_LEAF || total === 0 || young * ENTRIES_A_LINE < total) return;
    if (leaf >= this.filters.length)
      this.filters = grown(this.filters, grownCapacity(this.filters.length, leaf + 1));
    this.filters[leaf] = this.filters[leaf]! | bitOf(seq);
  }

  private forget(seq: number): void {
    const { filters } = this;
    for (let leaf = 0; leaf < filters.length; leaf++) filters[leaf] = filters[leaf]! & ~bitOf(seq);
  }
}

function bitOf(seq: number): number {
  return 1 << (seq & 1);
}

/** should_skip_vma: whether aging passes over a VMA. */
function skips(vma: Vma, anon: boolean): boolean {
  const { flags, object } = vma;
  if ((flags & ACCESSIBLE) === 0 || flags & (VM.locked | VM_SPECIAL) || !hasRecency(vma)) return true;
  return !anon && (object === undefined || object.backing === 'shmem');
}
