import { type AgingTables, type Pages, TRAIT, type UsedPages } from '../policy/reclaim/contract.js';

const ANON = 0;
const FILE = 1;
const TIERS = [0, 1, 2, 3];

/** A page that the policy knows. */
interface Page {
  readonly id: number;
  type: number;
  /** The generation it belongs to, and the one whose list it is on. */
  gen: number;
  list: number;
  /** Accesses that count, 0 to 4. */
  refs: number;
  workingset: boolean;
  active: boolean;
  where: 'list' | 'adding' | 'nowhere';
  evictedAt: number | undefined;
}

interface Count {
  refaulted: number;
  total: number;
}

/** What the feedback loop knows of a tier: of the generation that is being evicted, and the average before. */
interface Tier {
  now: Count;
  before: Count;
}

function tier(page: Page): number {
  return page.workingset ? 3 : [0, 0, 1, 2, 2][page.refs]!;
}

/**
 * The multi-gen LRU once more, page by page and list by list, without an eye to speed: the same decisions as `Mglru` where pages
 * have addresses. What that counts is left out.
 */
export class NaiveMglru implements UsedPages {
  private readonly pages = new Map<number, Page>();
  /** By type and generation, the oldest first. */
  private readonly lists: Map<number, Page[]>[] = [new Map(), new Map()];
  private maxSeq = 3;
  private readonly minSeq = [0, 0];
  private readonly tiers: Tier[][] = [ANON, FILE].map(() =>
    TIERS.map(() => ({ now: { refaulted: 0, total: 0 }, before: { refaulted: 0, total: 0 } })),
  );
  private adding: Page[] = [];
  private activating: Page[] = [];
  private walking = false;
  private walked = false;
  private patient = true;
  private victims: number[] = [];

  constructor(
    private readonly seen: Pages,
    private readonly tables: AgingTables,
    private readonly swappiness: number,
    private readonly newest: boolean,
  ) {}

  private page(id: number): Page {
    let page = this.pages.get(id);
    if (!page) {
      page = {
        id,
        type: ANON,
        gen: 0,
        list: 0,
        refs: 0,
        workingset: false,
        active: false,
        where: 'nowhere',
        evictedAt: undefined,
      };
      this.pages.set(id, page);
    }
    return page;
  }

  private typeNow(id: number): number {
    return this.seen.traits[id]! & (TRAIT.file | TRAIT.lazyfree) ? FILE : ANON;
  }

  private list(type: number, seq: number): Page[] {
    let list = this.lists[type]!.get(seq);
    if (!list) {
      list = [];
      this.lists[type]!.set(seq, list);
    }
    return list;
  }

  private goal(page: Page): number {
    let back: number;
    if (page.active) back = page.workingset ? 0 : 1;
    else if (page.type === ANON && !this.tables.inSwapCache(page.id)) back = 1;
    else back = page.workingset || (this.newest && page.refs > 0) ? 2 : 3;
    return Math.max(this.maxSeq - back, this.minSeq[page.type]!);
  }

  private put(page: Page, active: boolean): void {
    page.active = active;
    page.gen = this.goal(page);
    page.list = page.gen;
    page.where = 'list';
    this.list(page.type, page.gen).push(page);
  }

  private take(page: Page): void {
    if (page.where === 'list') {
      const list = this.list(page.type, page.list);
      list.splice(list.indexOf(page), 1);
    } else if (page.where === 'adding') this.adding.splice(this.adding.indexOf(page), 1);
    page.where = 'nowhere';
  }

  insert(id: number): void {
    const page = this.page(id);
    page.type = this.typeNow(id);
    page.workingset = this.comesBack(page);
    page.evictedAt = undefined;
    page.refs = 0;
    page.active = this.tables.inFault;
    if (this.newest && page.active && !page.workingset) {
      page.active = false;
      page.refs = 1;
    }
    page.where = 'adding';
    this.adding.push(page);
    if (this.adding.length === 31) this.addAll();
  }

  private comesBack(page: Page): boolean {
    if (page.evictedAt === undefined || this.maxSeq - page.evictedAt > 3) return false;
    this.tiers[page.type]![tier(page)]!.now.refaulted++;
    return page.workingset;
  }

  private addAll(): void {
    for (const page of this.adding) this.put(page, page.active);
    this.adding = [];
  }

  private activateAll(): void {
    for (const page of this.activating) {
      if (page.where !== 'list') continue;
      this.take(page);
      this.put(page, true);
    }
    this.activating = [];
  }

  private drain(): void {
    this.addAll();
    this.activateAll();
  }

  accessed(id: number): void {
    const page = this.page(id);
    if (page.where !== 'nowhere') this.access(page);
  }

  private access(page: Page): void {
    if (page.refs < 4) page.refs++;
    else page.workingset = true;
  }

  remove(id: number): void {
    this.take(this.page(id));
    this.activating = this.activating.filter((page) => page.id !== id || page.where === 'list');
    this.pages.delete(id);
  }

  reject(id: number): void {
    const page = this.page(id);
    if (page.evictedAt !== undefined) {
      const { now } = this.tiers[page.type]![tier(page)]!;
      now.total = Math.max(0, now.total - 1);
    }
    page.evictedAt = undefined;
    page.type = this.typeNow(id);
    this.put(page, true);
  }

  demote(id: number): void {
    this.drain();
    const page = this.page(id);
    if (page.where !== 'list') return;
    if (this.seen.traits[id]! & TRAIT.lazyfree) {
      this.take(page);
      page.type = FILE;
      this.put(page, false);
      return;
    }
    page.refs = 0;
    page.workingset = false;
    if (page.gen === this.minSeq[page.type]) return;
    this.take(page);
    this.put(page, false);
  }

  pagedOut(id: number): void {
    const page = this.page(id);
    this.take(page);
    page.refs = 0;
    this.evicted(page);
  }

  rotate(id: number): void {
    this.drain();
    const page = this.page(id);
    if (page.where !== 'list') return;
    this.take(page);
    page.gen = this.minSeq[page.type]!;
    page.list = page.gen;
    page.where = 'list';
    this.list(page.type, page.gen).unshift(page);
  }

  private evicted(page: Page): void {
    if (this.seen.traits[page.id]! & TRAIT.lazyfree) {
      this.pages.delete(page.id);
      return;
    }
    this.tiers[page.type]![tier(page)]!.now.total++;
    page.evictedAt = this.minSeq[page.type]!;
  }

  evict(): number[] {
    this.victims = [];
    this.walked = false;
    this.patient = true;
    for (let pass = 0; pass < 16 && this.victims.length === 0; pass++) {
      for (let priority = 12; priority >= 0 && this.victims.length < 32; priority--) {
        this.drain();
        if (this.newest) this.shrink(priority);
        else this.shrinkOld(priority);
      }
    }
    return this.victims;
  }

  private get evictableTypes(): number[] {
    return this.swappiness > 0 ? [ANON, FILE] : [FILE];
  }

  private get evictable(): number {
    const onLists = [...this.pages.values()].filter(({ where }) => where === 'list');
    return onLists.filter(({ type }) => this.evictableTypes.includes(type)).length;
  }

  /** Generations beyond the two youngest. */
  private get spare(): number {
    return this.maxSeq - 2 - Math.min(...this.evictableTypes.map((type) => this.minSeq[type]!));
  }

  private shrink(priority: number): void {
    let left = this.evictable >> priority;
    while (left > 0) {
      if (this.spare < 0 || (this.spare === 0 && priority < 12)) {
        this.age();
        this.walking = true;
      }
      this.skipEmpty();
      const looked = this.isolate(Math.min(left, 64));
      if (looked.count > 0) this.skipEmpty();
      this.decide(looked.pages);
      if (looked.count === 0 || this.victims.length >= 32) break;
      left -= looked.count;
    }
    this.walking = false;
  }

  private shrinkOld(priority: number): void {
    let scanned = 0;
    while (true) {
      if (this.spare <= 0 && priority < 12) {
        this.age();
        this.patient = false;
        return;
      }
      const target = this.spare < 0 ? 0 : this.evictable >> priority;
      if (scanned >= target) return;
      const first = this.type;
      let looked = this.scanOld(first, target);
      if (looked.count === 0 && this.swappiness > 0) looked = this.scanOld(1 - first, target);
      const moved = this.skipEmpty();
      this.decide(looked.pages);
      if (this.spare < 0 || looked.count + (moved ? 1 : 0) === 0) return;
      scanned += looked.count + (moved ? 1 : 0);
    }
  }

  private scanOld(type: number, target: number) {
    const looked = this.scan(type, Math.min(target, 4096));
    if (looked.pages.length === 0 && looked.count < Math.min(target, 4096)) looked.count = 0;
    return looked;
  }

  private isolate(target: number) {
    let { type } = this;
    let count = 0;
    for (const _ of this.evictableTypes) {
      const looked = this.scan(type, target);
      count += looked.count;
      if (looked.pages.length > 0) return { count, pages: looked.pages };
      if (looked.count === 0) type = 1 - type;
    }
    return { count, pages: [] };
  }

  private scan(type: number, batch: number): { count: number; pages: Page[] } {
    const pages: Page[] = [];
    let count = 0;
    const seq = this.minSeq[type]!;
    if (this.maxSeq - seq + 1 === 2) return { count, pages };
    const highest = this.highestTier(type);
    const list = this.list(type, seq);
    while (count < batch && pages.length < 64 && list.length > 0) {
      const page = list[0]!;
      count++;
      if (page.gen !== seq) this.move(page, page.gen);
      else if (this.isGuarded(page, highest)) {
        page.refs = 0;
        this.move(page, seq + 1);
      } else {
        this.take(page);
        pages.push(page);
      }
    }
    return { count, pages };
  }

  private move(page: Page, seq: number): void {
    this.take(page);
    page.gen = seq;
    page.list = seq;
    page.where = 'list';
    this.list(page.type, seq).push(page);
  }

  private isGuarded(page: Page, highest: number): boolean {
    if (page.workingset && page.refs === 4) return true;
    if (tier(page) > highest) {
      this.tiers[page.type]![tier(page)]!.now.total++;
      return true;
    }
    const dirtyFile = TRAIT.file | TRAIT.dirty;
    return !this.newest && this.patient && (this.seen.traits[page.id]! & dirtyFile) === dirtyFile;
  }

  private decide(isolated: readonly Page[]): void {
    const kept: [Page, boolean][] = [];
    for (const page of isolated) {
      if (this.tables.referencedAround(page.id, this.maxSeq, this) > 0) kept.push([page, this.mark(page)]);
      else if (this.staysWritten(page.id)) {
        page.type = this.typeNow(page.id);
        kept.push([page, true]);
      } else {
        this.victims.push(page.id);
        this.evicted(page);
      }
    }
    for (const [page, active] of kept) {
      page.active = active;
      const oldest = this.goal(page) === this.minSeq[page.type];
      if (oldest) page.refs = 0;
      this.put(page, active || oldest);
    }
  }

  private staysWritten(id: number): boolean {
    const traits = this.seen.traits[id]!;
    if ((traits & TRAIT.dirty) === 0 || (traits & (TRAIT.file | TRAIT.lazyfree)) === 0) return false;
    return this.tables.staysWritten(id);
  }

  private mark(page: Page): boolean {
    if (page.refs === 0 && !page.workingset) {
      page.refs = 1;
      return false;
    }
    if (this.newest && page.refs <= 1) this.access(page);
    else {
      page.refs = 0;
      page.workingset = true;
    }
    return true;
  }

  wasUsed(id: number): boolean {
    const page = this.page(id);
    if (page.where !== 'list') return false;
    if (!this.walking) {
      if (this.mark(page) && page.gen !== this.maxSeq) this.activating.push(page);
      if (this.activating.length === 31) this.activateAll();
    } else if (page.refs === 0 && !page.workingset) page.refs = 1;
    else {
      page.refs = 0;
      page.workingset = true;
      page.gen = this.maxSeq;
    }
    return true;
  }

  private age(): void {
    this.walking = true;
    if (!this.walked) this.tables.walk(this.maxSeq, this.swappiness > 0, this);
    this.walked = true;
    this.walking = false;
    if (this.maxSeq - this.minSeq[ANON]! === 3) this.joinOldest();
    this.maxSeq++;
  }

  /** Anonymous pages that cannot go and have four generations: the oldest becomes the youngest, as numbers are reused. */
  private joinOldest(): void {
    const old = this.minSeq[ANON]!;
    for (const page of this.pages.values()) {
      if (page.where !== 'list' || page.type !== ANON) continue;
      if (page.gen === old) page.gen += 4;
      if (page.list === old) page.list += 4;
    }
    this.lists[ANON]!.set(old + 4, this.list(ANON, old));
    this.lists[ANON]!.delete(old);
    this.setMin(ANON, old + 1);
  }

  private skipEmpty(): boolean {
    const next = this.minSeq.map((seq, type) => {
      if (!this.evictableTypes.includes(type)) return seq;
      let populated = seq;
      while (populated + 2 <= this.maxSeq && this.list(type, populated).length === 0) populated++;
      return populated;
    }) as [number, number];
    if (next[ANON] === this.minSeq[ANON] && next[FILE] === this.minSeq[FILE]) return false;
    const third = this.maxSeq - 2;
    if (this.swappiness > 0) {
      if (next[ANON] > third && next[FILE] < third) next[ANON] = third;
      else if (next[FILE] > third && next[ANON] < third) next[FILE] = third;
    }
    const before = [...this.minSeq];
    for (const type of [ANON, FILE]) this.setMin(type, next[type]!);
    return this.minSeq.some((seq, type) => seq !== before[type]);
  }

  private setMin(type: number, seq: number): void {
    if (seq <= this.minSeq[type]!) return;
    this.minSeq[type] = seq;
    for (const each of this.tiers[type]!) {
      each.before = {
        refaulted: Math.floor((each.before.refaulted + each.now.refaulted) / 2),
        total: Math.floor((each.before.total + each.now.total) / 2),
      };
      each.now = { refaulted: 0, total: 0 };
    }
  }

  private sum(type: number, tiers: readonly number[]): Count {
    const counts = tiers.map((each) => this.tiers[type]![each]!);
    return {
      refaulted: counts.reduce((sum, { now, before }) => sum + now.refaulted + before.refaulted, 0),
      total: counts.reduce((sum, { now, before }) => sum + now.total + before.total, 0),
    };
  }

  private highestTier(type: number): number {
    const first = this.sum(type, [0]);
    const guarded = [1, 2, 3].find((each) => !harmless(first, 2, this.sum(type, [each]), 3));
    return guarded === undefined ? 3 : guarded - 1;
  }

  private get type(): number {
    if (this.swappiness <= 1) return FILE;
    if (this.swappiness === 200) return ANON;
    const anon = this.sum(ANON, TIERS);
    const file = this.sum(FILE, TIERS);
    return harmless(anon, this.swappiness, file, 200 - this.swappiness) ? FILE : ANON;
  }
}

/** positive_ctrl_err. */
function harmless(point: Count, gain: number, value: Count, valueGain: number): boolean {
  const left = value.refaulted * (point.total + 64) * gain;
  return value.refaulted < 64 || left <= (point.refaulted + 1) * value.total * valueGain;
}
