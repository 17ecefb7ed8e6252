import type { Group } from './group.js';

/** Pages of a parent that protect its children: what it is given itself, what children claim and use, what it has. */
interface Shared {
  readonly effective: number;
  readonly claimed: number;
  readonly usage: number;
  /** Mount option memory_recursiveprot: what children do not claim protects them too, by their size. */
  readonly recursive: boolean;
}

/** What of a setting protects a group. Source: effective_protection in mm/page_counter.c. */
function effective(usage: number, setting: number, parent: Shared): number {
  const claimed = Math.min(usage, setting);
  if (parent.claimed > parent.effective) return Math.floor((claimed * parent.effective) / parent.claimed);
  const unclaimed = parent.effective - parent.claimed;
  if (!parent.recursive || unclaimed <= 0 || parent.usage <= parent.claimed || usage <= claimed)
    return claimed;
  return claimed + Math.floor((unclaimed * (usage - claimed)) / (parent.usage - parent.claimed));
}

function shared(parent: Group, setting: 'min' | 'low', given: number, recursive: boolean): Shared {
  let claimed = 0;
  for (const child of parent.children) claimed += Math.min(child.usage, child[setting]);
  return { effective: given, claimed, usage: parent.usage, recursive };
}

function protectChildren(parent: Group, recursive: boolean): void {
  if (parent.children.length === 0) return;
  const min = shared(parent, 'min', parent.emin, recursive);
  const low = shared(parent, 'low', parent.elow, recursive);
  for (const child of parent.children) {
    child.emin = effective(child.usage, child.min, min);
    child.elow = effective(child.usage, child.low, low);
    protectChildren(child, recursive);
  }
}

/**
 * Sets the effective protection of all groups below one that is reclaimed from. That one has none, and its children have all
 * that they ask for. Source: page_counter_calculate_protection in mm/page_counter.c.
 */
export function calculateProtection(target: Group, recursive: boolean): void {
  target.emin = 0;
  target.elow = 0;
  for (const child of target.children) {
    child.emin = child.min;
    child.elow = child.low;
    protectChildren(child, recursive);
  }
}

/** mem_cgroup_below_min: no page of it is taken. */
export function isBelowMin({ usage, emin }: Group): boolean {
  return usage > 0 && emin >= usage;
}

/** mem_cgroup_below_low: pages of it are taken only where there are no others. */
export function isBelowLow({ usage, elow }: Group): boolean {
  return usage > 0 && elow >= usage;
}

/**
 * Which part of the pages of a group reclaim looks at: less, the more of them are protected.
 * Source: get_scan_count in mm/vmscan.c.
 *
 * @param overridesLow whether pages below `memory.low` are taken too
 */
export function scannedPart({ usage, emin, elow }: Group, overridesLow: boolean): number {
  const protection = overridesLow ? emin : Math.max(emin, elow);
  return protection === 0 || usage === 0 ? 1 : 1 - protection / (Math.max(usage, protection) + 1);
}
