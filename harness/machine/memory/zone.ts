import { PAGE_BYTES } from '../../base/page.js';
import { BuddyAllocator } from './buddy.js';
import { PageReporting } from './reporting.js';
import type { Swap } from './swap.js';
import type { Watermarks } from './watermarks.js';

/** The machine's memory where it has a size: its frames, what compressed swap takes of them, and the watermarks. */
export class Zone {
  readonly buddy: BuddyAllocator;
  /** Free-page reporting, once it is turned on. */
  reporting: PageReporting | undefined;

  /** @param pages all of the machine's memory */
  constructor(
    pages: number,
    private readonly swap: Swap,
  ) {
    this.buddy = new BuddyAllocator(pages);
  }

  /** Free pages. Compressed pages are counted as if they were packed without a gap. */
  get free(): number {
    return this.buddy.freePages - Math.ceil(this.swap.compressedBytes / PAGE_BYTES);
  }

  get watermarks(): Watermarks {
    return this.buddy.watermarks;
  }

  /**
   * Reports free blocks of an order and above to the hypervisor from now on.
   *
   * @param now returns the current time in µs
   */
  startReporting(order: number, now: () => number): void {
    const reporting = new PageReporting(this.buddy, order, now());
    this.buddy.notify(order, (freed) => reporting.onFree(freed, now()));
    this.reporting = reporting;
  }
}
