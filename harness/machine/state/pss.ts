import { grown } from '../../base/arrays.js';
import type { Frames } from '../memory/frames.js';
import { type PageStore, ZERO_PAGE } from '../memory/pages.js';
import { PTE, PTE_SHIFT } from './page-table.js';
import type { PageTables } from './page-tables.js';
import type { Space } from './space.js';

/** Which pages are mapped where. */
interface MappedPages {
  readonly spaces: ReadonlyMap<number, Space>;
  readonly tables: PageTables;
  readonly pages: PageStore;
}

/**
 * Who pays for which frame, over time: each of the m page table entries that map a frame pays 1/m of it.
 *
 * With one space this is the time integral of mapped frames. From the second space on it is exact in constant work
 * a change: every frame keeps G(t), the integral of 1/m so far; an entry made at a and cleared at b has paid
 * G(b) - G(a), so the space subtracts G when an entry is made and adds it when the entry is cleared.
 */
export class ProportionalUsage {
  /** The only space so far, until there is a second one. */
  private sole: Space | undefined;
  private exact = false;
  private integral = new Float64Array(0);
  private settledAt = new Float64Array(0);
  private nowUs = 0;
  private soleSinceUs = 0;

  constructor(private readonly frames: Frames) {}

  get bytes(): number {
    return this.integral.byteLength + this.settledAt.byteLength;
  }

  /** A space has been created, at the current time. */
  spaceAdded(space: Space): void {
    if (this.exact) return;
    if (!this.sole) {
      this.sole = space;
      this.soleSinceUs = this.nowUs;
      return;
    }
    this.settleSole();
    this.exact = true;
    this.integral = new Float64Array(this.frames.page.length);
    this.settledAt = new Float64Array(this.frames.page.length).fill(this.nowUs);
  }

  /** Trace time moves on. */
  advance(timeUs: number): void {
    this.nowUs = timeUs;
  }

  /** Call before an entry of `space` that maps the frame is made. */
  beforeMap(space: Space, frame: number): void {
    if (this.exact) space.pageUs -= this.settle(frame);
    else this.settleSole();
  }

  /** Call before an entry of `space` that maps the frame is cleared. */
  beforeUnmap(space: Space, frame: number): void {
    if (this.exact) space.pageUs += this.settle(frame);
    else this.settleSole();
  }

  /** Settles what every space still maps, at the current time: call once, when the replay is over. */
  finish(m: MappedPages): void {
    if (!this.exact) this.settleSole();
    else
      for (const space of m.spaces.values()) {
        for (const part of space.directory.leaves()) {
          const end = part.at + part.to - part.from;
          const next = (at: number) => m.tables.nextWith(PTE.present, at, end);
          for (let at = next(part.at); at < end; at = next(at + 1)) {
            const page = m.tables.get(at) >>> PTE_SHIFT;
            if (page === ZERO_PAGE) continue;
            const frame = m.pages.location[page]!;
            // Pages that are used in place (images, page frame numbers) have no frame, and no space pays for one.
            if (frame >= 0) space.pageUs += this.settle(frame);
          }
        }
      }
  }

  /** Brings the frame's integral up to now. Returns it. */
  private settle(frame: number): number {
    if (frame >= this.integral.length) {
      this.integral = grown(this.integral, this.frames.page.length);
      this.settledAt = grown(this.settledAt, this.frames.page.length);
    }
    const mappings = this.frames.mapcount[frame]!;
    // A frame that is not mapped starts again: what an earlier page paid is settled with its spaces.
    const integral =
      mappings === 0 ? 0 : this.integral[frame]! + (this.nowUs - this.settledAt[frame]!) / mappings;
    this.integral[frame] = integral;
    this.settledAt[frame] = this.nowUs;
    return integral;
  }

  private settleSole(): void {
    if (this.sole) this.sole.pageUs += (this.nowUs - this.soleSinceUs) * this.frames.mapped;
    this.soleSinceUs = this.nowUs;
  }
}
