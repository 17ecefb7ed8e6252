import { PART } from '../../cost/ledger.js';
import type { PurgeRules } from '../../policy/purge/contract.js';
import { SWAP_CLUSTER_MAX } from '../../policy/reclaim/structures/vmscan.js';
import type { Holder, PurgeHooks } from '../state/hooks.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { GAVE, purgePage, usedPages } from './purge-page.js';
import { VolatileMarks } from './volatile-marks.js';
import type { VolatileRange } from './volatile-range.js';

/** Objects a shrinker is asked for, a page scanned: 4 / DEFAULT_SEEKS. */
const SHARE = 2;

/** What happens to volatile memory when memory is short, by the rules of the purge policy. */
export class Purge implements PurgeHooks {
  readonly marks: VolatileMarks;
  /** Pages that shrinking has asked for and not been given yet. */
  private owed = 0;

  constructor(
    private readonly state: State,
    readonly rules: PurgeRules,
  ) {
    this.marks = new VolatileMarks(rules.order);
  }

  /** Whether an access to purged memory finds zeros, and no signal. */
  get zeroFills(): boolean {
    return this.rules.access === 'zero';
  }

  isVolatile(holder: Holder, start: number, end: number): boolean {
    return this.marks.within(holder, start, end).length > 0;
  }

  /** Whether ordinary reclaim purges the volatile pages that it meets. */
  get byReclaim(): boolean {
    return this.rules.order === 'reclaim';
  }

  /** `when=before`: purges what goes first; false when there is nothing to give. */
  makeRoom(): boolean {
    return this.rules.when === 'before' && this.give(1) > 0;
  }

  /**
   * `when=with`: a search of ordinary reclaim has looked at some pages; volatile memory gives up its share. Returns
   * the frames freed. A search that looked at no page counts as one of `SWAP_CLUSTER_MAX`. Source: shrink_slab in mm/vmscan.c
   * of Linux 3.x, without its batches of 128.
   */
  shrink(scanned: number): number {
    if (this.rules.when === 'before' || !this.marks.queue.first) return 0;
    const { pages, frames } = this.state;
    const { volatileCount } = pages;
    this.owed += (SHARE * (scanned || SWAP_CLUSTER_MAX) * volatileCount) / (frames.inUse + 1);
    this.owed = Math.min(this.owed, 2 * volatileCount);
    const wanted = Math.floor(this.owed);
    const freed = wanted > 0 ? this.give(wanted) : 0;
    this.owed = Math.max(0, this.owed - freed);
    return freed;
  }

  /** Nothing else can go: purges what goes first, asked for or not. */
  lastResort(): boolean {
    return this.give(1) > 0;
  }

  /** Ordinary reclaim has purged a page: with `unit=range` what is left of its range goes too. */
  met(holder: Holder, page: number): void {
    const range = this.marks.at(holder, page);
    if (!range) return;
    this.countRange(range);
    if (this.rules.unit === 'page') return;
    range.from = range.start;
    this.drain(range, Number.POSITIVE_INFINITY);
  }

  foundZeros(space: Space, vpn: number): void {
    this.marks.addLost(space, vpn);
  }

  marked(holder: Holder, start: number, end: number): void {
    this.marks.mark(holder, start, end);
  }

  dropped(holder: Holder, start: number, end: number): void {
    this.marks.drop(holder, start, end);
  }

  discarded(holder: Holder, start: number, end: number): void {
    this.marks.discarded(holder, start, end);
  }

  moved(space: Space, start: number, end: number, to: number): void {
    this.marks.move(space, start, end, to);
  }

  copied(from: Space, to: Space, start: number, end: number): void {
    this.marks.copy(from, to, start, end);
  }

  /** A page of private volatile memory holds something new. */
  privatePageCame(space: Space, vpn: number): void {
    const range = this.marks.at(space, vpn);
    if (range) this.marks.cameBack(range, vpn);
  }

  /** A page of shared memory holds something new: it is volatile if its part of the object is. */
  objectPageCame(object: SharedObject, index: number, page: number): void {
    const range = this.marks.at(object, index);
    if (!range) return;
    if (object.isPurged(index)) this.marks.addLost(object, index);
    this.state.pages.markVolatile(page);
    this.marks.cameBack(range, index);
  }

  /** Purges in the order of the ranges until `wanted` frames are free, or no range is left. Returns the frames freed. */
  private give(wanted: number): number {
    const { queue } = this.marks;
    const whole = this.rules.unit === 'range';
    const staying: VolatileRange[] = [];
    let freed = 0;
    for (let range = queue.first; range && freed < wanted; range = queue.first) {
      freed += this.drain(range, whole ? Number.POSITIVE_INFINITY : wanted - freed);
      if (range.from < range.end) continue;
      queue.remove(range);
      if (range.stayed) staying.push(range);
      range.from = range.start;
      range.stayed = false;
    }
    for (const range of staying) queue.add(range);
    return freed;
  }

  /** Purges pages of a range by address until `wanted` frames are free, and moves `from` behind them. Returns the frames. */
  private drain(range: VolatileRange, wanted: number): number {
    const m = this.state;
    let frames = 0;
    let pages = 0;
    let from = range.end;
    for (const page of usedPages(m, range)) {
      if (frames >= wanted) {
        from = page;
        break;
      }
      const gave = purgePage(m, range, page);
      if (gave === GAVE.stays) range.stayed = true;
      if (gave < GAVE.mapping) continue;
      this.countRange(range);
      if (gave >= GAVE.slot) pages++;
      if (gave === GAVE.frame) frames++;
    }
    range.from = from;
    m.counters.purged_pages += pages;
    m.ledger.cpu(PART.reclaim, pages * m.costs.reclaim.purge.ns);
    return frames;
  }

  private countRange(range: VolatileRange): void {
    if (this.marks.purged(range)) this.state.counters.purged_ranges++;
  }
}
