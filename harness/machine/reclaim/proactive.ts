import type { Controller } from '../../policy/controller/contract.js';
import { Daemon } from '../memory/daemons.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { Group } from './cgroup/group.js';

const NS_PER_US = 1000;

/** Linux 6.9 and later reclaim what memory.reclaim is asked for in calls of a quarter of what is left. */
const QUARTERS = KERNELS['6.12'];

/** Pages that user_proactive_reclaim asks one search for. @param left what is not reclaimed yet */
export function proactiveBatch(kernel: number, left: number): number {
  return kernel >= QUARTERS ? Math.max(1, Math.floor(left / 4)) : left;
}

/**
 * Searches for pages to reclaim until as many as are wanted are free, or a search frees none.
 *
 * @param search frees pages. Gets how many are still wanted, returns how many it has freed
 * @returns how many are free
 */
export function searchUntilFree(wanted: number, search: (left: number) => number): number {
  let freed = 0;
  for (let got = 1; got > 0 && freed < wanted; freed += got) got = search(wanted - freed);
  return freed;
}

/** What the controller asks of reclaim. */
export interface Proactive {
  /** The memory cgroup with this path; undefined before there is one, and for all memory of the trace. */
  groupAt(path: string): Group | undefined;
  /** memory.reclaim of a group, or of all memory of the trace. Returns how many pages are free. */
  reclaimOnDemand(group: Group | undefined, pages: number): number;
}

/**
 * Lets a controller write memory.reclaim of groups in trace time. It is a program of its own, outside of the trace: what its reclaim
 * costs is on no account of a program.
 */
export class ProactiveReclaim extends Daemon {
  /** By group: for how long its threads had stalled at the last turn, in ns. */
  private readonly stalledNs = new Map<string, number>();
  private turns = 0;

  constructor(
    private readonly state: State,
    private readonly controller: Controller,
    private readonly reclaim: Proactive,
  ) {
    super();
  }

  /** The trace begins. */
  start(nowUs: number): void {
    this.dueUs = nowUs + this.controller.intervalUs;
  }

  /** Groups that there have never been at a turn. */
  unmet(): readonly string[] {
    return this.turns === 0 ? [] : this.controller.groups.filter((path) => !this.stalledNs.has(path));
  }

  run(nowUs: number): void {
    this.state.ledger.pressure.settle(nowUs * NS_PER_US);
    this.turns++;
    for (const path of this.controller.groups) this.turn(path, nowUs);
    this.dueUs = nowUs + this.controller.intervalUs;
  }

  private turn(path: string, nowUs: number): void {
    const { ledger, frames } = this.state;
    const group = this.reclaim.groupAt(path);
    if (path !== '' && group === undefined) return;
    const account = group?.pressure ?? ledger.pressure.machine;
    const { someNs } = account.at(nowUs * NS_PER_US);
    const stalledUs = (someNs - (this.stalledNs.get(path) ?? 0)) / NS_PER_US;
    this.stalledNs.set(path, someNs);
    const wanted = this.controller.wanted({ usage: group?.usage ?? frames.inUse, stalledUs });
    if (wanted > 0) this.reclaim.reclaimOnDemand(group, wanted);
  }
}
