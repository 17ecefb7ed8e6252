import { InputError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import type { Controller } from '../policy/controller/contract.js';
import type { MergeRules } from '../policy/merge/contract.js';
import type { PurgeRules } from '../policy/purge/contract.js';
import { Huge } from './huge/huge.js';
import { Khugepaged } from './huge/khugepaged.js';
import { Ksm } from './ksm/ksm.js';
import { Daemons } from './memory/daemons.js';
import { Unmovable } from './memory/unmovable.js';
import { Kswapd } from './reclaim/kswapd.js';
import { ProactiveReclaim } from './reclaim/proactive.js';
import { Purge } from './reclaim/purge.js';
import { Reclaim, type ReclaimOptions } from './reclaim/reclaim.js';
import { Flusher } from './reclaim/writeback.js';
import { set } from './settings.js';
import type { Merger } from './state/hooks.js';
import { State } from './state/state.js';

export interface MachineOptions extends ReclaimOptions {
  readonly purge: PurgeRules;
  readonly merge: MergeRules;
  /** What asks for reclaim before memory is short; undefined: nothing. */
  readonly controller?: Controller | undefined;
}

/** The simulated kernel put together: its state, and the agents that work on it. */
export class Machine extends State {
  override huge: Huge | undefined = undefined;
  /** Undefined until huge pages are possible, as `huge`. */
  khugepaged: Khugepaged | undefined;
  readonly reclaim: Reclaim;
  readonly purge: Purge;
  readonly ksm: Ksm;
  readonly merger: Merger;
  readonly flusher: Flusher;
  readonly proactive: ProactiveReclaim | undefined;
  readonly daemons: Daemons;
  private unmovable: Unmovable | undefined;

  constructor(options: MachineOptions) {
    super(options);
    const kswapd = this.zone && new Kswapd(this, this.zone);
    this.flusher = new Flusher(this);
    this.purge = new Purge(this, options.purge);
    this.reclaim = new Reclaim(this, options, { purge: this.purge, flusher: this.flusher, kswapd });
    this.ksm = new Ksm(this, options.merge);
    this.merger = this.ksm.strategy;
    const { controller } = options;
    this.proactive = controller && new ProactiveReclaim(this, controller, this.reclaim);
    this.daemons = new Daemons([
      this.flusher,
      ...(kswapd ? [kswapd] : []),
      this.ksm.ksmd,
      this.reclaim.statsFlusher,
      ...(this.proactive ? [this.proactive] : []),
    ]);
  }

  /** A setting in mid-trace. @throws InputError for an unknown name or a value that it does not take */
  set(name: string, value: string): void {
    set(this, name, value);
  }

  /** Huge pages are possible from now on. @throws Refusal where pages of a sample are replayed */
  hugeBegins(): void {
    if (this.huge) return;
    if (this.sample !== 1)
      throw new Refusal(
        'huge pages need all pages, and a sample of them is replayed: expected a trace without thp.enabled, or no sample',
        true,
      );
    this.huge = new Huge(this);
    this.khugepaged = new Khugepaged(this, this.huge);
    this.reclaim.foliosBegin();
    this.daemons.add(this.khugepaged);
  }

  /** Free-page reporting begins: it needs memory of a size (include/linux/page_reporting.h). */
  startReporting(order: number): void {
    if (!this.zone)
      throw new InputError('mm.page_reporting_order needs a machine of some memory, expected --memory');
    this.zone.startReporting(order, () => this.nowUs);
    if (this.zone.reporting) this.daemons.add(this.zone.reporting);
  }

  /** Memory becomes fragmented: it needs a size. */
  scatterUnmovable(percent: number): void {
    if (!this.zone)
      throw new InputError('mm.unmovable_percent needs a machine of some memory, expected --memory');
    this.unmovable ??= new Unmovable(this.frames, this.zone.buddy.pages);
    this.unmovable.set(percent);
  }

  /** Bytes of host memory that the state's arrays take, by part. */
  hostBytes(): Readonly<
    Record<'frames' | 'pages' | 'folios' | 'tables' | 'swap' | 'shares' | 'ksm' | 'policy', number>
  > {
    return {
      frames: this.frames.bytes,
      pages: this.pages.bytes,
      folios: this.huge?.folios.bytes ?? 0,
      tables: this.tables.bytes,
      swap: this.swap.bytes,
      shares: this.pss.bytes,
      ksm: this.ksm.bytes,
      policy: (this.reclaim.policy.bytes ?? 0) + (this.reclaim.cgroups?.bytes ?? 0),
    };
  }
}
