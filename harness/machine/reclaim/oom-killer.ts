import { isSwapEntry } from '../entries/entry.js';
import { exit } from '../mapping/fork.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import type { Cgroups } from './cgroup/cgroups.js';
import type { Group } from './cgroup/group.js';

/** OOM_SCORE_ADJ_MIN: such a space is never killed. Source: include/uapi/linux/oom.h. */
const NEVER = -1000;
/** Page tables of a space above its directories of leaves, as mm_pgtables_bytes counts them: one, of the next level. */
const UPPER_TABLES = 1;

function swapEntries({ tables }: State, space: Space): number {
  let entries = 0;
  for (const vma of space.vmas)
    for (const { at: first, from, to } of space.directory.leavesIn(vma.start, vma.end)) {
      const end = first + to - from;
      for (let at = tables.nextUsed(first, end); at < end; at = tables.nextUsed(at + 1, end))
        if (isSwapEntry(tables.get(at))) entries++;
    }
  return entries;
}

/** oom_badness: resident pages, swapped ones and page tables, and thousandths of all that there is; undefined: not to be killed. */
function badness(m: State, space: Space, total: number): number | undefined {
  if (space.oomScoreAdj === NEVER) return undefined;
  const { directory } = space;
  const tables = [...directory.leaves()].length + directory.pages + UPPER_TABLES;
  return space.rss + swapEntries(m, space) + tables + space.oomScoreAdj * Math.floor(total / 1000);
}

/**
 * The OOM killer: where no page can be reclaimed, the space with the largest badness goes, or all of its memory cgroup
 * (memory.oom.group). Source: mm/oom_kill.c, mem_cgroup_out_of_memory and mem_cgroup_get_oom_group in mm/memcontrol.c.
 */
export class OomKiller {
  /** Spaces that were killed and that the replay has not heard of. */
  private unheard: Space[] = [];

  constructor(
    private readonly state: State,
    private readonly cgroups: () => Cgroups | undefined,
  ) {}

  /** Whether `takeKilled` has something to say. */
  get anyUnheard(): boolean {
    return this.unheard.length > 0;
  }

  /**
   * Kills a space. The one whose event is at work lives until that ends, and may have all the memory that it still needs.
   *
   * @param domain the group whose `memory.max` cannot be met; undefined: the limit of the trace, or the machine's memory
   * @param pages what all of them may have
   * @returns false where there is none that may be killed
   */
  kill(domain: Group | undefined, pages: number): boolean {
    const victim = this.select(domain, pages);
    if (!victim) return false;
    for (const space of this.allOf(victim, domain)) this.end(space);
    return true;
  }

  /** select_bad_process: of spaces that are alike, the youngest. */
  private select(domain: Group | undefined, pages: number): Space | undefined {
    const { swap, spaces } = this.state;
    const slots = Number.isFinite(swap.capacity) ? swap.capacity : swap.inUse;
    const total = pages + Math.min(slots, domain?.swapMax ?? slots);
    let chosen: Space | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const space of spaces.values()) {
      if (space.killed || !this.isIn(space, domain)) continue;
      const points = badness(this.state, space, total);
      if (points === undefined || points < most) continue;
      most = points;
      chosen = space;
    }
    return chosen;
  }

  private isIn(space: Space, domain: Group | undefined): boolean {
    if (domain === undefined) return true;
    const group = this.cgroups()?.groupOf(space);
    return group !== undefined && [...group.upwards()].includes(domain);
  }

  /** The victim, or all of the uppermost group with `memory.oom.group` that it is in, up to the domain. */
  private allOf(victim: Space, domain: Group | undefined): readonly Space[] {
    const own = this.cgroups()?.groupOf(victim);
    let together: Group | undefined;
    for (const group of own?.upwards() ?? []) {
      if (group.oomGroup) together = group;
      if (group === domain) break;
    }
    if (!together) return [victim];
    return [...this.state.spaces.values()].filter(
      (space) => !space.killed && space.oomScoreAdj !== NEVER && this.isIn(space, together),
    );
  }

  private end(space: Space): void {
    const { state } = this;
    space.killed = true;
    state.counters.oom_kills++;
    for (const { counters } of this.cgroups()?.groupOf(space)?.upwards() ?? []) counters.oomKill++;
    if (space.id === state.ledger.payer) state.dying = space;
    else this.bury(space);
    this.unheard.push(space);
  }

  /** exit_mmap: what it alone had is free; shared memory that has a name, a descriptor or another mapping stays. */
  private bury(space: Space): void {
    exit(this.state, space);
    this.cgroups()?.leave(space);
  }

  /** An event is over: ends the space that was at work, and returns those that were killed in it. */
  takeKilled(): readonly Space[] {
    const { dying } = this.state;
    if (dying) {
      this.state.dying = undefined;
      this.state.inFault = false; // it may have ended in a fault
      this.bury(dying);
    }
    const killed = this.unheard;
    this.unheard = [];
    return killed;
  }
}
