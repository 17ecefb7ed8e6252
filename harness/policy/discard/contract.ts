import type { ParameterValues } from '../../input/parameters.js';
import type { Advice } from '../../trace/op.js';
import type { PolicyInfo } from '../registry.js';

/** What a system call returned: 0, or the name of an error. */
export type Errno =
  | 0
  | 'EINVAL'
  | 'EACCES'
  | 'EBADF'
  | 'EPERM'
  | 'ENOMEM'
  | 'EAGAIN'
  | 'EFAULT'
  | 'EFBIG'
  | 'ENOSYS'
  | 'EOPNOTSUPP';

/** Pages of a space: `count` from `page` on. */
export interface PageRange {
  readonly space: number;
  readonly page: number;
  readonly count: number;
}

/** A part of a range that lies in one VMA, and what it maps. */
export interface MappedPiece extends PageRange {
  /** The object, undefined for memory that has none a program could name. */
  readonly object: string | undefined;
  /** First page of the object. */
  readonly objectPage: number;
  /** Whether the program holds a descriptor it may write through. */
  readonly descriptor: boolean;
}

/** The system calls a discard policy may use. Every machine, simulated or live, implements them. */
export interface Kernel {
  /** madvise(2) on a range; the error as the kernel gives it. `era` 2006 is MADV_REMOVE as it was first posted. */
  madvise(range: PageRange, advice: Advice, era?: '2006'): Errno;
  /** fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) on pages of an object, through the piece's descriptor. */
  punch(piece: MappedPiece): Errno;
  /**
   * The VMA pieces of a range and what they map, as the program knows them. With `charge`, finding each costs what
   * a program pays that does not know descriptor and offset of an address.
   */
  lookup(range: PageRange, charge: boolean): MappedPiece[];
}

/** What the program can do to its own memory, beside system calls. */
export interface Program {
  /** Makes the contents of a range again: writes every page of it, and takes `ns`. */
  regenerate(range: PageRange, ns: number): void;
  /** Writes a cookie into every page of a range (what a program does to tell later whether a page was purged). */
  writeCookies(range: PageRange): void;
  /**
   * Compare-and-swap of the cookie of every page of a range, in order, up to the first page that has lost it. Gives
   * that page's place in the range, or -1 when all are whole.
   */
  firstLost(range: PageRange): number;
}

/** Regenerable contents that the program does not need now. */
export interface Unpinned extends PageRange {
  /** What making the range again costs, as one unit, in ns. */
  readonly regenNs: number;
}

/**
 * Carries out what the trace says of contents: `discard` (not needed any more), `unpin` (regenerable, not needed
 * now) and `pin` (needed again). The replay owns what is unpinned; the policy owns what it dropped.
 */
export interface DiscardPolicy {
  discard(range: PageRange): void;
  unpin(range: Unpinned): void;
  /** @param unpinned the unpin that this ends, undefined when there was none */
  pin(range: PageRange, unpinned: Unpinned | undefined): void;
}

export interface DiscardContext {
  readonly kernel: Kernel;
  readonly program: Program;
  readonly values: ParameterValues;
}

/** A discard policy's entry in the registry. */
export interface DiscardPolicyInfo extends PolicyInfo {
  create(context: DiscardContext): DiscardPolicy;
}
