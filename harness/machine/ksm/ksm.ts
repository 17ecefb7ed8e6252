import { PAGE_BYTES } from '../../base/page.js';
import { PART } from '../../cost/ledger.js';
import type { Paid } from '../../metrics/files.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { KsmParameters, MergeRules } from '../../policy/merge/contract.js';
import type { Machine } from '../machine.js';
import { KSM_OBJECT } from '../state/objects.js';
import type { Space } from '../state/space.js';
import { VM, type Vma } from '../state/vma.js';
import { mayMerge } from './eligible.js';
import { Hints } from './hints.js';
import { Instant } from './instant.js';
import { NONE, RMAP_ITEM_BYTES } from './items.js';
import { Ksmd } from './ksmd.js';
import { unmerge } from './merge.js';
import { type SettingsListener, setKsm } from './settings.js';
import { Tracking } from './tracking.js';

/** What KSM counts for a process: /proc/pid/ksm_stat. */
type KsmColumn = 'ksm_rmap_items' | 'ksm_merging_pages' | 'ksm_zero_pages' | 'ksm_process_profit';

/** Same-page merging: what is tracked and merged, and who does it. */
export class Ksm implements SettingsListener {
  readonly parameters: KsmParameters;
  readonly tracking: Tracking;
  readonly ksmd: Ksmd;
  /** Who merges in ksmd's place, if anybody. */
  readonly instant: Instant | undefined;
  readonly hints: Hints | undefined;
  /** Entries of the shared zero page that took the place of a page of zeros. */
  zeroPages = 0;
  configured = true;
  maxProcesses: number = Number.POSITIVE_INFINITY;

  constructor(
    private readonly machine: Machine,
    readonly rules: MergeRules,
  ) {
    this.parameters = { ...rules.ksm };
    this.tracking = new Tracking(machine, rules.by === 'instant' || rules.hints !== undefined);
    this.instant = rules.by === 'instant' ? new Instant(machine, this.tracking) : undefined;
    this.hints = rules.hints && new Hints(rules.hints);
    this.ksmd = new Ksmd(machine, this);
  }

  get bytes(): number {
    return this.tracking.bytes + (this.instant?.bytes ?? 0);
  }

  get merged(): boolean {
    return this.tracking.pagesShared > 0;
  }

  /** Memory that tracking costs the kernel. */
  get metadataBytes(): number {
    return this.instant ? 0 : this.tracking.items.count * RMAP_ITEM_BYTES;
  }

  /** Merged pages in use: as ksmd knows, or those there are. */
  get pagesShared(): number {
    return this.instant ? this.mergedPages().shared : this.tracking.pagesShared;
  }

  /** Further mappings of merged pages: as ksmd knows, or those there are. */
  get pagesSharing(): number {
    return this.instant ? this.mergedPages().sharing : this.tracking.pagesSharing;
  }

  private mergedPages(): { shared: number; sharing: number } {
    const { nodes } = this.tracking;
    const { pages, frames } = this.machine;
    let shared = 0;
    let sharing = 0;
    for (let node = 0; node < nodes.high; node++) {
      const page = nodes.page[node]!;
      const mappings = page === NONE ? 0 : frames.mapcount[pages.place[page]!]!;
      if (mappings > 0) shared++;
      sharing += Math.max(0, mappings - 1);
    }
    return { shared, sharing };
  }

  /** What merging saves less what it costs, in bytes (general_profit_show). */
  get generalProfit(): number {
    return PAGE_BYTES * (this.pagesSharing + this.zeroPages) - this.metadataBytes;
  }

  /**
   * What /proc/PID/ksm_stat shows of a process, by its names. Instant merging
   * does not track processes, and says nothing.
   */
  processStat(space: Space): Pick<Paid, KsmColumn> {
    const { ksm, ksmZeroPages } = space;
    const items = ksm?.rmapItems ?? 0;
    const merging = ksm?.mergingPages ?? 0;
    return {
      ksm_rmap_items: this.instant ? null : items,
      ksm_merging_pages: this.instant ? null : merging,
      ksm_zero_pages: ksmZeroPages,
      ksm_process_profit: this.instant
        ? null
        : PAGE_BYTES * (merging + ksmZeroPages) - RMAP_ITEM_BYTES * items,
    };
  }

  /** @throws InputError for an unknown name, or a value that KSM does not take now */
  set(name: string, value: string): void {
    setKsm(this, this.parameters, name, value);
  }

  /** run_store. 2 unmerges all at once, and the rounds are counted from 0 again. Instant merging has no switch. */
  setRun(run: KsmParameters['run']): void {
    const changed = this.parameters.run !== run;
    this.parameters.run = run;
    if (changed && run === 2 && !this.instant) this.unmergeAll();
    this.ksmd.wake();
  }

  sleepChanged(): void {
    this.ksmd.wakeFromSleep();
  }

  advisorChanged(): void {
    this.ksmd.advisorChanged();
  }

  /**
   * __ksm_enter: ksmd goes through a process from now on. A new one comes just behind the cursor, so that it is the last
   * to be looked at in this round. False when it cannot be tracked.
   */
  enter(space: Space): boolean {
    if (space.ksm) return true;
    const { mms } = this.tracking;
    if (mms.count >= this.maxProcesses) return false;
    const before = this.parameters.run === 2 ? mms.head : this.ksmd.scan.cursor;
    space.ksm = mms.add(space, before);
    this.ksmd.wake();
    return true;
  }

  /** ksm_fork: the child of a process with mergeable memory is gone through too, if it can be tracked. */
  forked(parent: Space, child: Space): void {
    child.mergeAny = parent.mergeAny;
    if (parent.ksm) this.enter(child);
  }

  /** __ksm_exit: items go when ksmd comes by, which is next; a process without any leaves at once. */
  exited(space: Space): void {
    const slot = space.ksm;
    if (!slot) return;
    slot.exited = true;
    this.tracking.dropLoose(slot, () => false);
    const { cursor } = this.ksmd.scan;
    if (slot === cursor) return;
    if (slot.first === NONE) this.tracking.mms.remove(slot);
    else this.tracking.mms.moveBehind(slot, cursor);
  }

  /** The page of a frame is about to lose it. */
  frameLost(frame: number): void {
    const { object, index } = this.machine.frames;
    if (object[frame] === KSM_OBJECT && index[frame] !== NONE)
      this.tracking.pageFreed(index[frame]!, this.instant !== undefined);
  }

  /** An entry of KSM's zero page is gone (ksm_might_unmap_zero_page). */
  zeroUnmapped(space: Space): void {
    this.zeroPages--;
    space.ksmZeroPages--;
  }

  /** fork has copied an entry of KSM's zero page. */
  zeroCopied(child: Space): void {
    this.zeroPages++;
    child.ksmZeroPages++;
  }

  /** Flags of a new mapping: mergeable if its process asked for that (ksm_vma_flags). */
  newFlags(space: Space, flags: number): number {
    if (!space.mergeAny || !mayMerge(flags)) return flags;
    this.enter(space);
    return flags | VM.mergeable;
  }

  /** PR_SET_MEMORY_MERGE: all memory of a process that can be merged is mergeable, now and later, or none is. */
  setMergeAny(space: Space, on: boolean): Errno {
    if (!this.configured) return 'EINVAL';
    if (on && !this.enter(space)) return 'ENOMEM';
    if (space.mergeAny === on) return 0;
    space.mergeAny = on;
    for (const vma of space.vmas) {
      if (on && mayMerge(vma.flags)) {
        vma.flags |= VM.mergeable;
        this.instant?.rangeCame(vma, vma.start, vma.end);
      }
      if (!on && vma.has(VM.mergeable)) {
        unmerge(this.machine, vma, vma.start, vma.end, PART.discard);
        vma.flags &= ~VM.mergeable;
      }
    }
    return 0;
  }

  /** unmerge_and_remove_all_rmap_items. */
  private unmergeAll(): void {
    const { tracking, machine: m } = this;
    for (const slot of [...tracking.mms.all()]) {
      if (!slot.exited) for (const vma of slot.space?.vmas ?? []) this.unmergeVma(m, vma);
      while (slot.first !== NONE) tracking.dropItemBehind(slot.number, NONE);
      tracking.dropLoose(slot, () => false);
      if (slot.exited) tracking.mms.remove(slot);
    }
    this.removeNodes();
    this.ksmd.scan.restart();
    this.ksmd.fullScans = 0;
  }

  private unmergeVma(m: Machine, vma: Vma): void {
    if (vma.has(VM.mergeable) && vma.anon) unmerge(m, vma, vma.start, vma.end, PART.discard);
  }

  /** remove_all_stable_nodes: those left have no items; their pages are in the swap cache, mapped by nobody. */
  private removeNodes(): void {
    const { nodes } = this.tracking;
    const { pages, frames } = this.machine;
    for (let node = 0; node < nodes.high; node++) {
      if (!nodes.isUsed(node) || nodes.isChain(node)) continue;
      const page = nodes.page[node]!;
      if (page !== NONE) frames.index[pages.place[page]!] = NONE;
      this.tracking.removeNode(node);
    }
    for (let node = 0; node < nodes.high; node++) if (nodes.isChain(node)) nodes.removeChain(node);
  }
}
