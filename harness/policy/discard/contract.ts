import type { ParameterValues } from '../../base/parameters.js';
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
  | 'EBUSY'
  | 'ESRCH'
  | 'EEXIST'
  | 'EFAULT'
  | 'EFBIG'
  | 'ENOENT'
  | 'ENOSPC'
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
  /**
   * Identifies the object where its pages are shared with other mappings, as the inode number in /proc/PID/maps does;
   * undefined for private memory.
   */
  readonly inode: number | undefined;
  /** Whether the program holds a descriptor it may write through. */
  readonly descriptor: boolean;
}

/** What MADV_VOLATILE or MADV_NONVOLATILE returned. */
export interface VolatileResult {
  readonly errno: Errno;
  /** NONVOLATILE: pages of the range were purged since they were marked. */
  readonly purged: boolean;
}

/**
 * The system calls a discard policy may use. Every machine, simulated or live, implements them. A call is paid by the
 * space whose range it is.
 *
 * A call that would destroy a file for everyone (MADV_REMOVE, a hole, a truncation of a `file:` object) is not made
 * unless the policy's parameter `destroy` is 1: it counts as refused, and the policy gets EPERM.
 */
export interface Kernel {
  /** madvise(2) on a range; the error as the kernel returns it. `era` 2006 is MADV_REMOVE as it was first posted. */
  madvise(range: PageRange, advice: Advice, era?: '2006'): Errno;
  /** fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) on pages of an object, through the piece's descriptor. */
  punch(piece: MappedPiece): Errno;
  /** MADV_VOLATILE or MADV_NONVOLATILE on a range, all of it or nothing. */
  setVolatile(range: PageRange, volatile: boolean): VolatileResult;
  /**
   * ftruncate to where a piece begins in its object and again to the old size, through the piece's descriptor. EINVAL,
   * and nothing happens, when the piece does not reach the end of the object or there is no descriptor that may write.
   */
  truncate(piece: MappedPiece): Errno;
  /**
   * The VMA pieces of a range and what they map, as the program knows them. With `charge`, finding each costs what
   * a program pays that does not know descriptor and offset of an address.
   */
  lookup(range: PageRange, charge: boolean): MappedPiece[];
}

/** What the program can do to its own memory, besides system calls. */
export interface Program {
  /** Makes the contents of a range again: writes every page of it, and takes `ns`. */
  regenerate(range: PageRange, ns: number): void;
  /** Writes a cookie into every page of a range (so that the program can see later whether a page was purged). */
  writeCookies(range: PageRange): void;
  /**
   * Compare-and-swap of the cookie of every page of a range, in order, up to the first page that has lost it. Returns
   * the index of that page in the range, or -1 when none has.
   */
  firstLost(range: PageRange): number;
}

/**
 * Trace time, and timers on it. It does not know how long programs have stalled: timers are due at the same moments whatever
 * calls and devices cost.
 */
export interface Clock {
  /** Trace time, in µs. */
  readonly nowUs: number;
  /**
   * Calls back at a trace time: before the first event of that time or a later one, and after what the kernel does of its
   * own until then. Timers of the same time are called in the order in which they were set. A time that has passed means
   * now: before the next event. What is due after the last event is never called.
   *
   * @param timeUs in µs, finite
   */
  at(timeUs: number, call: () => void): void;
}

/** Regenerable contents that the program does not need now. */
export interface Unpinned extends PageRange {
  /** What making the range again costs, as one unit, in ns. */
  readonly regenNs: number;
}

/** What became of pages that were given up before a call gave them back, for the metrics of the same names. */
export interface LaterPages {
  /** Pages whose call came later than their discard. */
  readonly late: number;
  /** Pages that were in use again, or discarded again, before their call. */
  readonly cancelled: number;
  /** Pages that were unmapped before their call. */
  readonly unmapped: number;
  /** Pages that wait for their call now. */
  readonly pending: number;
}

/** The level of memory pressure. */
export type Pressure = 'moderate' | 'critical';

/**
 * Carries out what the trace says of contents: `discard` (not needed any more), `unpin` (regenerable, not needed
 * now) and `pin` (needed again). The replay keeps what is unpinned; the policy keeps what it dropped. The optional
 * methods report what else happens to a program.
 */
export interface DiscardPolicy {
  /** The program does not need these contents any more. */
  discard(range: PageRange): void;
  /** The program does not need these contents now, and can make them again. */
  unpin(range: Unpinned): void;
  /**
   * The program needs these contents again: what is gone is to be made.
   *
   * @param unpinned the unpin that this ends, undefined when there was none
   */
  pin(range: PageRange, unpinned: Unpinned | undefined): void;
  /** Memory pressure is announced to programs. */
  pressure?(level: Pressure): void;
  /** Whether `beforeWrite` is wanted now. Asked after each call of the policy, not at each write. */
  readonly watchesWrites?: boolean;
  /** The program is about to write pages. */
  beforeWrite?(range: PageRange): void;
  /** Whether `beforeRead` is wanted now, as `watchesWrites`. */
  readonly watchesReads?: boolean;
  /** The program is about to read pages through a mapping. */
  beforeRead?(range: PageRange): void;
  /** A signal handler's work: an access met purged memory. True when the access can be made now. */
  sigbus?(page: PageRange): boolean;
  /** Pages are about to be unmapped, or mapped again; at the end of a space, all its pages. */
  unmapped?(range: PageRange): void;
  /** Pages were moved (mremap) to other addresses of their space, from page `to` on. */
  moved?(range: PageRange, to: number): void;
  /** A space was forked: its private memory is in the child as well. */
  forked?(parent: number, child: number): void;
  /** Of a policy that gives back later. Read at the end of the replay. */
  readonly laterPages?: LaterPages | undefined;
}

/** What a discard policy works with: calls, the program's own memory, a clock, the values of its parameters. */
export interface DiscardContext {
  readonly kernel: Kernel;
  readonly program: Program;
  readonly clock: Clock;
  readonly values: ParameterValues;
}

/** A discard policy's entry in the registry. */
export interface DiscardPolicyInfo extends PolicyInfo {
  /** It learns of losses by what MADV_NONVOLATILE reports: without, the program would use what is gone. */
  readonly needsReport?: true;
  /**
   * The policy that does the same, at the same prices, in a program that never unpins memory: cells that differ in nothing
   * else share a replay there. Absent: no other does. Not asked of policies from outside.
   *
   * @returns its canonical text
   */
  readonly withoutUnpins?: (values: ParameterValues) => string;
  /** Creates the policy of one replay. */
  create(context: DiscardContext): DiscardPolicy;
}
