import { PAGE_BYTES } from '../../base/page.js';
import { PART, type StallIndex } from '../../cost/ledger.js';
import type { Paid } from '../../metrics/files.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { KsmParameters, MergeRules } from '../../policy/merge/contract.js';
import type { KsmHooks } from '../state/hooks.js';
import { KSM_OBJECT } from '../state/objects.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import { NONE } from './content-table.js';
import { Hints } from './hints.js';
import { Instant } from './instant.js';
import { RMAP_ITEM_BYTES } from './items.js';
import { Ksmd } from './ksmd.js';
import { mayMerge, unmerge } from './merge.js';
import { MergeIndex } from './merge-index.js';
import { walkMerged } from './rmap.js';
import type { KsmTarget } from './settings.js';
import { type MergeStrategy, Scanning } from './strategy.js';

/** What /proc/PID/ksm_stat shows of a process. */
type KsmColumn = 'ksm_rmap_items' | 'ksm_merging_pages' | 'ksm_zero_pages' | 'ksm_process_profit';

type KsmSettings = KsmTarget['ksm'];

const UNTRACKED = { rmapItems: 0, mergingPages: 0 } as const;

/** Same-page merging: what the kernel tracks and shows of it, whatever strategy merges. */
export class Ksm implements KsmHooks, KsmSettings {
  readonly parameters: KsmParameters;
  readonly index: MergeIndex;
  readonly ksmd: Ksmd;
  readonly strategy: MergeStrategy;
  /** Entries of the shared zero page that took the place of a page of zeros. */
  zeroPages = 0;
  configured = true;
  maxProcesses: number = Number.POSITIVE_INFINITY;

  constructor(
    private readonly state: State,
    rules: MergeRules,
  ) {
    this.parameters = { ...rules.ksm };
    const ideal = rules.by === 'instant';
    this.index = new MergeIndex(state, this.parameters, ideal || rules.hints !== undefined);
    const hints = rules.hints && new Hints(rules.hints);
    this.strategy = ideal ? new Instant(state, this.index) : new Scanning(state, this.index, hints);
    this.ksmd = new Ksmd(state, this.index, this.parameters, rules, hints);
  }

  get bytes(): number {
    return this.index.bytes + this.strategy.bytes;
  }

  stillMerged(): boolean {
    return this.index.pagesShared > 0 || (this.strategy.scans && this.removeNodes());
  }

  /** What merging saves less what it costs, in bytes (general_profit_show). */
  get generalProfit(): number {
    const { pagesSharing, metadataBytes } = this.strategy;
    return PAGE_BYTES * (pagesSharing + this.zeroPages) - metadataBytes;
  }

  /** What /proc/PID/ksm_stat shows of a process, by its names; null for what a strategy without a scanner does not track. */
  processStat(space: Space): Pick<Paid, KsmColumn> {
    const { ksmZeroPages } = space;
    if (!this.strategy.scans)
      return {
        ksm_rmap_items: null,
        ksm_merging_pages: null,
        ksm_zero_pages: ksmZeroPages,
        ksm_process_profit: null,
      };
    const { rmapItems, mergingPages } = this.index.mms.of(space) ?? UNTRACKED;
    return {
      ksm_rmap_items: rmapItems,
      ksm_merging_pages: mergingPages,
      ksm_zero_pages: ksmZeroPages,
      ksm_process_profit: PAGE_BYTES * (mergingPages + ksmZeroPages) - RMAP_ITEM_BYTES * rmapItems,
    };
  }

  /** run_store. 2 unmerges all at once, and the rounds are counted from 0 again. The ideal has no switch. */
  setRun(run: KsmParameters['run']): void {
    const changed = this.parameters.run !== run;
    this.parameters.run = run;
    if (changed && run === 2 && this.strategy.scans) this.unmergeAll();
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
    const { mms } = this.index;
    if (mms.of(space)) return true;
    if (mms.count >= this.maxProcesses) return false;
    const before = this.parameters.run === 2 ? mms.head : this.ksmd.scan.cursor;
    mms.add(space, before);
    this.ksmd.wake();
    return true;
  }

  /** ksm_fork: the child of a process with mergeable memory is gone through too, if it can be tracked. */
  forked(parent: Space, child: Space): void {
    child.mergeAny = parent.mergeAny;
    if (this.index.mms.of(parent)) this.enter(child);
  }

  /** __ksm_exit: items go when ksmd comes by, which is next; a process without any leaves at once. */
  exited(space: Space): void {
    const slot = this.index.mms.of(space);
    if (!slot) return;
    slot.exited = true;
    this.index.dropUnlinked(slot, () => false);
    const { cursor } = this.ksmd.scan;
    if (slot === cursor) return;
    if (slot.first === NONE) this.index.mms.remove(slot);
    else this.index.mms.moveBehind(slot, cursor);
  }

  /** The page of a frame is about to lose it. */
  frameLost(frame: number): void {
    const { object, index } = this.state.frames;
    if (object[frame] === KSM_OBJECT && index[frame] !== NONE)
      this.index.pageFreed(index[frame]!, !this.strategy.scans);
  }

  /** An entry of KSM's zero page is gone (ksm_might_unmap_zero_page). */
  zeroUnmapped(space: Space): void {
    this.zeroPages--;
    space.ksmZeroPages--;
  }

  zeroMapped(space: Space): void {
    this.zeroPages++;
    space.ksmZeroPages++;
  }

  walkMerged(page: number, node: number, mappings: number): void {
    walkMerged(this.state, this.index, node, page, mappings);
  }

  unmerge(vma: Vma, start: number, end: number, part: StallIndex): void {
    unmerge(this.state, vma, start, end, part);
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
        this.strategy.rangeCame(vma, vma.start, vma.end);
      }
      if (!on && vma.has(VM.mergeable)) {
        this.unmerge(vma, vma.start, vma.end, PART.discard);
        vma.flags &= ~VM.mergeable;
      }
    }
    return 0;
  }

  /** unmerge_and_remove_all_rmap_items. */
  private unmergeAll(): void {
    const { index } = this;
    for (const slot of [...index.mms.all()]) {
      if (!slot.exited) for (const vma of slot.space?.vmas ?? []) this.unmergeVma(vma);
      while (slot.first !== NONE) index.dropItemBehind(slot.number, NONE);
      index.dropUnlinked(slot, () => false);
      if (slot.exited) index.mms.remove(slot);
    }
    this.removeNodes();
    this.ksmd.scan.restart();
    this.ksmd.fullScans = 0;
  }

  private unmergeVma(vma: Vma): void {
    if (vma.has(VM.mergeable) && vma.anon) this.unmerge(vma, vma.start, vma.end, PART.discard);
  }

  /**
   * remove_all_stable_nodes: where no items are left, nodes go whose page is in the swap cache and not mapped. Returns
   * whether any stays: its page is mapped in memory that is not mergeable, of the other side of a fork, where nothing
   * breaks the sharing (remove_stable_node: EBUSY; seen on Linux 6.18).
   */
  private removeNodes(): boolean {
    const { nodes } = this.index;
    const { pages, frames } = this.state;
    let busy = false;
    for (let node = 0; node < nodes.high; node++) {
      if (!nodes.isUsed(node) || nodes.isChain(node)) continue;
      const page = nodes.page[node]!;
      const frame = page === NONE ? NONE : pages.location[page]!;
      if (frame !== NONE && frames.mapcount[frame]! > 0) {
        busy = true;
        continue;
      }
      if (frame !== NONE) frames.index[frame] = NONE;
      this.index.removeNode(node);
    }
    for (let node = 0; node < nodes.high; node++)
      if (nodes.isChain(node) && nodes.first[node] === NONE) nodes.removeChain(node);
    return busy;
  }
}
