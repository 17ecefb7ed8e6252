import type { MemcgStats } from './memcg-stats.js';
import { SWAP_CLUSTER_MAX } from './vmscan.js';

/** Lists; bit 0: active, bit 1: file. The order is the kernel's `enum lru_list`. */
export const INACTIVE_ANON = 0;
export const ACTIVE_ANON = 1;
export const INACTIVE_FILE = 2;
export const ACTIVE_FILE = 3;
export const LISTS = [INACTIVE_ANON, ACTIVE_ANON, INACTIVE_FILE, ACTIVE_FILE] as const;

const MAX_SWAPPINESS = 200;
/** The first kernel in which pages that reclaim looked at in vain cost something, and reads and writes 32 times as much. */
const ROTATIONS_COST = 603;
/** The first one that leaves costs alone when there is nothing to add (lru_note_cost_unlock_irq). */
const NOTHING_COSTS_NOTHING = 617;

/** Pages of a list that are not protected, but those of a batch in any case. */
function open(size: number, part: number): number {
  return part === 1 ? size : Math.max(Math.floor(size * part), SWAP_CLUSTER_MAX);
}

/**
 * How many pages of each list reclaim looks at, in a pass at one priority: a part of each, which for anonymous pages and
 * files is inverse to what their reclaim has cost lately. Source: get_scan_count and shrink_lruvec in mm/vmscan.c,
 * lru_note_cost in mm/swap.c.
 */
export class ScanPlan {
  /** Pages still to look at, by list. */
  readonly left: [number, number, number, number] = [0, 0, 0, 0];
  private readonly targets: [number, number, number, number] = [0, 0, 0, 0];
  private anonCost = 0;
  private fileCost = 0;
  private anonShare = 1;
  private fileShare = 1;
  private whole = 1;
  private kernel = 618;

  constructor(private readonly stats: MemcgStats) {}

  /** Setting `kernel.version`. */
  setKernel(version: number): void {
    this.kernel = version;
  }

  /**
   * lru_note_cost: pages were read or written for this kind, or looked at and not reclaimed. Costs decay when they exceed a
   * quarter of all lists, as statistics have them.
   */
  noteCost(file: boolean, io: number, rotated: number): void {
    const cost = this.kernel >= ROTATIONS_COST ? io * SWAP_CLUSTER_MAX + rotated : io;
    if (cost === 0 && this.kernel >= NOTHING_COSTS_NOTHING) return;
    if (file) this.fileCost += cost;
    else this.anonCost += cost;
    if (this.fileCost + this.anonCost <= Math.floor(this.stats.allPages / 4)) return;
    this.fileCost = Math.floor(this.fileCost / 2);
    this.anonCost = Math.floor(this.anonCost / 2);
  }

  /** SCAN_FRACT: by costs, weighted by swappiness. */
  byCost(swappiness: number): void {
    const total = this.anonCost + this.fileCost;
    const anon = total + this.anonCost;
    const file = total + this.fileCost;
    this.anonShare = Math.floor((swappiness * (anon + file + 1)) / (anon + 1));
    this.fileShare = Math.floor(((MAX_SWAPPINESS - swappiness) * (anon + file + 1)) / (file + 1));
    this.whole = this.anonShare + this.fileShare;
  }

  /** SCAN_EQUAL, or without anonymous pages SCAN_FILE. */
  alike(anon: boolean): void {
    this.anonShare = anon ? 1 : 0;
    this.fileShare = 1;
    this.whole = 1;
  }

  /** A pass begins. @param size pages of each list now @param part of them that may be looked at: the others are protected */
  begin(size: readonly number[], priority: number, part: number): void {
    for (const list of LISTS) {
      const share = list & 2 ? this.fileShare : this.anonShare;
      const pages = Math.floor(((open(size[list]!, part) >> priority) * share) / this.whole);
      this.left[list] = pages;
      this.targets[list] = pages;
    }
  }

  /** Pages of active anonymous lists alone are no reason to go on. */
  get unfinished(): boolean {
    const { left } = this;
    return left[INACTIVE_ANON] > 0 || left[ACTIVE_FILE] > 0 || left[INACTIVE_FILE] > 0;
  }

  /** The next pages of a list to look at: a batch at most. */
  take(list: (typeof LISTS)[number]): number {
    const batch = Math.min(this.left[list], SWAP_CLUSTER_MAX);
    this.left[list] -= batch;
    return batch;
  }

  /**
   * Enough is reclaimed: the kind that has less left to look at stops, the other goes on until the same part of it has been
   * looked at. False when one of them has nothing left, and the pass ends.
   */
  evenOut(): boolean {
    const { left, targets } = this;
    const anon = left[INACTIVE_ANON] + left[ACTIVE_ANON];
    const file = left[INACTIVE_FILE] + left[ACTIVE_FILE];
    if (anon === 0 || file === 0) return false;
    const stops = file > anon ? INACTIVE_ANON : INACTIVE_FILE;
    const target = targets[stops] + targets[(stops + 1) as 1 | 3] + 1;
    const toDo = 100 - Math.floor((Math.min(anon, file) * 100) / target);
    for (const list of LISTS) {
      const scanned = targets[list] - left[list];
      const part = Math.floor((targets[list] * toDo) / 100);
      left[list] = (list & 2) === stops ? 0 : Math.max(0, part - scanned);
    }
    return true;
  }
}
