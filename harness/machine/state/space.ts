import { Account } from '../../cost/ledger.js';
import { Directory } from './page-table.js';
import { ANON_REACH, NO_RECENCY, VM, Vma } from './vma.js';

/** An address space: a process or a guest. */
export class Space {
  /** By address, without overlaps. */
  readonly vmas: Vma[] = [];
  readonly directory = new Directory();
  readonly account = new Account();
  /** Page table entries present, excluding those of the zero page. */
  rss = 0;
  touches = 0;
  pgfault = 0;
  pgmajfault = 0;
  /** Page-microseconds it has paid for, shared pages split among their mappings (see `ProportionalUsage`). */
  pageUs = 0;
  /** Pages of images with struct pages that it maps: its memory map has an entry for each. */
  structPages = 0;
  structPagesPeak = 0;
  /** Flags of `VM_LOCKED_MASK` that new mappings get (MCL_FUTURE; mm->def_flags). */
  futureLock = 0;
  /** PR_SET_MEMORY_MERGE: all its memory that can be merged is mergeable. */
  mergeAny = false;
  /** PR_SET_THP_DISABLE: no huge pages, whatever is asked. */
  noHugePages = false;
  /** Entries of the shared zero page that KSM put in the place of pages of zeros. */
  ksmZeroPages = 0;
  /** /proc/PID/oom_score_adj, which its children inherit. */
  oomScoreAdj = 0;
  /** The OOM killer has chosen it. */
  killed = false;
  /** When it was over; undefined while it lives. */
  endedUs: number | undefined;
  /** VMAs as last counted by the machine. */
  countedVmas = 0;
  private recent: Vma | undefined;

  constructor(
    readonly id: number,
    readonly name: string,
  ) {}

  /** The VMA that holds a page; undefined for a hole. */
  find(vpn: number): Vma | undefined {
    const { recent } = this;
    if (recent && vpn >= recent.start && vpn < recent.end) return recent;
    const vma = this.vmas[this.indexFrom(vpn)];
    if (!vma || vma.start > vpn) return undefined;
    this.recent = vma;
    return vma;
  }

  /** The first VMA that ends above a page. */
  firstFrom(vpn: number): Vma | undefined {
    const { recent } = this;
    return recent && vpn >= recent.start && vpn < recent.end ? recent : this.vmas[this.indexFrom(vpn)];
  }

  /** The VMAs that overlap [start, end), by address. */
  overlapping(start: number, end: number): Vma[] {
    const found: Vma[] = [];
    for (let i = this.indexFrom(start); i < this.vmas.length; i++) {
      const vma = this.vmas[i]!;
      if (vma.start >= end) break;
      found.push(vma);
    }
    return found;
  }

  /** Whether any page of [start, end) is mapped. */
  maps(start: number, end: number): boolean {
    const vma = this.vmas[this.indexFrom(start)];
    return vma !== undefined && vma.start < end;
  }

  /** Adds a VMA where nothing is mapped. */
  insert(vma: Vma): void {
    this.vmas.splice(this.indexFrom(vma.start), 0, vma);
    attach(vma);
  }

  /** Takes a VMA out. */
  remove(vma: Vma): void {
    this.vmas.splice(this.vmas.indexOf(vma, this.indexFrom(vma.start)), 1);
    detach(vma);
    this.recent = undefined;
  }

  /** Cuts the VMA at `at`, if one lies across it: [start, at) stays, [at, end) becomes a VMA of its own. */
  split(at: number): void {
    const index = this.indexFrom(at);
    const vma = this.vmas[index];
    if (!vma || vma.start >= at) return;
    const upper = new Vma({
      start: at,
      end: vma.end,
      flags: vma.flags,
      space: this,
      object: vma.object,
      objectPage: vma.objectPageAt(at),
      shift: vma.shift,
      anon: vma.anon,
      inherited: vma.inherited,
      swapHistory: vma.swapHistory,
    });
    vma.end = at;
    this.vmas.splice(index + 1, 0, upper);
    attach(upper);
    this.recent = undefined;
  }

  /**
   * Joins neighbours in [start - 1, end] that have become alike, as vma_merge does. The one that was there before stays, with what
   * it knows of swap: the lower one, or the upper one where that alone is outside.
   *
   * @param joins whether two that are alike may; undefined: always
   */
  mergeAround(start: number, end: number, joins?: (lower: Vma, upper: Vma) => boolean): void {
    let index = Math.max(0, this.indexFrom(start - 1));
    while (index + 1 < this.vmas.length) {
      const lower = this.vmas[index]!;
      const upper = this.vmas[index + 1]!;
      if (lower.end > end) return;
      if (!mergeable(lower, upper) || joins?.(lower, upper) === false) {
        index++;
        continue;
      }
      if (!lower.anon && upper.anon) {
        lower.anon = upper.anon;
        lower.shift = upper.shift;
        lower.anon.attach(lower);
      }
      if (lower.start >= start) lower.swapHistory = upper.swapHistory;
      this.vmas.splice(index + 1, 1);
      detach(upper);
      lower.end = upper.end;
      this.recent = undefined;
    }
  }

  /**
   * find_mergeable_anon_vma: a neighbour that differs in its protection only, whose anonymous object a VMA without one
   * pss, so that they can merge later.
   */
  neighbourToShareWith(vma: Vma): Vma | undefined {
    const index = this.indexFrom(vma.start);
    const lower = this.vmas[index - 1];
    const upper = this.vmas[index + 1];
    const flags = vma.flags & ~PROTECTION;
    if (upper?.anon && mergeable(vma, upper, upper.flags & ~PROTECTION, flags)) return upper;
    if (lower?.anon && mergeable(lower, vma, flags, lower.flags & ~PROTECTION)) return lower;
    return undefined;
  }

  /** Index of the first VMA that ends above a page. */
  private indexFrom(vpn: number): number {
    let low = 0;
    let high = this.vmas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.vmas[middle]!.end > vpn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const PROTECTION = VM.read | VM.write | VM.exec;

function attach(vma: Vma): void {
  vma.object?.mappings.push(vma);
  vma.anon?.attach(vma);
  for (const anon of vma.inherited) anon.attach(vma);
}

function detach(vma: Vma): void {
  if (vma.object) vma.object.mappings.splice(vma.object.mappings.indexOf(vma), 1);
  vma.anon?.detach(vma);
  for (const anon of vma.inherited) anon.detach(vma);
}

/**
 * can_vma_merge_after: contiguous, same flags and backing, and not two different anonymous objects. The flags are those
 * the VMAs have, or are about to have.
 */
export function mergeable(
  lower: Vma,
  upper: Vma,
  upperFlags: number = upper.flags,
  lowerFlags: number = lower.flags,
): boolean {
  return (
    lower.end === upper.start &&
    lowerFlags === upperFlags &&
    (lowerFlags & VM.hugetlb) === 0 &&
    lower.object === upper.object &&
    (lower.object === undefined || lower.objectPageAt(lower.end) === upper.objectPage) &&
    shiftsAgree(lower, upper) &&
    (lower.anon === upper.anon || !lower.anon || !upper.anon) &&
    sameInherited(lower, upper) &&
    withinReach(lower, upper)
  );
}

/** Private pages of an object are filed by the object's pages: there it is enough that one side has none yet. */
function shiftsAgree(lower: Vma, upper: Vma): boolean {
  return lower.shift === upper.shift || (lower.object !== undefined && !(lower.anon && upper.anon));
}

/** Pages are counted in 31 bits, and filed at most so far from their object's base. */
function withinReach(lower: Vma, upper: Vma): boolean {
  const { shift } = lower.anon ? lower : upper;
  const base = (lower.anon ?? upper.anon)?.base ?? lower.start - shift;
  const first = lower.start - shift;
  const last = upper.end - shift;
  return last - first < ANON_REACH && first - base >= -ANON_REACH && last - base < ANON_REACH;
}

function sameInherited(lower: Vma, upper: Vma): boolean {
  return (
    lower.inherited.length === upper.inherited.length &&
    lower.inherited.every((anon, i) => anon === upper.inherited[i])
  );
}

/** Whether accesses through a VMA count for reclaim (vma_has_recency). */
export function hasRecency(vma: Vma): boolean {
  return (vma.flags & NO_RECENCY) === 0 && vma.object?.noReuse !== true;
}
