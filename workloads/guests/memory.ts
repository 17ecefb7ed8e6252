import { shuffled } from '../common/draws.js';

/** The parts a guest's memory is made of, in the order in which its pages are numbered before they are placed. */
export type Part = 'image' | 'own' | 'zeroed' | 'untouched';

/** Shares of a guest's memory, as the parameters of the workload give them. */
interface Shares {
  /** Pages of memory. */
  readonly memory: number;
  readonly untouched: number;
  readonly zeroed: number;
  /** Of the pages that are neither untouched nor zeroed. */
  readonly overlap: number;
  readonly duplicates: number;
  readonly volatile: number;
  readonly late: number;
  readonly balloon: number;
}

/** How many pages of a guest hold what; the same in every guest. */
export interface GuestPages {
  readonly memory: number;
  /** Pages whose contents every guest has. */
  readonly image: number;
  /** Different contents among them. */
  readonly imageContents: number;
  /** This number of pages of the image, the first ones, get its contents only after all guests have booted. */
  readonly late: number;
  /** Pages with contents of this guest. */
  readonly own: number;
  readonly ownContents: number;
  /** This number of its own pages, the first ones, are rewritten all the time. */
  readonly volatile: number;
  readonly zeroed: number;
  /** Pages given back after boot, from the last own ones down, then from the last ones of the image. */
  readonly balloon: number;
}

/** Numbers of pages from shares, rounded. */
export function guestPages(shares: Shares): GuestPages {
  const { memory } = shares;
  const untouched = Math.round(memory * shares.untouched);
  const zeroed = Math.min(Math.round(memory * shares.zeroed), memory - untouched);
  const filled = memory - untouched - zeroed;
  const image = Math.round(filled * shares.overlap);
  const own = filled - image;
  const volatile = Math.min(Math.round(filled * shares.volatile), own);
  return {
    memory,
    image,
    imageContents: distinct(image, shares.duplicates),
    late: Math.round(image * shares.late),
    own,
    ownContents: distinct(own, shares.duplicates),
    volatile,
    zeroed,
    balloon: Math.min(Math.round(filled * shares.balloon), filled - volatile),
  };
}

/** Different contents of `pages` pages of which a share repeats another one's. */
function distinct(pages: number, duplicates: number): number {
  return pages === 0 ? 0 : Math.max(1, Math.round(pages * (1 - duplicates)));
}

/** Pages of one part that lie one behind another in a guest's memory and in their part. */
export interface Piece {
  readonly part: Part;
  /** First page within its part. */
  readonly first: number;
  /** First page within the memory. */
  readonly page: number;
  readonly count: number;
}

/**
 * Where the pages of a guest lie: its parts are cut into runs, and the runs lie in random order, as free memory is
 * handed out by a kernel.
 */
export class Placement {
  private readonly slots: Uint32Array;

  constructor(
    private readonly pages: GuestPages,
    private readonly run: number,
    random: () => number,
  ) {
    // A last run that is shorter stays last, so that all other slots are equal.
    this.slots = shuffled(Math.floor(pages.memory / run), random);
  }

  /** Runs that hold anything before balloon and rewrites: numbers 0 … n - 1 for `pieces`. */
  get writtenRuns(): number {
    const { image, own, zeroed } = this.pages;
    return Math.ceil((image + own + zeroed) / this.run);
  }

  /** The page in memory of page `index` of a part. */
  pageOf(part: Part, index: number): number {
    return this.place(this.startOf(part) + index);
  }

  /** The pieces of a run: one, or several where parts meet in it. */
  *pieces(run: number): Generator<Piece> {
    const end = Math.min((run + 1) * this.run, this.pages.memory);
    for (let at = run * this.run; at < end; ) {
      const part = this.partOf(at);
      const count = Math.min(end, this.endOf(part)) - at;
      yield { part, first: at - this.startOf(part), page: this.place(at), count };
      at += count;
    }
  }

  /** The pieces that `count` pages of a part lie in. */
  *range(part: Part, first: number, count: number): Generator<Piece> {
    for (let index = first; index < first + count; ) {
      const inRun = this.run - ((this.startOf(part) + index) % this.run);
      const length = Math.min(inRun, first + count - index);
      yield { part, first: index, page: this.pageOf(part, index), count: length };
      index += length;
    }
  }

  private place(number: number): number {
    const run = Math.floor(number / this.run);
    return run < this.slots.length ? this.slots[run]! * this.run + (number % this.run) : number;
  }

  private startOf(part: Part): number {
    const { image, own, zeroed } = this.pages;
    if (part === 'image') return 0;
    if (part === 'own') return image;
    return part === 'zeroed' ? image + own : image + own + zeroed;
  }

  private endOf(part: Part): number {
    const { image, own, zeroed, memory } = this.pages;
    if (part === 'image') return image;
    if (part === 'own') return image + own;
    return part === 'zeroed' ? image + own + zeroed : memory;
  }

  private partOf(number: number): Part {
    const parts: readonly Part[] = ['image', 'own', 'zeroed'];
    return parts.find((part) => number < this.endOf(part)) ?? 'untouched';
  }
}
