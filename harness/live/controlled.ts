import { PAGE_BYTES } from '../base/page.js';
import { Refusal } from '../contract/refusal.js';
import type { Controller } from '../policy/controller/contract.js';
import type { Errno } from '../policy/discard/contract.js';
import type { Account } from './account.js';
import { parsePressure } from './pressure.js';
import { LIVE_OP } from './protocol.js';
import type { Session } from './session.js';

/**
 * Lets a controller look after groups of a live kernel, as the simulated one does: at each turn it learns of `memory.current` and
 * `memory.pressure` of a group, and what it wants is written to `memory.reclaim`. Turns have their time in the trace.
 */
export class LiveController {
  /** Trace time of the next turn, in µs. */
  dueUs: number;
  /** By group: what `memory.pressure` said at the last turn. */
  private readonly stalled = new Map<string, number>();

  /**
   * @param name of the controller, as it was chosen
   * @param startUs trace time at which the run starts
   */
  constructor(
    private readonly name: string,
    private readonly controller: Controller,
    private readonly account: Account,
    private readonly session: Session,
    private readonly startUs: number,
  ) {
    this.dueUs = startUs + controller.intervalUs;
  }

  /** A turn: everything before it is done, and its time has come on the live kernel too. */
  run(): void {
    this.session.queue(LIVE_OP.pace, 0, 0, 0, Math.round(this.dueUs - this.startUs), 0);
    this.session.flush();
    for (const path of this.controller.groups) this.turn(path);
    this.dueUs += this.controller.intervalUs;
  }

  /** @throws Refusal where a group was in no turn, as the simulated kernel has it */
  finish(): void {
    const unmet = this.controller.groups.filter((path) => !this.stalled.has(path));
    if (unmet.length > 0 && this.dueUs > this.startUs + this.controller.intervalUs)
      throw new Refusal(
        `controller ${this.name}: the trace has no cgroup ${unmet.join(', ')} when it has its turn`,
      );
  }

  private turn(path: string): void {
    const group = this.account.controlled(path);
    if (group === undefined) return;
    const { folder, ownPages } = group;
    const now = parsePressure(this.session.get(`${folder}/memory.pressure`) ?? '').some.total;
    if (Number.isNaN(now))
      throw new Refusal(
        `controller ${this.name} goes by memory.pressure, which this kernel does not have: expected one with PSI (psi=1)`,
      );
    const since = now - (this.stalled.get(path) ?? 0);
    this.stalled.set(path, now);
    const usage = Number(this.session.get(`${folder}/memory.current`)) / PAGE_BYTES - ownPages;
    const pages = this.controller.wanted({ usage, stalledUs: since });
    if (pages > 0) this.mustHave(group.ask(pages));
  }

  /** EAGAIN says that not all pages could go, which a controller takes as it comes. */
  private mustHave(error: Errno): void {
    if (error !== 0 && error !== 'EAGAIN')
      throw new Refusal(
        `controller ${this.name} writes memory.reclaim, which this kernel does not take (${error}): expected Linux 5.19 or later`,
      );
  }
}
