import { grown } from '../../base/arrays.js';
import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { PageLists } from './structures/page-list.js';

/** What a page is: one of these, or none. */
const HOT = 1;
const COLD = 2;
/** A cold page that went in its test period. */
const GHOST = 4;
const DEMOTED = 8;
/** A ghost that is coming in. */
const RETURNING = 16;
/** In its test period: used now, it turns hot. */
const TEST = 32;
/** Used since a hand passed. */
const REFERENCED = 64;

/** The list of `clock`. */
const CLOCK = 0;
/** Lists of `queues`. */
const COLD_QUEUE = 0;
const GHOST_QUEUE = 1;
const DEMOTED_QUEUE = 2;

/**
 * CLOCK-Pro: LIRS for clocks. Hot pages stay; cold ones, a small part, go. A page comes in cold and with a test period:
 * when it is used again before the oldest hot page would be, it turns hot, and a hot page that was not used turns cold.
 * A page that goes in its test period is remembered as a ghost, at most as many as there are pages. The share of cold
 * pages grows by one with each page that passes its test, and shrinks by one with each that does not.
 *
 * The paper has one clock with three hands. Here `clock` holds the hot pages and the test periods in the order of the
 * paper's clock, its tail where the hand for hot pages stands. The other two hands only ever stop at resident cold pages
 * and at ghosts, and whatever they pass leaves or goes to the head, so what is before them is a queue each. The one
 * difference: a cold page that the hand for hot pages passes keeps its place before the hand for cold pages.
 *
 * A page's own fault does not count as a use, so uses are announced (`touch`) and not read from accessed bits, which a
 * fault sets.
 */
class ClockPro implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly clock: PageLists;
  private readonly queues: PageLists;
  private state: Uint8Array;
  private hot = 0;
  private ghosts = 0;
  private capacity: number;
  /** Pages that should be cold: at least one, at most all. */
  private coldTarget: number;

  constructor(pages: Pages, { values }: ReclaimContext) {
    this.clock = new PageLists(1, pages.count);
    this.queues = new PageLists(3, pages.count);
    this.state = new Uint8Array(pages.count);
    this.capacity = pages.capacity;
    this.coldTarget = Math.max(1, Math.floor(this.capacity * (values.cold as number)));
  }

  get bytes(): number {
    return this.clock.bytes + this.queues.bytes + this.state.byteLength;
  }

  touch(id: number): void {
    const state = this.state[id]!;
    if (state & DEMOTED) {
      this.queues.unlink(id);
      this.queues.addHead(COLD_QUEUE, id);
      this.state[id] = COLD | REFERENCED;
    } else if ((state & REFERENCED) === 0) this.state[id] = state | REFERENCED;
  }

  /** A ghost passed its test. */
  miss(id: number): void {
    if ((this.state[id]! & GHOST) === 0) return;
    this.leave(id);
    this.state[id] = RETURNING;
    this.passed();
  }

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    for (; found < most; found++) {
      const id = this.victim();
      if (id < 0) break;
      victims[found] = id;
    }
    return found;
  }

  insert(id: number): void {
    const returning = (this.state[id]! & RETURNING) !== 0;
    this.leave(id);
    if (returning) {
      this.heat(id, 0);
      return;
    }
    this.clock.addHead(CLOCK, id);
    this.queues.addHead(COLD_QUEUE, id);
    this.state[id] = COLD | TEST;
  }

  /** Hot and used: all cold pages go before it. */
  reject(id: number): void {
    this.leave(id);
    this.heat(id, REFERENCED);
  }

  remove(id: number): void {
    if (id < this.state.length) this.leave(id);
  }

  demote(id: number): void {
    this.leave(id);
    this.queues.addHead(DEMOTED_QUEUE, id);
    this.state[id] = DEMOTED;
  }

  rotate(id: number): void {
    this.leave(id);
    this.queues.addTail(DEMOTED_QUEUE, id);
    this.state[id] = DEMOTED;
  }

  /** The share of cold pages stays. */
  resize(capacity: number): void {
    const target = Math.round(this.coldTarget * (capacity / this.capacity));
    this.coldTarget = Math.min(Math.max(target, 1), capacity);
    this.capacity = capacity;
    this.limitHot();
    this.limitGhosts();
  }

  grow(count: number): void {
    this.clock.grow(count);
    this.queues.grow(count);
    this.state = grown(this.state, count);
  }

  private passed(): void {
    if (this.coldTarget < this.capacity) this.coldTarget++;
  }

  private failed(): void {
    if (this.coldTarget > 1) this.coldTarget--;
  }

  /** Takes a page, or ghost, off all lists. */
  private leave(id: number): void {
    const state = this.state[id]!;
    this.state[id] = 0;
    if (state & (HOT | TEST)) this.clock.unlink(id);
    if (state & (COLD | GHOST | DEMOTED)) this.queues.unlink(id);
    if (state & HOT) this.hot--;
    if (state & GHOST) this.ghosts--;
  }

  /** Makes a page that is on no list hot. */
  private heat(id: number, referenced: number): void {
    this.clock.addHead(CLOCK, id);
    this.state[id] = HOT | referenced;
    this.hot++;
    this.limitHot();
  }

  private limitHot(): void {
    while (this.hot > this.capacity - this.coldTarget) this.coolOne();
  }

  /**
   * The hand for hot pages: moves on to a hot page that was not used, which turns cold without a test, and then to the
   * next hot page. The test periods that it passes are over. There is a hot page: a second round finds it unused.
   */
  private coolOne(): void {
    const { clock } = this;
    let id = this.nextHot();
    for (; this.state[id]! & REFERENCED; id = this.nextHot()) {
      this.counters.pgscan++;
      clock.unlink(id);
      clock.addHead(CLOCK, id);
      this.state[id] = HOT;
    }
    this.counters.pgscan++;
    clock.unlink(id);
    this.hot--;
    this.queues.addHead(COLD_QUEUE, id);
    this.state[id] = COLD;
    if (this.hot > 0) this.nextHot();
  }

  /** Ends the test periods before the oldest hot page, and returns that page. */
  private nextHot(): number {
    for (;;) {
      const id = this.clock.tail(CLOCK);
      const state = this.state[id]!;
      if (state & HOT) return id;
      this.endTest(id, state);
    }
  }

  private endTest(id: number, state: number): void {
    if ((state & REFERENCED) === 0) this.failed();
    if (state & GHOST) {
      this.leave(id);
      return;
    }
    this.clock.unlink(id);
    this.state[id] = state & ~TEST;
  }

  /** The hand for test periods, which keeps the ghosts as few as pages. */
  private limitGhosts(): void {
    while (this.ghosts > this.capacity) {
      const id = this.queues.tail(GHOST_QUEUE);
      this.endTest(id, this.state[id]!);
    }
  }

  /** Takes out the page to go, the hand for cold pages; -1 when there is none. */
  private victim(): number {
    const { queues } = this;
    const demoted = queues.tail(DEMOTED_QUEUE);
    if (demoted >= 0) {
      this.counters.pgscan++;
      this.leave(demoted);
      return demoted;
    }
    // A used page is looked at once more at most: its bit is cleared.
    for (;;) {
      const id = queues.tail(COLD_QUEUE);
      if (id < 0) {
        if (this.hot === 0) return -1;
        this.coolOne();
        continue;
      }
      this.counters.pgscan++;
      const state = this.state[id]!;
      if (state & REFERENCED) this.keep(id, state);
      else {
        this.evicted(id, state);
        return id;
      }
    }
  }

  /** A cold page was used: it has passed its test, or begins one. */
  private keep(id: number, state: number): void {
    this.leave(id);
    if (state & TEST) {
      this.passed();
      this.heat(id, 0);
      return;
    }
    this.clock.addHead(CLOCK, id);
    this.queues.addHead(COLD_QUEUE, id);
    this.state[id] = COLD | TEST;
  }

  private evicted(id: number, state: number): void {
    this.queues.unlink(id);
    if ((state & TEST) === 0) {
      this.state[id] = 0;
      return;
    }
    this.queues.addHead(GHOST_QUEUE, id);
    this.state[id] = GHOST | TEST;
    this.ghosts++;
    this.limitGhosts();
  }
}

export const clockPro: ReclaimPolicyInfo = {
  name: 'clock-pro',
  summary: 'CLOCK-Pro: hot pages stay, cold ones go, and a page turns hot when it is used again soon enough',
  source: 'Jiang, Chen and Zhang 2005, "CLOCK-Pro: an effective improvement of the CLOCK replacement"',
  complexity: 'O(1) an operation, amortized',
  parameters: {
    cold: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 1,
      meaning: 'initial share of cold pages, at least one page; it adapts',
    },
  },
  create: (pages, context) => new ClockPro(pages, context),
};
