import { PART } from '../cost/ledger.js';
import type { PageRange, Program } from '../policy/discard/contract.js';
import type { SimulatedKernel } from './kernel.js';
import type { Machine } from './machine.js';
import { access, contentAt } from './mapping/access.js';
import { UNIQUE, ZERO } from './memory/contents.js';
import type { Space } from './state/space.js';
import { VM } from './state/vma.js';

/** What the traced program does because of its discard policy, besides the trace's own events. */
export class SimulatedProgram implements Program {
  regeneratedPages = 0;
  regeneratedRanges = 0;
  /** Touches that are not the trace's own. */
  touches = 0;

  constructor(
    private readonly machine: Machine,
    private readonly kernel: SimulatedKernel,
  ) {}

  regenerate(range: PageRange, ns: number): void {
    this.regeneratedPages += range.count;
    this.regeneratedRanges++;
    const { space, page, count } = range;
    this.machine.effects?.push({ kind: 'regeneration', space, page, count, ns });
    this.machine.ledger.cpu(PART.regen, ns);
    this.write(range);
  }

  writeCookies(range: PageRange): void {
    this.machine.effects?.push({ kind: 'other' });
    this.write(range);
    this.machine.ledger.cpu(this.kernel.part, range.count * this.machine.costs.touch.ns);
  }

  firstLost(range: PageRange): number {
    this.machine.effects?.push({ kind: 'other' });
    const space = this.machine.space(range.space)!;
    for (const part of writableParts(space, range)) {
      for (let page = part.page; page < part.page + part.count; page++) {
        const whole = contentAt(this.machine, space, page) !== ZERO;
        // A compare-and-swap is a write access, also where it changes nothing.
        this.touches += access(this.machine, space, page, 1, UNIQUE, 0);
        this.machine.ledger.cpu(this.kernel.part, this.machine.costs.touch.ns);
        if (!whole) return page - range.page;
      }
    }
    return -1;
  }

  private write(range: PageRange): void {
    const space = this.machine.space(range.space)!;
    for (const part of writableParts(space, range)) {
      this.touches += access(this.machine, space, part.page, part.count, UNIQUE, 0);
    }
  }
}

/** The parts of a range that the program can write: holes and read-only mappings are left out. */
function writableParts(space: Space, range: PageRange): PageRange[] {
  const end = range.page + range.count;
  return space
    .overlapping(range.page, end)
    .filter((vma) => vma.has(VM.write))
    .map((vma) => {
      const page = Math.max(vma.start, range.page);
      return { space: range.space, page, count: Math.min(vma.end, end) - page };
    });
}
