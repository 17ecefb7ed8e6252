import { must } from '../../memory/invariant.js';
import { PAGE_FLAG } from '../../memory/pages.js';
import type { State } from '../../state/state.js';
import type { Cgroups } from './cgroups.js';
import type { Group } from './group.js';

/** What groups hold, counted afresh. */
interface Held {
  frames: number;
  slots: number;
  /** Pages in memory that a policy may choose. */
  evictable: number;
}

/**
 * Checks what is charged to memory cgroups against frames and swap slots: a group's pages are those with a frame that are on
 * record for it, its usage is theirs and that of the groups below, and so is its swap. Victims at hand are in no group's list.
 *
 * @throws BrokenInvariant naming the first that does not hold
 */
export function checkCgroups({ pages, frames, swap }: State, cgroups: Cgroups): void {
  const held = new Map<Group, Held>(
    cgroups.groups.map((group) => [group, { frames: 0, slots: 0, evictable: 0 }]),
  );
  for (let frame = 0; frame < frames.high; frame++) {
    const page = frames.page[frame]!;
    if (page < 0) continue;
    const of = held.get(cgroups.of(page))!;
    of.frames++;
    if ((pages.traits[page]! & PAGE_FLAG.unevictable) === 0) of.evictable++;
  }
  for (let slot = 0; slot < swap.high; slot++) {
    const page = swap.page(slot);
    if (page >= 0) held.get(cgroups.of(page))!.slots++;
  }
  for (const group of cgroups.groups) checkGroup(group, held);
}

function checkGroup(group: Group, held: ReadonlyMap<Group, Held>): void {
  const all = [...group.below()].map((below) => held.get(below)!);
  const name = group.path || '/';
  const own = held.get(group)!;
  must(
    group.listed === own.evictable,
    () => `cgroup ${name} lists ${group.listed} pages and has ${own.evictable}`,
  );
  if (!group.parent) return;
  const sum = (of: keyof Held) => all.reduce((total, counts) => total + counts[of], 0);
  must(
    group.usage === sum('frames'),
    () => `cgroup ${name} counts ${group.usage} pages and has ${sum('frames')}`,
  );
  must(
    group.swap === sum('slots'),
    () => `cgroup ${name} counts ${group.swap} swap slots and has ${sum('slots')}`,
  );
}
