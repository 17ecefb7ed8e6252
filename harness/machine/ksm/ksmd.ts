import type { KsmParameters, MergeRules } from '../../policy/merge/contract.js';
import { ZERO } from '../memory/contents.js';
import { Daemon } from '../memory/daemons.js';
import type { State } from '../state/state.js';
import { Advisor } from './advisor.js';
import { NONE } from './content-table.js';
import type { Hints } from './hints.js';
import { TREE, UNSEEN } from './items.js';
import { makeMerged, mapKsmZero, mergeInto, nodeOf, placeOf } from './merge.js';
import type { MergeIndex } from './merge-index.js';
import { Scan, type ScanListener } from './scan.js';

const NS_PER_US = 1000;
const US_PER_MS = 1000;
/** Scans in which smart scan looks at every page. */
const YOUNG = 3;
const OLDEST = 255;

/** skip_age: for how many scans smart scan passes over a page of this age. */
function skipsAt(age: number): number {
  if (age <= 3) return 1;
  if (age <= 5) return 2;
  return age <= 8 ? 4 : 8;
}

/**
 * ksmd: looks at a batch of pages, sleeps, and so on, round by round. Costs are charged for what the kernel does, though
 * the trees are hash tables here: a look-up takes as many compares as its tree is deep.
 * Source: ksm_do_scan and cmp_and_merge_page in mm/ksm.c.
 */
export class Ksmd extends Daemon implements ScanListener {
  /** CPU time so far, in ns. */
  cpuNs = 0;
  pagesScanned = 0;
  pagesSkipped = 0;
  fullScans = 0;
  readonly scan: Scan;
  private readonly advisor = new Advisor();

  constructor(
    private readonly state: State,
    private readonly index: MergeIndex,
    private readonly parameters: KsmParameters,
    private readonly rules: MergeRules,
    private readonly hints: Hints | undefined,
  ) {
    super();
    this.scan = new Scan(state, index, this);
  }

  /** ksmd_should_run. */
  private get shouldRun(): boolean {
    const { rules, parameters, index } = this;
    return rules.by === 'ksmd' && parameters.run === 1 && index.mms.count > 0;
  }

  /** There may be work: if ksmd waits for it, it begins at once. */
  wake(): void {
    if (this.dueUs === Number.POSITIVE_INFINITY && this.shouldRun) this.dueUs = this.state.nowUs;
  }

  /** sleep_millisecs has changed: a sleep ends. */
  wakeFromSleep(): void {
    if (this.dueUs !== Number.POSITIVE_INFINITY) this.dueUs = this.state.nowUs;
  }

  advisorChanged(): void {
    this.advisor.reset();
    this.advisor.scanBegins(this.state.nowUs);
  }

  run(nowUs: number): void {
    if (!this.shouldRun) {
      this.dueUs = Number.POSITIVE_INFINITY;
      return;
    }
    const before = this.cpuNs;
    this.batch();
    const tookUs = Math.ceil((this.cpuNs - before) / NS_PER_US);
    this.dueUs = this.shouldRun
      ? nowUs + Math.max(1, tookUs + this.parameters.sleepMillisecs * US_PER_MS)
      : Number.POSITIVE_INFINITY;
  }

  /** ksm_do_scan. The end of a round ends the batch. */
  private batch(): void {
    const { ledger } = this.state;
    const charged = ledger.daemonNs;
    const { pagesToScan } = this.parameters;
    for (let left = pagesToScan - this.scanHinted(pagesToScan); left > 0; left--) {
      const item = this.scan.next();
      if (item === NONE) break;
      this.charge(this.state.costs.ksm.visit.ns);
      this.compareAndMerge(item, this.scan.page);
      this.pagesScanned++;
    }
    // What the machine charged to daemons while ksmd ran is ksmd's.
    this.cpuNs += ledger.daemonNs - charged;
  }

  /** Looks at hinted pages before the others. Returns how many. They need not have been seen before. */
  private scanHinted(batch: number): number {
    const { hints, index } = this;
    let looked = 0;
    for (const most = hints?.shareOf(batch) ?? 0; looked < most; looked++) {
      const hint = hints?.pop();
      if (!hint) break;
      const mm = index.mms.of(hint.space);
      this.charge(this.state.costs.ksm.visit.ns);
      this.pagesScanned++;
      if (!mm) continue;
      const item = index.itemOf(mm, hint.vpn);
      const place = placeOf(this.state, index, item);
      if (!place || nodeOf(this.state, place.page) !== NONE) continue;
      index.removeFromTree(item);
      index.items.checksum[item] = this.state.pages.contents.get(place.page);
      this.compareAndMerge(item, place.page);
    }
    return looked;
  }

  private charge(ns: number): void {
    this.state.ledger.daemonNs += ns;
  }

  /** A page is write-protected and then replaced, and both wait for other CPUs (write_protect_page, replace_page). */
  private flushTlb(): void {
    const { shootdowns, nowUs } = this.state;
    if (shootdowns) this.charge(2 * shootdowns.flush(undefined, nowUs));
  }

  roundBegins(): void {
    this.advisor.scanBegins(this.state.nowUs);
    this.index.unstable.reset();
  }

  roundEnds(): void {
    this.fullScans++;
    const { parameters } = this;
    if (parameters.advisor === 'none') return;
    parameters.pagesToScan = this.advisor.scanEnds(this.state.nowUs, this.cpuNs, parameters);
  }

  /** should_skip_rmap_item. Merged pages are never passed over. */
  skips(item: number, page: number): boolean {
    const { parameters, index, rules } = this;
    if (!parameters.smartScan || nodeOf(this.state, page) !== NONE) return false;
    const { items } = index;
    const age = items.age[item]!;
    if (age < OLDEST) items.age[item] = age + 1;
    if (age < YOUNG) return false;
    const skips = items.skips[item]!;
    if (skips === 0) {
      items.skips[item] = skipsAt(age);
      return false;
    }
    this.pagesSkipped++;
    items.skips[item] = skips - 1;
    index.removeFromTree(item);
    this.charge(this.state.costs.ksm.visit.ns);
    if (rules.skipLookup) this.mergeWithUnstable(item, page, this.state.pages.contents.get(page));
    return true;
  }

  /** cmp_and_merge_page. */
  private compareAndMerge(item: number, page: number): void {
    const { index, parameters } = this;
    const { items } = index;
    const own = nodeOf(this.state, page);
    if (own !== NONE) {
      if (items.tree[item] === TREE.stable && items.node[item] === own) return;
      // A merged page that came by fork: it may go beyond the limit of sharers.
      index.removeFromTree(item);
      this.merge(item, own);
      return;
    }
    index.removeFromTree(item);
    const content = this.state.pages.contents.get(page);
    if (this.hasChanged(item, content)) return;
    if (content === ZERO && parameters.useZeroPages) {
      this.mapZero(item);
      return;
    }
    this.charge(depthOf(index.nodes.inTree) * this.state.costs.ksm.compare.ns);
    const node = index.search(content, true);
    if (node >= 0) this.merge(item, node);
    else if (!this.mergeWithUnstable(item, page, content)) this.insert(item);
  }

  private insert(item: number): void {
    const { index } = this;
    index.unstable.insert(item);
    index.pagesUnshared++;
  }

  /** The gate: only a page that is as it was when it was last looked at goes on. */
  private hasChanged(item: number, content: number): boolean {
    const { items } = this.index;
    this.charge(this.state.costs.ksm.checksum.ns);
    const seen = items.checksum[item]!;
    if (seen === content) return false;
    items.checksum[item] = content;
    if (this.rules.ageReset && seen !== UNSEEN) {
      items.age[item] = 0;
      items.skips[item] = 0;
    }
    return true;
  }

  private mapZero(item: number): void {
    const place = placeOf(this.state, this.index, item);
    if (!place) return;
    this.charge(this.state.costs.ksm.merge.ns);
    mapKsmZero(this.state, place);
    this.flushTlb();
  }

  private merge(item: number, node: number): void {
    const { index } = this;
    const place = placeOf(this.state, index, item);
    if (!place) return;
    this.charge(this.state.costs.ksm.merge.ns);
    mergeInto(this.state, index, item, place, node);
    this.flushTlb();
  }

  /**
   * unstable_tree_search_insert without the insertion: merges the page with one of the tree that has the same contents
   * still. False when there is none, and the page may be put there. A page of the tree that is gone, or the same page in
   * another process, ends the search.
   */
  private mergeWithUnstable(item: number, page: number, content: number): boolean {
    const { state: m, index } = this;
    const { unstable } = index;
    const { compare, tree_page } = m.costs.ksm;
    this.charge(depthOf(unstable.count) * (compare.ns + tree_page.ns));
    for (let other = unstable.first(content); other !== NONE; other = unstable.following(other)) {
      const place = placeOf(m, index, other);
      if (!place || place.page === page) return true;
      if (m.pages.contents.get(place.page) !== content) continue; // written since
      this.mergeTwo(item, other);
      return true;
    }
    return false;
  }

  /** try_to_merge_two_pages: the page of `item` becomes the merged one. */
  private mergeTwo(item: number, other: number): void {
    const { state: m, index } = this;
    const place = placeOf(m, index, item);
    const otherPlace = placeOf(m, index, other);
    if (!place || !otherPlace) return;
    this.charge(m.costs.ksm.merge.ns);
    index.removeFromTree(other);
    const node = makeMerged(m, index, place);
    mergeInto(m, index, item, place, node);
    mergeInto(m, index, other, otherPlace, node);
    this.flushTlb();
  }
}

/** Compares that a look-up in a balanced tree with this number of nodes takes: its depth. */
function depthOf(nodes: number): number {
  return 32 - Math.clz32(nodes); // ceil(log2(n + 1))
}
