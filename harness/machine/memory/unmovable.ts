import type { Frames } from './frames.js';

/** Frames of a block of 2 MiB. */
const BLOCK = 512;

/**
 * Pages of the kernel's own that cannot move, one in each of a share of the blocks of 2 MiB, evenly spread: no huge page fits
 * into such a block, as where memory has been in use for long. The kernel would compact what can move; compaction is not modelled.
 */
export class Unmovable {
  private readonly taken: number[] = [];

  /** @param pages of the machine's memory */
  constructor(
    private readonly frames: Frames,
    private readonly pages: number,
  ) {}

  /** Sets the share, in percent. A block that has no free page is left out: it has no room anyway. */
  set(percent: number): void {
    for (const frame of this.taken.splice(0)) this.frames.giveBack(frame, 0);
    const blocks = Math.floor(this.pages / BLOCK);
    for (let block = 0; block < blocks; block++) {
      const here = Math.floor(((block + 1) * percent) / 100) > Math.floor((block * percent) / 100);
      if (here) this.take(block * BLOCK);
    }
  }

  private take(first: number): void {
    for (let frame = first; frame < first + BLOCK; frame++) {
      if (!this.frames.setFrameAside(frame)) continue;
      this.taken.push(frame);
      return;
    }
  }
}
