import { grown } from '../../base/arrays.js';
import { must } from './invariant.js';

/** Order of the folio that a page of the page middle directory maps: 2 MiB. Source: HPAGE_PMD_ORDER in include/linux/huge_mm.h. */
export const PMD_ORDER = 9;
/** Pages of such a folio. */
export const PMD_PAGES: number = 1 << PMD_ORDER;

/** Pages that were allocated as one block and are reclaimed as one, until they are split (struct folio). */
export class Folio {
  /** Pages that no entry maps any more. They keep their frames until the folio is split or gone. */
  unmapped = 0;
  /** It has lost pages and not all of them (PG_partially_mapped). */
  partlyMapped = false;

  /**
   * @param pages ids of its pages, by place: 2^order of them
   * @param space id of the one that it was made for, whose cgroup pays; undefined: that of the event
   * @param shared whether it is in the page cache of an object, which keeps pages that nothing maps
   */
  constructor(
    readonly order: number,
    readonly pages: Int32Array,
    readonly space: number | undefined,
    readonly shared = false,
  ) {}

  /** The page that stands for the folio on lists of reclaim. */
  get head(): number {
    return this.pages[0]!;
  }

  get size(): number {
    return this.pages.length;
  }
}

/** Which pages are part of a folio of several. Takes no memory before the first folio. */
export class Folios {
  /** Folios that may be split where memory is short, by when they were queued (the deferred split queue). */
  readonly deferred = new Set<Folio>();
  /** Folios of objects that may reach beyond the end (shrinklist of struct shmem_sb_info). */
  readonly beyondEnd = new Set<Folio>();
  /** By page id: id of the head, 0 for a page by itself. */
  private heads = new Int32Array(0);
  private readonly byHead = new Map<number, Folio>();

  get count(): number {
    return this.byHead.size;
  }

  get bytes(): number {
    let bytes = this.heads.byteLength;
    for (const { pages } of this.byHead.values()) bytes += pages.byteLength;
    return bytes;
  }

  all(): Iterable<Folio> {
    return this.byHead.values();
  }

  /** The page that stands for a page in reclaim: the head of its folio, or itself. */
  headOf(page: number): number {
    const head = page < this.heads.length ? this.heads[page]! : 0;
    return head === 0 ? page : head;
  }

  /** The folio of a page; undefined for a page by itself. */
  of(page: number): Folio | undefined {
    const head = page < this.heads.length ? this.heads[page]! : 0;
    return head === 0 ? undefined : this.byHead.get(head);
  }

  /** How many pages reclaim frees with a page that is on its lists. */
  sizeOf(head: number): number {
    return this.of(head)?.size ?? 1;
  }

  /** Pages become a folio. @param count page ids are below this */
  add(folio: Folio, count: number): void {
    if (this.heads.length < count) this.heads = grown(this.heads, count, 0);
    for (const page of folio.pages) {
      must(this.heads[page] === 0, () => `page ${page} is in two folios`);
      this.heads[page] = folio.head;
    }
    this.byHead.set(folio.head, folio);
  }

  /** The pages of a folio are by themselves from now on. */
  remove(folio: Folio): void {
    for (const page of folio.pages) this.heads[page] = 0;
    this.byHead.delete(folio.head);
    this.deferred.delete(folio);
    this.beyondEnd.delete(folio);
  }
}
