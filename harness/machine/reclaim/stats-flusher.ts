import type { ReclaimPolicy } from '../../policy/reclaim/contract.js';
import { Daemon } from '../memory/daemons.js';
import type { State } from '../state/state.js';

const US_PER_MS = 1000;

/**
 * The worker that brings the statistics of cgroups up to date, for a policy that reads them; with `memcg.stats=fresh` also
 * a reader of memory.stat. Sleeps while they do not change, which no one can tell from a flush of nothing.
 * Source: flush_memcg_stats_dwork in mm/memcontrol.c.
 */
export class StatsFlusher extends Daemon {
  /** Whether `wake` is to be called when statistics change. */
  asleep: boolean;
  /** When the worker flushes next, or would if it did not sleep; undefined before the first page. */
  private nextUs: number | undefined;

  constructor(
    private readonly state: State,
    private readonly reclaim: { readonly policy: ReclaimPolicy },
  ) {
    super();
    this.asleep = reclaim.policy.flushStats !== undefined;
  }

  /** Statistics have changed: the next flush has something to do. */
  wake(): void {
    const { nowUs } = this.state;
    this.nextUs ??= nowUs + this.periodUs;
    if (this.nextUs <= nowUs)
      this.nextUs += this.periodUs * (1 + Math.floor((nowUs - this.nextUs) / this.periodUs));
    this.asleep = false;
    this.dueUs = this.reads ? nowUs : this.nextUs;
  }

  /** The setting that moves flushes in time: the worker's next one is `delayMs` from now. */
  restart(delayMs: number): void {
    if (!this.reclaim.policy.flushStats) return;
    this.nextUs = this.state.nowUs + delayMs * US_PER_MS;
    this.asleep = false;
    this.dueUs = this.nextUs;
  }

  run(nowUs: number): void {
    const works = nowUs >= this.nextUs!;
    const changed = this.reclaim.policy.flushStats!(!works);
    if (works) this.nextUs = nowUs + this.periodUs;
    // A reader looks again at the next change, and the worker comes though what is pending does not change.
    this.asleep = this.reads || !changed;
    this.dueUs = works && !changed ? Number.POSITIVE_INFINITY : this.nextUs!;
  }

  private get reads(): boolean {
    return this.state.settings.stats === 'fresh';
  }

  private get periodUs(): number {
    return this.state.settings.statsFlushMs * US_PER_MS;
  }
}
