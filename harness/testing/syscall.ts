import { PAGE_BYTES } from '../base/page.js';
import type { SyscallResult } from '../contract/target.js';
import { fallocateBlocks } from '../machine/advice/allocate.js';
import { madvise } from '../machine/advice/madvise.js';
import { fallocatePunch } from '../machine/advice/punch.js';
import type { Machine } from '../machine/machine.js';
import type { Space } from '../machine/state/space.js';
import type { SharedObject } from '../machine/state/vma.js';
import type { Errno } from '../policy/discard/contract.js';
import type { Advice } from '../trace/op.js';

/**
 * The numbers of advice. Source: include/uapi/asm-generic/mman-common.h. The 2014 patches gave VOLATILE and NONVOLATILE
 * numbers that mean other advice today: they have none here.
 */
const ADVICE_NUMBERS: Readonly<Record<number, Advice>> = {
  0: 'MADV_NORMAL',
  1: 'MADV_RANDOM',
  2: 'MADV_SEQUENTIAL',
  3: 'MADV_WILLNEED',
  4: 'MADV_DONTNEED',
  8: 'MADV_FREE',
  9: 'MADV_REMOVE',
  10: 'MADV_DONTFORK',
  11: 'MADV_DOFORK',
  12: 'MADV_MERGEABLE',
  13: 'MADV_UNMERGEABLE',
  14: 'MADV_HUGEPAGE',
  15: 'MADV_NOHUGEPAGE',
  16: 'MADV_DONTDUMP',
  17: 'MADV_DODUMP',
  18: 'MADV_WIPEONFORK',
  19: 'MADV_KEEPONFORK',
  20: 'MADV_COLD',
  21: 'MADV_PAGEOUT',
  22: 'MADV_POPULATE_READ',
  23: 'MADV_POPULATE_WRITE',
  24: 'MADV_DONTNEED_LOCKED',
};

/** Where the kernel's addresses wrap. */
const ADDRESS_LIMIT = 2 ** 64;

const fails = (errno: Errno): SyscallResult => ({ errno, value: 0, pages: 0 });

/**
 * madvise(2) as a program calls it: with an address and a length in bytes, and the number or name of an advice. Errors
 * in the kernel's order: unknown advice, unaligned address, a length that wraps; a length of 0 is success. The length
 * is rounded up to pages, that of VOLATILE and NONVOLATILE must be whole pages; a length of 0 marks to the end of the
 * mapping there, as the 2014 patch did. Source: madvise_should_skip in mm/madvise.c.
 */
export function sysMadvise(
  m: Machine,
  space: Space,
  address: number,
  length: number,
  advice: Advice | number,
): SyscallResult {
  const name = typeof advice === 'number' ? ADVICE_NUMBERS[advice] : advice;
  if (name === undefined || address % PAGE_BYTES !== 0 || length < 0) return fails('EINVAL');
  if (address + Math.ceil(length / PAGE_BYTES) * PAGE_BYTES >= ADDRESS_LIMIT) return fails('EINVAL');
  const page = address / PAGE_BYTES;
  if (name === 'MADV_VOLATILE' || name === 'MADV_NONVOLATILE') {
    if (length % PAGE_BYTES !== 0) return fails('EINVAL');
    const toEnd = (space.find(page)?.end ?? page) - page;
    return madvise(m, space, page, length === 0 ? toEnd : length / PAGE_BYTES, name);
  }
  const count = Math.ceil(length / PAGE_BYTES);
  return count === 0 ? { errno: 0, value: 0, pages: 0 } : madvise(m, space, page, count, name);
}

/** Bits of fallocate's mode. Source: include/uapi/linux/falloc.h. */
export const FALLOC_FL = { keepSize: 1, punchHole: 2, zeroRange: 16 } as const;

/** The largest file: MAX_LFS_FILESIZE, in doubles the largest number of whole bytes. */
const LARGEST_FILE = Number.MAX_SAFE_INTEGER;

/** fallocate(2) with its mode, in bytes. Errors in the kernel's order (vfs_fallocate): range, mode, descriptor, size. */
export function sysFallocate(
  m: Machine,
  object: SharedObject | undefined,
  call: {
    readonly mode: number;
    readonly offset: number;
    readonly length: number;
    readonly descriptor: boolean;
  },
): SyscallResult {
  const { mode, offset, length, descriptor } = call;
  const known = FALLOC_FL.keepSize | FALLOC_FL.punchHole | FALLOC_FL.zeroRange;
  if (offset < 0 || length <= 0) return fails('EINVAL');
  if ((mode & ~known) !== 0) return fails('EOPNOTSUPP');
  const punches = (mode & FALLOC_FL.punchHole) !== 0;
  if (punches && mode !== (FALLOC_FL.punchHole | FALLOC_FL.keepSize)) return fails('EOPNOTSUPP');
  if (!object || !descriptor) return fails('EBADF');
  if (offset + length > LARGEST_FILE) return fails('EFBIG');
  const index = Math.floor(offset / PAGE_BYTES);
  const end = Math.ceil((offset + length) / PAGE_BYTES);
  if (punches)
    return fallocatePunch(m, object, index, end - index, { descriptor, bytes: { offset, length } });
  // Blocks beyond the end, which KEEP_SIZE asks for, are not kept: nothing in a trace could use them.
  const last = (mode & FALLOC_FL.keepSize) !== 0 ? Math.min(end, object.size) : end;
  if (last <= index) return { errno: 0, value: 0, pages: 0 };
  return fallocateBlocks(m, object, index, last - index, {
    descriptor,
    zero: (mode & FALLOC_FL.zeroRange) !== 0,
  });
}
