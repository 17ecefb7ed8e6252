import { PAGE_BYTES } from '../../../base/page.js';

/** Names of values, or of bits: what `NAME` is. */
type Names = readonly (readonly [value: number, name: string])[];

/** What an argument of a call is made of. */
interface Constants {
  /** Values of the bits that `mask` has; exactly one is named. */
  readonly values?: { readonly mask: number; readonly names: Names };
  /** Bits besides. */
  readonly bits?: Names;
  /** What strace prints for 0 where no value is; `0` by default. */
  readonly zero?: string;
}

const ALL = 0xffffffff;

// Numbers of x86-64 and of all architectures that use asm-generic: include/uapi/asm-generic/mman-common.h, mman.h.
const PROT: Constants = {
  bits: [
    [1, 'PROT_READ'],
    [2, 'PROT_WRITE'],
    [4, 'PROT_EXEC'],
    [8, 'PROT_SEM'],
    [0x01000000, 'PROT_GROWSDOWN'],
    [0x02000000, 'PROT_GROWSUP'],
  ],
  zero: 'PROT_NONE',
};

const MAP: Constants = {
  values: {
    mask: 0xf,
    names: [
      [1, 'MAP_SHARED'],
      [2, 'MAP_PRIVATE'],
      [3, 'MAP_SHARED_VALIDATE'],
      [8, 'MAP_DROPPABLE'],
    ],
  },
  bits: [
    [0x10, 'MAP_FIXED'],
    [0x20, 'MAP_ANONYMOUS'],
    [0x40, 'MAP_32BIT'],
    [0x4000, 'MAP_NORESERVE'],
    [0x8000, 'MAP_POPULATE'],
    [0x10000, 'MAP_NONBLOCK'],
    [0x100, 'MAP_GROWSDOWN'],
    [0x800, 'MAP_DENYWRITE'],
    [0x1000, 'MAP_EXECUTABLE'],
    [0x2000, 'MAP_LOCKED'],
    [0x20000, 'MAP_STACK'],
    [0x40000, 'MAP_HUGETLB'],
    [0x80000, 'MAP_SYNC'],
    [0x100000, 'MAP_FIXED_NOREPLACE'],
  ],
};

const MADV: Constants = {
  values: {
    mask: ALL,
    names: [
      [0, 'MADV_NORMAL'],
      [1, 'MADV_RANDOM'],
      [2, 'MADV_SEQUENTIAL'],
      [3, 'MADV_WILLNEED'],
      [4, 'MADV_DONTNEED'],
      [8, 'MADV_FREE'],
      [9, 'MADV_REMOVE'],
      [10, 'MADV_DONTFORK'],
      [11, 'MADV_DOFORK'],
      [12, 'MADV_MERGEABLE'],
      [13, 'MADV_UNMERGEABLE'],
      [14, 'MADV_HUGEPAGE'],
      [15, 'MADV_NOHUGEPAGE'],
      [16, 'MADV_DONTDUMP'],
      [17, 'MADV_DODUMP'],
      [18, 'MADV_WIPEONFORK'],
      [19, 'MADV_KEEPONFORK'],
      [20, 'MADV_COLD'],
      [21, 'MADV_PAGEOUT'],
      [22, 'MADV_POPULATE_READ'],
      [23, 'MADV_POPULATE_WRITE'],
      [24, 'MADV_DONTNEED_LOCKED'],
      [25, 'MADV_COLLAPSE'],
      [100, 'MADV_HWPOISON'],
      [101, 'MADV_SOFT_OFFLINE'],
      [102, 'MADV_GUARD_INSTALL'],
      [103, 'MADV_GUARD_REMOVE'],
    ],
  },
};

const MREMAP: Constants = {
  bits: [
    [1, 'MREMAP_MAYMOVE'],
    [2, 'MREMAP_FIXED'],
    [4, 'MREMAP_DONTUNMAP'],
  ],
};

const FALLOC: Constants = {
  bits: [
    [1, 'FALLOC_FL_KEEP_SIZE'],
    [2, 'FALLOC_FL_PUNCH_HOLE'],
    [4, 'FALLOC_FL_NO_HIDE_STALE'],
    [8, 'FALLOC_FL_COLLAPSE_RANGE'],
    [0x10, 'FALLOC_FL_ZERO_RANGE'],
    [0x20, 'FALLOC_FL_INSERT_RANGE'],
    [0x40, 'FALLOC_FL_UNSHARE_RANGE'],
  ],
};

const MFD: Constants = {
  bits: [
    [1, 'MFD_CLOEXEC'],
    [2, 'MFD_ALLOW_SEALING'],
    [4, 'MFD_HUGETLB'],
    [8, 'MFD_NOEXEC_SEAL'],
    [0x10, 'MFD_EXEC'],
  ],
};

const MCL: Constants = {
  bits: [
    [1, 'MCL_CURRENT'],
    [2, 'MCL_FUTURE'],
    [4, 'MCL_ONFAULT'],
  ],
};

const MLOCK: Constants = { bits: [[1, 'MLOCK_ONFAULT']] };

const FADV: Constants = {
  values: {
    mask: ALL,
    names: [
      [0, 'POSIX_FADV_NORMAL'],
      [1, 'POSIX_FADV_RANDOM'],
      [2, 'POSIX_FADV_SEQUENTIAL'],
      [3, 'POSIX_FADV_WILLNEED'],
      [4, 'POSIX_FADV_DONTNEED'],
      [5, 'POSIX_FADV_NOREUSE'],
    ],
  },
};

const FCNTL: Constants = {
  values: {
    mask: ALL,
    names: [
      [0, 'F_DUPFD'],
      [1, 'F_GETFD'],
      [2, 'F_SETFD'],
      [3, 'F_GETFL'],
      [4, 'F_SETFL'],
      [1030, 'F_DUPFD_CLOEXEC'],
      [1033, 'F_ADD_SEALS'],
      [1034, 'F_GET_SEALS'],
    ],
  },
};

const PRCTL: Constants = {
  values: {
    mask: ALL,
    names: [
      [15, 'PR_SET_NAME'],
      [35, 'PR_SET_MM'],
      [41, 'PR_SET_THP_DISABLE'],
      [42, 'PR_GET_THP_DISABLE'],
      [65, 'PR_SET_MDWE'],
      [67, 'PR_SET_MEMORY_MERGE'],
      [68, 'PR_GET_MEMORY_MERGE'],
      [0x53564d41, 'PR_SET_VMA'],
    ],
  },
};

/** include/uapi/asm-generic/fcntl.h */
const OPEN: Constants = {
  values: {
    mask: 3,
    names: [
      [0, 'O_RDONLY'],
      [1, 'O_WRONLY'],
      [2, 'O_RDWR'],
    ],
  },
  bits: [
    [0x40, 'O_CREAT'],
    [0x80, 'O_EXCL'],
    [0x200, 'O_TRUNC'],
    [0x10000, 'O_DIRECTORY'],
    [0x80000, 'O_CLOEXEC'],
  ],
};

const DUP3: Constants = { bits: [[0x80000, 'O_CLOEXEC']] };
const FD: Constants = { bits: [[1, 'FD_CLOEXEC']] };

const CLOSE_RANGE: Constants = {
  bits: [
    [2, 'CLOSE_RANGE_UNSHARE'],
    [4, 'CLOSE_RANGE_CLOEXEC'],
  ],
};

const IPC: Constants = {
  bits: [
    [0o1000, 'IPC_CREAT'],
    [0o2000, 'IPC_EXCL'],
    [0o4000, 'SHM_HUGETLB'],
    [0o10000, 'SHM_NORESERVE'],
  ],
};

const SHMAT: Constants = {
  bits: [
    [0o10000, 'SHM_RDONLY'],
    [0o20000, 'SHM_RND'],
    [0o40000, 'SHM_REMAP'],
    [0o100000, 'SHM_EXEC'],
  ],
};

const SHMCTL: Constants = {
  values: {
    mask: 0xff,
    names: [
      [0, 'IPC_RMID'],
      [1, 'IPC_SET'],
      [2, 'IPC_STAT'],
      [11, 'SHM_LOCK'],
      [12, 'SHM_UNLOCK'],
    ],
  },
};

/** include/uapi/linux/sched.h */
const CLONE: Constants = {
  bits: [
    [0x100, 'CLONE_VM'],
    [0x200, 'CLONE_FS'],
    [0x400, 'CLONE_FILES'],
    [0x800, 'CLONE_SIGHAND'],
    [0x1000, 'CLONE_PIDFD'],
    [0x2000, 'CLONE_PTRACE'],
    [0x4000, 'CLONE_VFORK'],
    [0x8000, 'CLONE_PARENT'],
    [0x10000, 'CLONE_THREAD'],
    [0x20000, 'CLONE_NEWNS'],
    [0x40000, 'CLONE_SYSVSEM'],
    [0x80000, 'CLONE_SETTLS'],
    [0x100000, 'CLONE_PARENT_SETTID'],
    [0x200000, 'CLONE_CHILD_CLEARTID'],
    [0x400000, 'CLONE_DETACHED'],
    [0x800000, 'CLONE_UNTRACED'],
    [0x1000000, 'CLONE_CHILD_SETTID'],
    [0x20000000, 'CLONE_NEWPID'],
  ],
};

/** Arguments that strace prints by name, by call and their place. */
const BY_NAME: Readonly<Record<string, Readonly<Record<number, Constants>>>> = {
  mmap: { 2: PROT, 3: MAP },
  mprotect: { 2: PROT },
  pkey_mprotect: { 2: PROT },
  madvise: { 2: MADV },
  process_madvise: { 3: MADV },
  mremap: { 3: MREMAP },
  fallocate: { 1: FALLOC },
  memfd_create: { 1: MFD },
  mlockall: { 0: MCL },
  mlock2: { 2: MLOCK },
  fadvise64: { 3: FADV },
  fcntl: { 1: FCNTL },
  prctl: { 0: PRCTL },
  open: { 1: OPEN },
  openat: { 2: OPEN },
  dup3: { 2: DUP3 },
  close_range: { 2: CLOSE_RANGE },
  unshare: { 0: CLONE },
  shmget: { 2: IPC },
  shmat: { 2: SHMAT },
  shmctl: { 1: SHMCTL },
};

/** Names by which other architectures know a call. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['mmap2', 'mmap'],
  ['old_mmap', 'mmap'],
  ['fcntl64', 'fcntl'],
  ['ftruncate64', 'ftruncate'],
  ['fadvise64_64', 'fadvise64'],
  ['arm_fadvise64_64', 'fadvise64'],
]);

/** The name that a call has on x86-64. */
export function callName(name: string): string {
  return OTHER_NAMES.get(name) ?? name;
}

const NUMBER = /^(?:0x[0-9a-f]+|\d+)$/;

/** A number as strace prints it by name: one value, then bits, then what has no name. */
function named(value: number, { values, bits = [], zero = '0' }: Constants): string {
  const parts: string[] = [];
  let rest = value;
  const one = values?.names.find(([number]) => number === (value & values.mask) >>> 0);
  if (values && one) {
    parts.push(one[1]);
    rest -= one[0];
  }
  for (const [bit, name] of bits) {
    if (!(rest & bit)) continue;
    parts.push(name);
    rest -= bit;
  }
  if (rest !== 0) parts.push(`0x${rest.toString(16)}`);
  return parts.length === 0 ? zero : parts.join('|');
}

/** What -X verbose and -X abbrev print of a value: its number and, behind it, its name, or that it has none. */
const COMMENTED = /(0x[0-9a-f]+|\d+) \/\* ([A-Z][\w|<?]*) \*\//g;

/** A text with names instead of numbers where strace prints both. */
function uncommented(text: string): string {
  return text.replace(COMMENTED, (_, number: string, name: string) => (name.includes('?') ? number : name));
}

/** Numbers that strace -X raw prints for the flags of clone and clone3, whose last is a signal. */
function cloneFlags(text: string): string {
  return text.replace(/flags=(0x[0-9a-f]+)(\|\d+)?/, (_, flags: string, signal = '') => {
    const name = named(Number(flags), CLONE);
    return `flags=${name}${signal === '|17' ? '|SIGCHLD' : signal}`;
  });
}

/** clone(flags, stack, parent_tid, child_tid, tls), as -e raw prints it; the low byte of the flags is a signal. */
function rawClone(args: string[]): string[] {
  const flags = Number(args[0]);
  const signal = flags & 0xff;
  return [`flags=${named(flags - signal, CLONE)}${signal === 17 ? '|SIGCHLD' : ''}`, ...args.slice(1)];
}

/** @param pages whether the offset counts pages: mmap2 as -e raw and old versions print it */
function mapArguments(args: string[], mmap2: boolean): string[] {
  const descriptor = args[4] ?? '';
  const raw = descriptor.startsWith('0x');
  if (Number(descriptor) === ALL) args[4] = '-1';
  const offset = Number(args[5]);
  if (mmap2 && offset > 0 && (raw || offset % PAGE_BYTES !== 0)) args[5] = String(offset * PAGE_BYTES);
  return args;
}

/** Whether the arguments of a call are read other than as they stand. */
function special(name: string): boolean {
  return name === 'clone' || name === 'clone3';
}

/**
 * The arguments of a call as strace prints them by default: by name where `-X raw`, `-X verbose`, `-e raw` or a version
 * that does not know the name prints a number.
 *
 * @param loggedName the name in the log, as in `mmap2`
 */
export function namedArguments(loggedName: string, args: string[]): string[] {
  const name = callName(loggedName);
  const constants = BY_NAME[name];
  // The name of a program that -e raw does not show.
  if (name === 'execve' && NUMBER.test(args[0] ?? '')) return ['""', ...args.slice(1)];
  if (!constants && !special(name)) return args;
  const plain = args.map((arg) => (arg.includes('/*') ? uncommented(arg) : arg));
  if (name === 'clone' && NUMBER.test(plain[0] ?? '')) return rawClone(plain);
  if (special(name)) return plain.map(cloneFlags);
  for (const [index, of] of Object.entries(constants!)) {
    const arg = plain[Number(index)];
    if (arg !== undefined && NUMBER.test(arg)) plain[Number(index)] = named(Number(arg), of);
  }
  if (name === 'fcntl' && plain[1] === 'F_SETFD' && NUMBER.test(plain[2] ?? ''))
    plain[2] = named(Number(plain[2]), FD);
  return name === 'mmap' ? mapArguments(plain, loggedName === 'mmap2') : plain;
}
