import { PART } from '../../../cost/ledger.js';
import { MAX_RECLAIM_RETRIES, SWAP_CLUSTER_MAX } from '../../../policy/reclaim/structures/vmscan.js';
import type { State } from '../../state/state.js';
import type { Group } from './group.js';

/** Pages that a CPU charges at a time, and looks at `memory.high` then. Source: MEMCG_CHARGE_BATCH in include/linux/memcontrol.h. */
const CHARGE_BATCH = 64;
/** Overage is a fixed-point number with this many bits behind the point, and its square is scaled down by as many. */
const PRECISION_BITS = 20;
const SCALING_BITS = 14;
/** Ticks a second of the kernels of most distributions (CONFIG_HZ). */
const HZ = 250;
const LONGEST = 2 * HZ;
const NS_PER_TICK = 1e9 / HZ;

/** How far pages are above `memory.high`, as a fixed-point part of that (calculate_overage). */
function overage(pages: number, high: number): number {
  return pages <= high ? 0 : Math.floor(((pages - high) * 2 ** PRECISION_BITS) / Math.max(high, 1));
}

/** mem_find_max_overage: of a group and those above it. */
function mostOverage(group: Group): number {
  let most = 0;
  for (const { usage, high } of group.upwards()) most = Math.max(most, overage(usage + group.stock, high));
  return most;
}

/** Ticks that a program sleeps which has charged that many pages above `memory.high` (calculate_high_delay). */
function highDelay(mostOverage: number, pages: number): number {
  const ticks = Math.floor((mostOverage * mostOverage * HZ) / 2 ** (PRECISION_BITS + SCALING_BITS));
  return Math.min(Math.floor((ticks * pages) / CHARGE_BATCH), LONGEST);
}

/**
 * memory.high: a program that charges pages beyond it reclaims them itself, and sleeps where that does not help. Source:
 * try_charge_memcg and __mem_cgroup_handle_over_high in mm/memcontrol.c. The kernel does so when the fault returns; here it
 * is done, and paid, at the next fault of the group that needs a page.
 */
export class HighLimits {
  /** Pages to reclaim, by group. */
  private readonly owed = new Map<Group, number>();

  /** @param reclaimFrom reclaims a number of pages from a group and those below it, and returns how many it did */
  constructor(
    private readonly state: State,
    private readonly reclaimFrom: (group: Group, pages: number) => number,
  ) {}

  /** A page has been charged. */
  charged(group: Group): void {
    if (group.stock > 0) {
      group.stock--;
      return;
    }
    group.stock = CHARGE_BATCH - 1;
    for (const { usage, high } of group.upwards()) {
      if (usage + group.stock <= high) continue;
      this.owed.set(group, (this.owed.get(group) ?? 0) + CHARGE_BATCH);
      return;
    }
  }

  /** A program of the group is about to need a page. */
  handle(group: Group): void {
    const pages = this.owed.get(group);
    if (pages === undefined) return;
    this.owed.delete(group);
    let reclaimed = this.reclaimAbove(group, pages);
    for (let retries = MAX_RECLAIM_RETRIES; ; ) {
      const ticks = highDelay(mostOverage(group), pages);
      if (ticks <= HZ / 100) return;
      if (reclaimed === 0 && retries-- === 0) {
        this.sleep(group, ticks);
        return;
      }
      reclaimed = this.reclaimAbove(group, SWAP_CLUSTER_MAX);
    }
  }

  /** reclaim_high: from each group that is above its bound, from below. */
  private reclaimAbove(group: Group, pages: number): number {
    let reclaimed = 0;
    for (const above of group.upwards()) {
      if (above.usage + group.stock <= above.high) continue;
      for (const { counters } of above.upwards()) counters.high++;
      reclaimed += this.reclaimFrom(above, Math.max(pages, SWAP_CLUSTER_MAX));
    }
    return reclaimed;
  }

  private sleep(group: Group, ticks: number): void {
    const ns = ticks * NS_PER_TICK;
    for (const { counters } of group.upwards()) counters.throttleNs += ns;
    this.state.ledger.io(PART.reclaim, ns);
  }
}
