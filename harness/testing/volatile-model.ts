import type { PurgeRules } from '../policy/purge/contract.js';

/** Pages that became volatile together. */
export interface ModelRange {
  /** The lowest goes first. */
  key: number;
  /** Whether a report by ranges would say so. */
  purged: boolean;
  counted: boolean;
}

/** A page of one holder (a space's private memory, or an object). */
interface ModelPage {
  content: number;
  /** Purged since it was marked, and not reported yet. */
  lost: boolean;
  birth: number | undefined;
  /** Written since it was marked, where that makes it an ordinary page. */
  spared: boolean;
  range: ModelRange | undefined;
}

/**
 * Volatile memory in its plainest form: an array of pages a holder, each with what it holds and the range it was marked
 * with. It does not know when memory is short; it is told which pages went, and says whether they were allowed to.
 */
export class VolatileModel {
  readonly holders: ModelPage[][];
  purgedPages = 0;
  purgedRanges = 0;
  private clock = 0;

  /** All pages hold something from the start: `contents` by holder. */
  constructor(
    private readonly rules: PurgeRules,
    contents: readonly (readonly number[])[],
  ) {
    this.holders = contents.map((of) =>
      of.map((content) => ({ content, lost: false, birth: undefined, spared: false, range: undefined })),
    );
  }

  mark(holder: number, start: number, end: number): void {
    const pages = this.holders[holder]!;
    const named = pages.slice(start, end);
    const ranges = new Set(named.map(({ range }) => range));
    if (this.rules.order === 'fifo' && ranges.size === 1 && !ranges.has(undefined)) return;
    ranges.delete(undefined);
    // ashmem joins what overlaps; elsewhere a part that is marked again is a range of its own.
    const joined =
      this.rules.order === 'fifo'
        ? pages.filter((page) => named.includes(page) || (page.range && ranges.has(page.range)))
        : named;
    const purged = [...ranges].some((range) => range?.purged);
    const range = { key: this.keyOf(joined), purged, counted: false };
    for (const page of joined) page.range = range;
    for (const page of named) page.spared = false;
    this.separate(pages);
  }

  /** What NONVOLATILE reports. */
  unmark(holder: number, start: number, end: number): boolean {
    const pages = this.holders[holder]!;
    const named = pages.slice(start, end);
    const byPage = named.some(({ lost, range }) => lost && range !== undefined);
    const byRange = named.some(({ range }) => range?.purged);
    for (const page of named) {
      page.range = undefined;
      if (page.lost) page.content = 0;
      page.lost = false;
    }
    this.separate(pages);
    return this.rules.report === 'page' ? byPage : this.rules.report === 'range' && byRange;
  }

  /** A page is written; false where that is SIGBUS. */
  write(holder: number, index: number, content: number): boolean {
    const pages = this.holders[holder]!;
    const page = pages[index]!;
    const gone = page.lost && page.content === 0;
    if (gone && this.rules.access === 'sigbus') return false;
    page.content = content;
    page.spared = this.rules.order === 'lazyfree';
    return true;
  }

  /** Pages of a holder went. Returns what was wrong about it. */
  went(gone: readonly { readonly holder: number; readonly index: number }[]): string | undefined {
    const pages = gone.map(({ holder, index }) => this.holders[holder]![index]!);
    if (pages.some(({ range, spared }) => range === undefined || spared))
      return 'a page went that was not volatile';
    const complaint = this.rules.unit === 'range' || this.byRange ? this.outOfOrder(pages) : undefined;
    for (const page of pages) this.lose(page);
    return complaint;
  }

  /** Pages that could still go. */
  get volatilePages(): number {
    const left = ({ content, range, spared }: ModelPage) =>
      content !== 0 && range !== undefined && !spared && !(this.rules.order === 'fifo' && range.purged);
    return this.holders.flat().filter(left).length;
  }

  private get byRange(): boolean {
    return this.rules.order !== 'reclaim' && this.rules.order !== 'lazyfree';
  }

  private lose(page: ModelPage): void {
    const range = page.range!;
    page.content = 0;
    page.lost = true;
    this.purgedPages++;
    range.purged = true;
    if (range.counted) return;
    range.counted = true;
    this.purgedRanges++;
    for (const other of this.holders.flat()) if (other.range === range) other.birth = undefined;
  }

  /** All ranges that go before one that lost a page must have lost all, and that one the pages before. */
  private outOfOrder(gone: readonly ModelPage[]): string | undefined {
    const all = this.holders.flat();
    const last = gone.reduce((key, { range }) => Math.max(key, range!.key), Number.NEGATIVE_INFINITY);
    for (const [at, page] of all.entries()) {
      const { range, content } = page;
      if (!range || content === 0 || gone.includes(page)) continue;
      if (this.rules.order === 'fifo' && range.purged && !gone.some((other) => other.range === range))
        continue;
      const later = gone.some((other) => other.range === range && all.indexOf(other) > at);
      const affected = gone.some((other) => other.range === range);
      if (this.rules.unit === 'range' && affected) return 'a range went in part';
      if (this.byRange && range.key < last) return 'a range went before its turn';
      if (this.rules.unit === 'page' && later) return 'a page went before one below it';
    }
    return undefined;
  }

  private keyOf(pages: readonly ModelPage[]): number {
    const now = ++this.clock;
    const born = Math.min(now, ...pages.map(({ birth }) => birth ?? now));
    if (this.rules.order !== 'oldest' && this.rules.order !== 'youngest') return now;
    for (const page of pages) page.birth = born;
    return this.rules.order === 'oldest' ? born : -born;
  }

  /** What is left of a range on both sides of a gap are two ranges. */
  private separate(pages: readonly ModelPage[]): void {
    const seen = new Set<ModelRange>();
    let previous: ModelRange | undefined;
    let copy: ModelRange | undefined;
    for (const page of pages) {
      const { range } = page;
      if (!range) {
        previous = undefined;
        continue;
      }
      if (range !== previous) copy = seen.has(range) ? { ...range } : range;
      seen.add(range);
      previous = range;
      page.range = copy;
    }
  }
}
