import type { Space } from './state.js';

/** An entry that refers to a page, by where it is. */
export interface Place {
  readonly space: Space;
  readonly vpn: number;
}

/** What is known of a page, or of all of a folio. */
interface Traits {
  /** Known to differ from its copy in swap, apart from what entries know (PG_dirty). */
  dirty: boolean;
  /** Marked by MADV_FREE (the kernel's absence of PG_swapbacked). */
  lazyfree: boolean;
}

/** Pages that came as one huge page, until they are split or gone: they are reclaimed as one, and have one PG_dirty. */
export class Folio implements Traits {
  dirty = true;
  lazyfree = false;
  /** It has lost some of its pages (PG_partially_mapped), and waits to be split. */
  partlyMapped = false;
  /** The walk over all pages that met its pages last. */
  walk = 0;

  /** @param pages in the order of their addresses */
  constructor(readonly pages: readonly Page[]) {}

  /** The page that stands for it on lists of reclaim. */
  get head(): Page {
    return this.pages[0]!;
  }
}

/** Contents with an identity: in memory, in swap, or both (then it is in the swap cache). */
export class Page {
  content = 0;
  /** It has a frame. */
  inMemory = false;
  /** It has a swap slot. */
  inSwap = false;
  /** Of shared memory: fallocate has made it, and nothing has used it (the kernel's absence of PG_uptodate). */
  unused = false;
  /** Of a file: its use begins to read the next window (PG_readahead). */
  marked = false;
  /** Its swap slot, while it has one. */
  slot = -1;
  /** Of the swap cache: it was read ahead, and nothing has used it (PG_readahead). */
  ahead = false;
  /** The walk over all pages that met it last: each is met once by one walk. */
  walk = 0;
  /** Entries that refer to it; those of the page of zeros are not kept. */
  readonly places: Place[] = [];
  private own: Traits = { dirty: false, lazyfree: false };
  private whole: Folio | undefined;

  /**
   * @param kind `anon`: anonymous, and not a page of an object. `file`: of a file, so that it can be dropped and read again. `object`:
   * of shared memory
   */
  constructor(readonly kind: 'anon' | 'file' | 'object' | 'zero') {}

  get anon(): boolean {
    return this.kind === 'anon';
  }

  get file(): boolean {
    return this.kind === 'file';
  }

  /** The huge page that it is part of; by itself, it knows what was known of all. */
  get folio(): Folio | undefined {
    return this.whole;
  }

  set folio(folio: Folio | undefined) {
    if (this.whole) this.own = { dirty: this.whole.dirty, lazyfree: this.whole.lazyfree };
    this.whole = folio;
  }

  private get traits(): Traits {
    return this.whole ?? this.own;
  }

  get dirty(): boolean {
    return this.traits.dirty;
  }

  set dirty(dirty: boolean) {
    this.traits.dirty = dirty;
  }

  get lazyfree(): boolean {
    return this.traits.lazyfree;
  }

  set lazyfree(lazyfree: boolean) {
    this.traits.lazyfree = lazyfree;
  }

  /** The page that stands for it in reclaim. */
  get unit(): Page {
    return this.whole?.head ?? this;
  }
}

/** The shared page of zeros; it has no frame. */
export const ZERO: Page = new Page('zero');

/** A page table entry. Not present: the page was swapped out. */
export interface Entry {
  readonly page: Page;
  readonly present: boolean;
  writable: boolean;
  dirty: boolean;
}

/** Entries of a space by page number. Pages know who refers to them: to look at all entries for each of 512 pages takes too long. */
export class Entries extends Map<number, Entry> {
  constructor(private readonly space: Space) {
    super();
  }

  override set(vpn: number, entry: Entry): this {
    this.forget(vpn);
    if (entry.page !== ZERO) entry.page.places.push({ space: this.space, vpn });
    return super.set(vpn, entry);
  }

  override delete(vpn: number): boolean {
    this.forget(vpn);
    return super.delete(vpn);
  }

  private forget(vpn: number): void {
    const places = this.get(vpn)?.page.places ?? [];
    const at = places.findIndex((place) => place.space === this.space && place.vpn === vpn);
    if (at >= 0) places.splice(at, 1);
  }
}
