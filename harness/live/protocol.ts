/** What passes between this program and the executor: the numbers of executor/protocol.h. */
import { constants } from 'node:os';
import type { Errno } from '../policy/discard/contract.js';

export const MAGIC = 0x524c5831;
/** Size of the file that both map. */
export const SHARED_BYTES = 16 * 2 ** 20;
export const OPS_AT = 4096;
/** Ops of one request. */
export const MOST_OPS = 131_072;
export const ANSWERS_AT = 6 * 2 ** 20;
export const TEXT_AT = 8 * 2 ** 20;
export const TEXT_BYTES = 8 * 2 ** 20;
/** 32-bit words of an op, and of an answer. */
export const OP_WORDS = 10;
export const ANSWER_WORDS = 4;
/** The slot of the process that holds objects; spaces have those above. */
export const KEEPER = 0;
export const MOST_SLOTS = 4096;
export const MOST_OBJECTS = 4096;
/** Stands for an object that the program holds no descriptor of. */
export const NO_OBJECT = 0xffff_ffff;
/** Pages of traces are mapped to live ones from here on. Units: 2^28 pages (1 TiB). */
export const FIRST_SLAB = 8;
export const LAST_SLAB = 119;
export const SLAB_PAGES = 2 ** 28;

/** Ops of the executor. */
export const LIVE_OP = {
  spawn: 1,
  fork: 2,
  exit: 3,
  object: 4,
  close: 5,
  map: 6,
  unmap: 7,
  remap: 8,
  protect: 9,
  lock: 10,
  unlock: 11,
  read: 12,
  write: 13,
  pread: 14,
  pwrite: 15,
  sync: 16,
  madvise: 17,
  fallocate: 18,
  truncate: 19,
  prctl: 20,
  cookie: 21,
  census: 22,
  lookup: 23,
  put: 24,
  get: 25,
  reset: 26,
  quit: 27,
  mkdir: 28,
  rmdir: 29,
  mount: 30,
  unmount: 31,
  module: 32,
  swap: 33,
  group: 34,
  limit: 35,
  pace: 36,
  rest: 37,
  files: 38,
  move: 39,
  huge: 40,
  fadvise: 41,
  remote: 42,
  lockall: 43,
  pin: 44,
  unpin: 45,
} as const;

/** Flags of ops, in the same word. */
export const FLAG = {
  shared: 1 << 8,
  object: 1 << 9,
  ro: 1 << 10,
  roFd: 1 << 11,
  exec: 1 << 12,
  locked: 1 << 13,
  random: 1 << 14,
  sequential: 1 << 15,
  populate: 1 << 16,
  droppable: 1 << 17,
  content: 1 << 18,
  up: 1 << 19,
  unique: 1 << 20,
  none: 1 << 21,
  sealed: 1 << 22,
  file: 1 << 23,
  mapped: 1 << 24,
} as const;

/** The error of an op whose space was killed, plus the signal. */
const DIED = 1000;

/** What an op came to. */
export interface Answer {
  /** A number of errno(3), 0 for success. */
  readonly error: number;
  readonly value: number;
  /** Touches: index of the first page that cannot be accessed so, where the error is EFAULT. */
  readonly first: number;
  /** Touches: signals for pages beyond the end of their object. */
  readonly buses: number;
}

/** The signal that has ended a space instead of an answer, 0 where it had ended before; undefined where it lives. */
export function deathSignal({ error }: Answer): number | undefined {
  return error >= DIED ? error - DIED : undefined;
}

/** Of two names for a number, the one that manual pages of Linux use. */
const OTHER_NAMES: readonly string[] = ['EWOULDBLOCK', 'ENOTSUP'];
const NAMES = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => !OTHER_NAMES.includes(name))
    .map(([name, number]) => [number, name]),
);

/** The name of an error. */
export function errnoName(error: number): Errno {
  return error === 0 ? 0 : ((NAMES.get(error) ?? `errno ${error}`) as Errno);
}

/** Values of advice that a live kernel has. Source: include/uapi/asm-generic/mman-common.h. */
export const ADVICE_VALUES: Readonly<Record<string, number>> = {
  MADV_NORMAL: 0,
  MADV_RANDOM: 1,
  MADV_SEQUENTIAL: 2,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  MADV_FREE: 8,
  MADV_REMOVE: 9,
  MADV_DONTFORK: 10,
  MADV_DOFORK: 11,
  MADV_MERGEABLE: 12,
  MADV_UNMERGEABLE: 13,
  MADV_HUGEPAGE: 14,
  MADV_NOHUGEPAGE: 15,
  MADV_DONTDUMP: 16,
  MADV_DODUMP: 17,
  MADV_WIPEONFORK: 18,
  MADV_KEEPONFORK: 19,
  MADV_COLD: 20,
  MADV_PAGEOUT: 21,
  MADV_POPULATE_READ: 22,
  MADV_POPULATE_WRITE: 23,
  MADV_DONTNEED_LOCKED: 24,
  MADV_COLLAPSE: 25,
  MADV_GUARD_INSTALL: 102,
  MADV_GUARD_REMOVE: 103,
};
