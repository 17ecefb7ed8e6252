import type { SyscallResult } from '../contract/target.js';
import { PART, type StallIndex } from '../cost/ledger.js';
import type { Errno, Kernel, MappedPiece, PageRange, VolatileResult } from '../policy/discard/contract.js';
import type { Advice } from '../trace/op.js';
import { madvise } from './advice/madvise.js';
import { fallocatePunch } from './advice/punch.js';
import { truncateTail } from './advice/truncate.js';
import type { Machine } from './machine.js';
import { NOT_MADE, NOTHING_MAPPED, PolicyCalls } from './policy-calls.js';
import type { Era } from './state/settings.js';
import type { Space } from './state/space.js';
import { type SharedObject, VM, type Vma } from './state/vma.js';

/** The system calls of the simulated machine as a discard policy sees them, counted. */
export class SimulatedKernel extends PolicyCalls implements Kernel {
  /** The stall part that pays: that of discard and unpin, that of pin, or that of a signal handler. */
  part: StallIndex = PART.discard;
  /** Inode numbers, given to objects when a program first asks for them. */
  private readonly inodes = new WeakMap<SharedObject, number>();
  private lastInode = 0;

  /** @param destroy whether calls that destroy files are made */
  constructor(
    private readonly machine: Machine,
    private readonly destroy: boolean,
  ) {
    super();
  }

  madvise(range: PageRange, advice: Advice, era: Era = this.machine.settings.removeEra): Errno {
    return this.advise(range, advice, era).errno;
  }

  setVolatile(range: PageRange, volatile: boolean): VolatileResult {
    const { errno, value } = this.advise(range, volatile ? 'MADV_VOLATILE' : 'MADV_NONVOLATILE', 'now');
    return { errno, purged: value === 1 };
  }

  private advise(range: PageRange, advice: Advice, era: Era): SyscallResult {
    const { page, count } = range;
    return this.call(range, (space) => {
      if (advice === 'MADV_REMOVE' && removesFile(space, range, this.destroy)) return NOT_MADE;
      const result = madvise(this.machine, space, page, count, advice, { part: this.part, era });
      if (didOther(advice, era, result)) this.machine.effects?.push({ kind: 'other' });
      return result;
    });
  }

  punch(piece: MappedPiece): Errno {
    return this.onObject(piece, fallocatePunch);
  }

  truncate(piece: MappedPiece): Errno {
    const errno = this.onObject(piece, truncateTail);
    if (errno === 0) this.machine.effects?.push({ kind: 'other' });
    return errno;
  }

  private onObject(piece: MappedPiece, call: typeof fallocatePunch | typeof truncateTail): Errno {
    const { descriptor, objectPage, count } = piece;
    return this.call(piece, (space) => {
      const vma = space.find(piece.page);
      if (!vma) return NOTHING_MAPPED;
      if (sparesFile(vma, this.destroy)) return NOT_MADE;
      return call(this.machine, vma.object, objectPage, count, { descriptor, part: this.part });
    }).errno;
  }

  lookup(range: PageRange, charge: boolean): MappedPiece[] {
    const space = this.machine.space(range.space);
    if (!space) return [];
    const end = range.page + range.count;
    const pieces = space.overlapping(range.page, end).map((vma) => this.pieceOf(vma, range.page, end));
    if (charge) {
      const { ledger, nowUs, costs } = this.machine;
      const ns = pieces.length * costs.fd_lookup.ns;
      ledger.onBehalf(space.account, space.id, nowUs, () => ledger.cpu(this.part, ns));
    }
    return pieces;
  }

  private pieceOf(vma: Vma, start: number, end: number): MappedPiece {
    const page = Math.max(start, vma.start);
    const { object } = vma;
    return {
      space: vma.space.id,
      page,
      count: Math.min(end, vma.end) - page,
      object: object?.name,
      objectPage: object ? vma.objectPageAt(page) : 0,
      inode: object && vma.has(VM.shared) ? this.inodeOf(object) : undefined,
      descriptor: object?.options.descriptor === true && vma.has(VM.mayWrite),
    };
  }

  /** The machine's own numbers are used again when an object is gone. */
  private inodeOf(object: SharedObject): number {
    const known = this.inodes.get(object);
    if (known !== undefined) return known;
    this.lastInode++;
    this.inodes.set(object, this.lastInode);
    return this.lastInode;
  }

  /** Makes a call on the account of the space whose range it is. */
  private call(range: PageRange, work: (space: Space) => SyscallResult): SyscallResult {
    const { machine } = this;
    const space = machine.space(range.space);
    const result = space
      ? machine.ledger.onBehalf(space.account, space.id, machine.nowUs, () => work(space))
      : NOTHING_MAPPED;
    this.count(range.count, result);
    return result;
  }
}

/** Whether advice did to memory what no policy can follow. Holes are told one by one, and a call that is refused does nothing. */
function didOther(advice: Advice, era: Era, { pages }: SyscallResult): boolean {
  if (advice === 'MADV_REMOVE') return era === '2006';
  return pages > 0 || (advice !== 'MADV_FREE' && advice !== 'MADV_DONTNEED');
}

/** Whether a call that empties the object behind a mapping is not made: it would destroy a file. */
export function sparesFile(vma: Vma, destroy: boolean): boolean {
  return vma.object?.backing === 'file' && !destroy;
}

/** The same of MADV_REMOVE on a range. */
export function removesFile(space: Space, { page, count }: PageRange, destroy: boolean): boolean {
  return space.overlapping(page, page + count).some((vma) => vma.has(VM.shared) && sparesFile(vma, destroy));
}
