import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BuddyLab } from '../../testing/buddy.js';
import { MAX_PAGE_ORDER } from './free-blocks.js';
import { PAGE_REPORTING_CAPACITY, PAGE_REPORTING_DELAY_US, PageReporting } from './reporting.js';

const DIRECT = { batch: 1, high: 1 };
const LARGEST = 1 << MAX_PAGE_ORDER;
const SECOND = 1_000_000;

/** Memory whose frees reporting hears of, at the time `clock.nowUs`. */
function reported(buddy: BuddyLab, order?: number) {
  const clock = { nowUs: 0 };
  const reporting = new PageReporting(buddy, order);
  buddy.notify(reporting.order, (freed) => reporting.onFree(freed, clock.nowUs));
  /** Runs all that is due. Returns the number of passes. */
  const settle = () => {
    let passes = 0;
    for (; reporting.dueUs < Number.POSITIVE_INFINITY; passes++) {
      clock.nowUs = reporting.dueUs;
      reporting.run(clock.nowUs);
    }
    return passes;
  };
  return { clock, reporting, settle };
}

describe('passes, by hand', () => {
  it('reports a share of a list a pass, in reports of 32', () => {
    // 100 blocks of order 10: the share is ceil(100 / 512) = 1 report, and one more is made before it is used up.
    const buddy = new BuddyLab(100 * LARGEST, DIRECT);
    const { reporting } = reported(buddy);
    expect(reporting.dueUs).toBe(2 * SECOND);
    reporting.run(2 * SECOND);
    expect([reporting.calls, reporting.blocks, reporting.reportedPages]).toEqual([2, 64, 64 * LARGEST]);
    // What is not reported yet is handed out first.
    expect(buddy.firstBlock(10)).toBe(64 * LARGEST);
    expect(reporting.dueUs).toBe(4 * SECOND);
    // The other 36: a full report, and one of four.
    reporting.run(4 * SECOND);
    expect([reporting.calls, reporting.blocks, reporting.reportedPages]).toEqual([4, 100, 100 * LARGEST]);
    expect(reporting.dueUs).toBe(Number.POSITIVE_INFINITY);
    buddy.check();
  });

  it('takes a larger share of a long list', () => {
    // 1024 blocks: the share is 2 reports and one more, 96 blocks a pass; 1024 / 96 = 10.7, so 11 passes, 22 s.
    const buddy = new BuddyLab(1024 * LARGEST, DIRECT);
    const { clock, reporting, settle } = reported(buddy);
    expect(settle()).toBe(11);
    expect(clock.nowUs).toBe(22 * SECOND);
    expect([reporting.calls, reporting.reportedPages]).toEqual([32, buddy.pages]);
  });

  it('fills one report from lists of two orders', () => {
    const buddy = new BuddyLab(60 * LARGEST, DIRECT);
    const halves = Array.from({ length: 120 }, () => buddy.allocateOrder(9));
    // Twenty blocks of order 9, from pairs whose other half stays in use, and twenty of order 10.
    for (let i = 0; i < 40; i += 2) buddy.freeOrder(halves[i]!, 9);
    for (let i = 40; i < 80; i++) buddy.freeOrder(halves[i]!, 9);
    expect([buddy.blocks(9), buddy.blocks(10)]).toEqual([20, 20]);
    const { reporting, settle } = reported(buddy);
    expect(settle()).toBe(1);
    // 20 + 12, and the other eight.
    expect([reporting.calls, reporting.blocks]).toEqual([2, 40]);
    expect(reporting.reportedPages).toBe(buddy.freePages);
  });

  it('puts the blocks of a report back in turn, the last gathered first', () => {
    const buddy = new BuddyLab(40 * LARGEST, DIRECT);
    const { settle } = reported(buddy);
    settle();
    // Blocks 0 to 31 went to the tail in the order 31 to 0, then the rest in the order 39 to 32.
    const list = [...buddy.freeBlocks(10)].map(({ frame }) => frame / LARGEST);
    const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);
    expect(list).toEqual([...down(31, 0), ...down(39, 32)]);
  });

  it('leaves smaller blocks alone', () => {
    const buddy = new BuddyLab(64 * LARGEST, DIRECT);
    // Splits block 0 down to order 8: 0-255 in use, 256-511 free of order 8, 512-1023 of order 9.
    buddy.allocateOrder(8);
    const { reporting, settle } = reported(buddy);
    settle();
    expect(reporting.reportedPages).toBe(buddy.pages - 512);
    expect(buddy.isReported(512)).toBe(true);
    expect(buddy.isReported(256)).toBe(false);
  });
});

describe('little free memory', () => {
  it('is not reported', () => {
    // 16384 pages: low is 320, and a pass needs 32 * 512 = 16384 above it.
    const { reporting, settle } = reported(new BuddyLab(16384, DIRECT));
    expect(settle()).toBe(1);
    expect([reporting.calls, reporting.reportedPages]).toEqual([0, 0]);
  });

  it('is not all isolated at once', () => {
    // 17 blocks: min is 263, low 328, so a pass runs (17408 > 16712). With k blocks isolated one more needs
    // 17408 - 1024 k > 263 + 1024, so that the sixteenth is the last.
    const buddy = new BuddyLab(17 * LARGEST, DIRECT);
    expect([buddy.watermarks.min, buddy.watermarks.low]).toEqual([263, 328]);
    const { reporting, settle } = reported(buddy);
    expect(settle()).toBe(1);
    expect([reporting.calls, reporting.blocks]).toEqual([1, 16]);
    expect(buddy.firstBlock(10)).toBe(16 * LARGEST);
    expect(buddy.isReported(16 * LARGEST)).toBe(false);
  });
});

describe('blocks that change', () => {
  const idle = () => {
    const buddy = new BuddyLab(40 * LARGEST, DIRECT);
    const wired = reported(buddy);
    wired.settle();
    wired.clock.nowUs = 100 * SECOND;
    return { buddy, ...wired };
  };

  it('come back when they are handed out', () => {
    const { buddy, reporting } = idle();
    const block = buddy.allocateOrder(10);
    expect([reporting.reportedPages, reporting.hostFaults]).toEqual([39 * LARGEST, LARGEST]);
    expect(buddy.isReported(block)).toBe(false);
    buddy.check();
  });

  it('come back frame by frame, and are reported again once merged', () => {
    const { buddy, reporting, clock, settle } = idle();
    const frame = buddy.allocate();
    expect([reporting.reportedPages, reporting.hostFaults]).toEqual([40 * LARGEST - 1, 1]);
    // The halves that it left are not known to the hypervisor as such, though it has their memory.
    expect(buddy.isReported(buddy.firstBlock(9))).toBe(false);
    expect(reporting.dueUs).toBe(Number.POSITIVE_INFINITY);
    buddy.free(frame);
    expect(reporting.dueUs).toBe(102 * SECOND);
    // One frame of the block is new to the hypervisor; it is told of the block.
    expect(settle()).toBe(1);
    expect([reporting.calls, reporting.blocks]).toEqual([3, 41]);
    expect([reporting.reportedPages, reporting.hostFaults]).toEqual([40 * LARGEST, 1]);
    expect(clock.nowUs).toBe(102 * SECOND);
    buddy.check();
  });

  it('do not come back while they wait on the fast path', () => {
    const buddy = new BuddyLab(40 * LARGEST, { batch: 8, high: 32 });
    const { reporting, settle } = reported(buddy);
    settle();
    const frame = buddy.allocate();
    expect([buddy.pcpCount, reporting.hostFaults, reporting.reportedPages]).toEqual([7, 1, 40 * LARGEST - 1]);
    buddy.free(frame);
    buddy.allocate();
    expect(reporting.hostFaults).toBe(1);
    buddy.check();
  });

  it('ask for a pass two seconds after the first of them, and only if they are large enough', () => {
    const { buddy, reporting, clock } = idle();
    const blocks = [10, 9, 9, 8].map((order) => ({ order, frame: buddy.allocateOrder(order) }));
    const [whole, half, other, quarter] = blocks.map(({ frame }) => frame);
    expect(reporting.dueUs).toBe(Number.POSITIVE_INFINITY);
    // Its buddy, another quarter, is kept in use.
    const neighbour = buddy.allocateOrder(8);
    buddy.freeOrder(quarter!, 8);
    expect(reporting.dueUs).toBe(Number.POSITIVE_INFINITY);
    buddy.freeOrder(half!, 9);
    expect(reporting.dueUs).toBe(clock.nowUs + PAGE_REPORTING_DELAY_US);
    clock.nowUs += SECOND;
    buddy.freeOrder(whole!, 10);
    buddy.freeOrder(other!, 9);
    expect(reporting.dueUs).toBe(102 * SECOND);
    buddy.freeOrder(neighbour, 8);
    buddy.check();
  });
});

describe('the device', () => {
  it('begins with a pass two seconds later', () => {
    expect(new PageReporting(new BuddyLab(1), 9, 5 * SECOND).dueUs).toBe(7 * SECOND);
  });

  it('refuses an order that there is not', () => {
    expect(() => new PageReporting(new BuddyLab(1), 11)).toThrow('order 11');
  });
});

/** What the hypervisor has taken back, frame by frame, from what reporting shows of itself. */
class NaiveHost {
  readonly taken = new Set<number>();
  faults = 0;

  constructor(
    private readonly buddy: BuddyLab,
    private readonly order: number,
  ) {}

  /** A pass is over: all that is flagged as reported is taken. */
  passed(): void {
    for (const { frame, order } of this.buddy.freeBlocks(this.order)) {
      if (!this.buddy.isReported(frame)) continue;
      for (let i = frame; i < frame + (1 << order); i++) this.taken.add(i);
    }
  }

  handedOut(frame: number, order: number): void {
    for (let i = frame; i < frame + (1 << order); i++) if (this.taken.delete(i)) this.faults++;
  }
}

const PAGES = 2 ** 16;
const ORDER = 5;

const call = fc.record({
  kind: fc.constantFrom('allocate', 'allocateOrder', 'free', 'free', 'run', 'drain'),
  order: fc.nat(MAX_PAGE_ORDER),
  pick: fc.nat(),
});

describe('random calls, compared with a set of the frames that the host has taken', () => {
  it('counts frames taken and faults, and ends with all large blocks reported', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(call, { maxLength: 150 }), (high, calls) => {
        const buddy = new BuddyLab(PAGES, { batch: 4, high });
        const { clock, reporting, settle } = reported(buddy, ORDER);
        const host = new NaiveHost(buddy, ORDER);
        const held: [frame: number, order: number][] = [];
        for (const { kind, order, pick } of calls) {
          clock.nowUs += pick % SECOND;
          if (kind === 'drain') buddy.drain();
          else if (kind === 'run') {
            reporting.run(clock.nowUs);
            host.passed();
          } else if (kind === 'free') {
            const block = held.splice(pick % Math.max(1, held.length), 1)[0];
            if (block) buddy.freeOrder(...block);
          } else {
            const of = kind === 'allocate' ? 0 : order;
            const frame = buddy.allocateOrder(of);
            if (frame < 0) continue;
            host.handedOut(frame, of);
            held.push([frame, of]);
          }
          expect([reporting.reportedPages, reporting.hostFaults]).toEqual([host.taken.size, host.faults]);
        }
        buddy.check();
        buddy.drain();
        reporting.onFree(ORDER, clock.nowUs);
        settle();
        buddy.check();
        // With room for a whole report of the largest blocks above the watermark, isolating never stops early.
        const room = buddy.buddyPages - PAGE_REPORTING_CAPACITY * LARGEST;
        if (room > buddy.watermarks.low + LARGEST)
          for (const { frame } of buddy.freeBlocks(ORDER)) expect(buddy.isReported(frame)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
