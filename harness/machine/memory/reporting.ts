import type { BuddyAllocator } from './buddy.js';
import { Daemon } from './daemons.js';
import { MAX_PAGE_ORDER, mustBeOrder } from './free-blocks.js';

/** From a request to the pass that serves it: time for more to be freed (PAGE_REPORTING_DELAY). */
export const PAGE_REPORTING_DELAY_US = 2_000_000;
/** Blocks that one report to the hypervisor holds (include/linux/page_reporting.h). */
export const PAGE_REPORTING_CAPACITY = 32;
/** Order of a block that a huge page fits in, on x86 (pageblock_order): the least that is reported. */
const PAGEBLOCK_ORDER = 9;
/** Passes that a list of free blocks is spread over, about. */
const SHARE = 16;

/**
 * Free-page reporting (mm/page_reporting.c): a guest tells its hypervisor which large blocks are free, and the host
 * takes the memory behind them back until the guest hands them out again.
 *
 * A pass looks at the lists from the least order up and skips blocks that are reported already. It takes no more than a
 * sixteenth of a list, and what one report more holds; what is then left waits for the next pass. So memory that stays
 * free is all reported within about half a minute, and what is soon used again mostly is not.
 *
 * Wire `onFree` to the allocator's `notify`, and let a clock call `run` at `dueUs`.
 */
export class PageReporting extends Daemon {
  /** Reports made so far. */
  calls = 0;
  /** Blocks reported so far; one that has been handed out or merged meanwhile counts again. */
  blocks = 0;

  /** Blocks of the report that is being gathered, and the order of each. They are still on their lists. */
  private readonly gathered = new Int32Array(PAGE_REPORTING_CAPACITY);
  private readonly orders = new Uint8Array(PAGE_REPORTING_CAPACITY);
  private count = 0;
  private gatheredPages = 0;

  /**
   * The first pass is due at once after the usual delay: all memory that is free by then is new to the hypervisor.
   *
   * @param order least order that is reported (page_reporting_order)
   * @param nowUs when reporting begins
   * @throws RangeError for an order that there is not
   */
  constructor(
    private readonly buddy: BuddyAllocator,
    readonly order: number = PAGEBLOCK_ORDER,
    nowUs = 0,
  ) {
    super();
    mustBeOrder(order);
    this.dueUs = nowUs + PAGE_REPORTING_DELAY_US;
  }

  /** Frames that the hypervisor has taken back and that have not been handed out since. */
  get reportedPages(): number {
    return this.buddy.absent;
  }

  /** Frames handed out that the hypervisor had taken back: each is a fault on the host. */
  get hostFaults(): number {
    return this.buddy.hostFaults;
  }

  /** Freed frames have become a block of this order. */
  onFree(order: number, nowUs: number): void {
    if (order >= this.order && this.dueUs === Number.POSITIVE_INFINITY)
      this.dueUs = nowUs + PAGE_REPORTING_DELAY_US;
  }

  /** Does one pass, in no time, and sets when the next is due. */
  run(nowUs: number): void {
    this.dueUs = this.pass() ? nowUs + PAGE_REPORTING_DELAY_US : Number.POSITIVE_INFINITY;
  }

  /** @returns whether another pass is needed (page_reporting_process_zone) */
  private pass(): boolean {
    const { buddy } = this;
    // While little is free, isolating blocks could make others fail: the request is dropped.
    if (buddy.buddyPages <= buddy.watermarks.low + (PAGE_REPORTING_CAPACITY << this.order)) return false;
    let again = false;
    for (let order = this.order; order <= MAX_PAGE_ORDER; order++) {
      if (this.cycle(order)) again = true;
    }
    this.report();
    return again;
  }

  /**
   * Gathers blocks from one list, reporting whenever a report is full and there is one more (page_reporting_cycle).
   * Where it stops early, the list is turned so that those not looked at are the first to be handed out.
   *
   * It ends: a block is passed over, gathered, or met again after a report, when its place in the next one is free.
   *
   * @returns whether the list's share was used up before its end
   */
  private cycle(order: number): boolean {
    const { buddy } = this;
    let budget = Math.ceil(buddy.blocks(order) / (PAGE_REPORTING_CAPACITY * SHARE));
    for (let block = buddy.firstBlock(order); block >= 0; ) {
      if (buddy.isReported(block)) {
        block = buddy.nextBlock(block);
        continue;
      }
      if (budget < 0 || (this.count < PAGE_REPORTING_CAPACITY && !this.mayIsolate(order))) {
        buddy.rotateToFront(block, order);
        return budget < 0;
      }
      if (this.count === PAGE_REPORTING_CAPACITY) {
        buddy.rotateToFront(block, order);
        this.report();
        budget--;
        continue;
      }
      this.gather(block, order);
      block = buddy.nextBlock(block);
    }
    return false;
  }

  /** Whether enough stays free without the blocks gathered and this one (__isolate_free_page). */
  private mayIsolate(order: number): boolean {
    return this.buddy.buddyPages - this.gatheredPages > this.buddy.watermarks.min + (1 << order);
  }

  private gather(block: number, order: number): void {
    this.gathered[this.count] = block;
    this.orders[this.count] = order;
    this.count++;
    this.gatheredPages += 1 << order;
  }

  /** Reports what is gathered. The kernel fills a report from its end and puts blocks back from its beginning. */
  private report(): void {
    if (this.count === 0) return;
    this.calls++;
    this.blocks += this.count;
    while (this.count > 0) {
      this.count--;
      this.buddy.report(this.gathered[this.count]!, this.orders[this.count]!);
    }
    this.gatheredPages = 0;
  }
}
