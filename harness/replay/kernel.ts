import { PART } from '../cost/ledger.js';
import type { CallResult, Era } from '../machine/advice/call.js';
import { madvise } from '../machine/advice/madvise.js';
import { fallocatePunch } from '../machine/advice/punch.js';
import type { Machine } from '../machine/machine.js';
import type { Space } from '../machine/mapping/space.js';
import { VM, type Vma } from '../machine/mapping/vma.js';
import type { Errno, Kernel, MappedPiece, PageRange } from '../policy/discard/contract.js';
import type { Advice } from '../trace/op.js';

/** The system calls of the simulated machine as a discard policy sees them, counted. */
export class SimulatedKernel implements Kernel {
  calls = 0;
  pages = 0;
  errors = 0;
  failedPages = 0;
  /** The stall part that pays: that of discard and unpin, or that of pin. */
  part: number = PART.discard;

  constructor(private readonly machine: Machine) {}

  madvise(range: PageRange, advice: Advice, era: Era = this.machine.settings.removeEra): Errno {
    const space = this.machine.space(range.space) as Space;
    return this.count(
      range.count,
      madvise(this.machine, space, range.page, range.count, advice, { part: this.part, era }),
    );
  }

  punch(piece: MappedPiece): Errno {
    const space = this.machine.space(piece.space) as Space;
    const object = (space.find(piece.page) as Vma).object;
    return this.count(
      piece.count,
      fallocatePunch(this.machine, object, piece.objectPage, piece.count, {
        descriptor: piece.descriptor,
        part: this.part,
      }),
    );
  }

  lookup(range: PageRange, charge: boolean): MappedPiece[] {
    const space = this.machine.space(range.space) as Space;
    const end = range.page + range.count;
    const pieces = space.overlapping(range.page, end).map((vma) => pieceOf(vma, range.page, end));
    if (charge) this.machine.ledger.cpu(this.part, pieces.length * this.machine.costs.fd_lookup.ns);
    return pieces;
  }

  private count(named: number, result: CallResult): Errno {
    this.calls++;
    this.pages += named;
    if (result.errno !== 0) {
      this.errors++;
      this.failedPages += named - result.pages;
    }
    return result.errno;
  }
}

function pieceOf(vma: Vma, start: number, end: number): MappedPiece {
  const page = Math.max(start, vma.start);
  return {
    space: vma.space.id,
    page,
    count: Math.min(end, vma.end) - page,
    object: vma.object?.name,
    objectPage: vma.object ? vma.objectPageAt(page) : 0,
    descriptor: vma.object?.options.descriptor === true && vma.has(VM.mayWrite),
  };
}
