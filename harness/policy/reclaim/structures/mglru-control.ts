/** Types of pages; the order is the kernel's (`LRU_GEN_ANON`, `LRU_GEN_FILE`). */
export const ANON = 0;
export const FILE = 1;

const MAX_NR_TIERS = 4;
/** Pages that one scan isolates at most, and refaults below which a tier counts as harmless. */
export const MIN_LRU_BATCH = 64;
export const MAX_SWAPPINESS = 200;

/** Gains of the first tier and of the others: another tier must refault half as often again to be protected. */
const FIRST_GAIN = 2;
const OTHER_GAIN = 3;

/** The tier of a page used `refs` times through descriptors. The last tier is for pages of the working set. */
export function tierOf(refs: number, workingset: boolean): number {
  if (workingset) return MAX_NR_TIERS - 1;
  return refs > 2 ? 2 : refs >> 1; // order_base_2 of 0 to 4
}

/**
 * Whether the process variable (pv) refaults seldom, or not more often than the setpoint (sp), gains considered.
 * Products stay below 2^53 up to 2^22 refaults in 2^22 pages.
 */
function positiveError(
  spRefaulted: number,
  spTotal: number,
  spGain: number,
  pvRefaulted: number,
  pvTotal: number,
  pvGain: number,
): boolean {
  if (pvRefaulted < MIN_LRU_BATCH) return true;
  return pvRefaulted * (spTotal + MIN_LRU_BATCH) * spGain <= (spRefaulted + 1) * pvTotal * pvGain;
}

/**
 * The feedback loop of the multi-gen LRU, modelled after a PID controller: compares how often pages refault, by type
 * and tier, and says what to evict and what to protect. Proportional part: refaulted / (evicted + protected) since the
 * type's oldest generation changed; integral part: the moving average before, with a smoothing factor of 1/2; no
 * derivative part. All counts are pages, by `type * MAX_NR_TIERS + tier`.
 *
 * Source: read_ctrl_pos, reset_ctrl_pos, get_tier_idx and get_type_to_scan in mm/vmscan.c of Linux 6.18.
 */
export class RefaultControl {
  private readonly refaulted = new Float64Array(2 * MAX_NR_TIERS);
  private readonly evicted = new Float64Array(2 * MAX_NR_TIERS);
  private readonly protectedPages = new Float64Array(2 * MAX_NR_TIERS);
  private readonly averageRefaulted = new Float64Array(2 * MAX_NR_TIERS);
  private readonly averageTotal = new Float64Array(2 * MAX_NR_TIERS);

  noteRefault(type: number, tier: number): void {
    const at = type * MAX_NR_TIERS + tier;
    this.refaulted[at] = this.refaulted[at]! + 1;
  }

  noteEviction(type: number, tier: number): void {
    const at = type * MAX_NR_TIERS + tier;
    this.evicted[at] = this.evicted[at]! + 1;
  }

  /** An eviction did not happen. Its count may have gone into the average meanwhile. */
  undoEviction(type: number, tier: number): void {
    const at = type * MAX_NR_TIERS + tier;
    this.evicted[at] = Math.max(0, this.evicted[at]! - 1);
  }

  noteProtection(type: number, tier: number): void {
    const at = type * MAX_NR_TIERS + tier;
    this.protectedPages[at] = this.protectedPages[at]! + 1;
  }

  /** The oldest generation of a type is done: its counts go into the average. */
  carryOver(type: number): void {
    for (let at = type * MAX_NR_TIERS; at < (type + 1) * MAX_NR_TIERS; at++) {
      this.averageRefaulted[at] = Math.floor(this.refaultsAt(at) / 2);
      this.averageTotal[at] = Math.floor(this.totalAt(at) / 2);
      this.refaulted[at] = 0;
      this.evicted[at] = 0;
      this.protectedPages[at] = 0;
    }
  }

  /** The highest tier of a type whose pages may go; those of the tiers above are protected. */
  highestEvictableTier(type: number): number {
    const first = type * MAX_NR_TIERS;
    const refaulted = this.refaultsAt(first);
    const total = this.totalAt(first);
    let tier = 1;
    while (tier < MAX_NR_TIERS) {
      const at = first + tier;
      if (!positiveError(refaulted, total, FIRST_GAIN, this.refaultsAt(at), this.totalAt(at), OTHER_GAIN))
        break;
      tier++;
    }
    return tier - 1;
  }

  /** The type whose eviction costs less: all its tiers together, weighted by swappiness. */
  typeToScan(swappiness: number): number {
    if (swappiness <= 1) return FILE;
    if (swappiness >= MAX_SWAPPINESS) return ANON;
    let anonRefaulted = 0;
    let anonTotal = 0;
    let fileRefaulted = 0;
    let fileTotal = 0;
    for (let tier = 0; tier < MAX_NR_TIERS; tier++) {
      anonRefaulted += this.refaultsAt(tier);
      anonTotal += this.totalAt(tier);
      fileRefaulted += this.refaultsAt(MAX_NR_TIERS + tier);
      fileTotal += this.totalAt(MAX_NR_TIERS + tier);
    }
    const fileGain = MAX_SWAPPINESS - swappiness;
    return positiveError(anonRefaulted, anonTotal, swappiness, fileRefaulted, fileTotal, fileGain)
      ? FILE
      : ANON;
  }

  private refaultsAt(at: number): number {
    return this.averageRefaulted[at]! + this.refaulted[at]!;
  }

  private totalAt(at: number): number {
    return this.averageTotal[at]! + this.evicted[at]! + this.protectedPages[at]!;
  }
}
