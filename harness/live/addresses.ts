import { Refusal } from '../contract/refusal.js';
import { FIRST_SLAB, LAST_SLAB, SLAB_PAGES } from './protocol.js';

/**
 * Where pages of a trace are on a live kernel. Addresses of a trace may be any; those of a process end at 128 TiB, and the
 * executor has some itself. Slabs of 1 TiB are moved as a whole, so that all that shows keeps: what is next to what, the place in
 * a page table and in its directories. All spaces have the same.
 */
export class Addresses {
  /** Live slabs by those of the trace. */
  private readonly slabs = new Map<number, number>();
  private readonly taken = new Set<number>();
  /** The slab of the last page that was asked for: its first page, and how far it was moved. */
  private first = 0;
  private moved = 0;
  private last = -1;

  /** The live page of a range's first page. @throws Refusal for a trace of too many TiB */
  live(page: number, count: number): number {
    if (page >= this.first && page + count <= this.last) return page + this.moved;
    const slab = Math.floor(page / SLAB_PAGES);
    const end = Math.floor((page + Math.max(1, count) - 1) / SLAB_PAGES);
    for (let each = slab; each <= end; each++) this.place(each);
    const moved = this.slabs.get(slab)! - slab;
    for (let each = slab; each <= end; each++)
      if (this.slabs.get(each)! - each !== moved)
        throw new Refusal(
          `pages ${page} to ${page + count - 1} lie across a border of 2^28 pages (1 TiB), and what is beyond was moved elsewhere: not possible live`,
          true,
        );
    this.first = slab * SLAB_PAGES;
    this.last = (end + 1) * SLAB_PAGES;
    this.moved = moved * SLAB_PAGES;
    return page + this.moved;
  }

  /** The page of the trace that a live page stands for. */
  ofTrace(live: number): number {
    const slab = Math.floor(live / SLAB_PAGES);
    for (const [of, at] of this.slabs) if (at === slab) return live + (of - at) * SLAB_PAGES;
    throw new Error(`live page ${live} is in no slab of the trace`);
  }

  /** Next to the slab before it where that is free, so that ranges across their border stay whole. */
  private place(slab: number): void {
    if (this.slabs.has(slab)) return;
    const lower = this.slabs.get(slab - 1);
    const wanted = lower === undefined ? undefined : lower + 1;
    const live = wanted !== undefined && this.isFree(wanted) ? wanted : this.free();
    this.slabs.set(slab, live);
    this.taken.add(live);
  }

  private isFree(slab: number): boolean {
    return slab >= FIRST_SLAB && slab <= LAST_SLAB && !this.taken.has(slab);
  }

  /** Every second slab, so that neighbours find room. */
  private free(): number {
    for (const step of [2, 1])
      for (let slab = FIRST_SLAB; slab <= LAST_SLAB; slab += step) if (this.isFree(slab)) return slab;
    throw new Refusal(
      `its addresses are in more than ${LAST_SLAB - FIRST_SLAB + 1} parts of 1 TiB: not possible live`,
      true,
    );
  }
}
