/**
 * The event vocabulary. A trace is a sequence of events `time_us,op,space,page,count,arg`; this table says what
 * each op means and which fields it takes. The codes are part of the binary form: append only.
 */

/** Whether a field of an event must be given, may be given, or must stay empty. */
export type FieldRule = 'required' | 'optional' | 'none';

/** What an op means, and which fields its events have. */
export interface OpInfo {
  readonly name: string;
  readonly space: FieldRule;
  readonly page: FieldRule;
  readonly count: FieldRule;
  readonly arg: FieldRule;
  /** What the argument looks like, for error messages and documentation. */
  readonly argForm: string;
  readonly meaning: string;
}

type FieldRules = readonly [space: FieldRule, page: FieldRule, count: FieldRule, arg: FieldRule];

const RANGE: FieldRules = ['required', 'required', 'required', 'none'];
const RANGE_ARG: FieldRules = ['required', 'required', 'required', 'required'];
const RANGE_MAYBE_ARG: FieldRules = ['required', 'required', 'required', 'optional'];
const FILE_IO: FieldRules = ['optional', 'required', 'required', 'required'];
const NAME_ONLY: FieldRules = ['none', 'none', 'none', 'required'];

function op(name: string, rules: FieldRules, argForm: string, meaning: string): OpInfo {
  const [space, page, count, arg] = rules;
  return { name, space, page, count, arg, argForm, meaning };
}

/** All ops; an op's index is its code. */
export const OPS: readonly OpInfo[] = [
  op(
    'spawn',
    ['required', 'none', 'none', 'optional'],
    'a name, then cgroup=PATH, oom_score_adj=N',
    'a new empty space, in that memory cgroup',
  ),
  op(
    'fork',
    ['required', 'none', 'none', 'required'],
    'the id of the child, then oom_score_adj=N',
    'copy-on-write copy of a space',
  ),
  op('exit', ['required', 'none', 'none', 'none'], '', 'the space and its pages go'),
  op(
    'object',
    ['none', 'none', 'required', 'required'],
    'shmem:NAME, file:NAME, xip:NAME, xip+struct:NAME, pfn:NAME or hugetlb:NAME, then =N, =N+, sealed, nofd, fs=TMPFS, huge=never|always|within_size|advise; tmpfs:TMPFS, then huge=…',
    'declares an object of a size in pages',
  ),
  op('close', NAME_ONLY, 'NAME', 'the last descriptor or name of an object is gone'),
  op(
    'map',
    RANGE_ARG,
    'anon, anon-shared, shared:NAME@OFFSET or private:NAME@OFFSET, then ro, rofd, exec, locked, random, sequential, droppable, populate, hugetlb, noreserve',
    'a new mapping; replaces what it lies over',
  ),
  op('unmap', RANGE, '', 'munmap'),
  op('remap', RANGE_ARG, 'to=PAGE or grow=PAGES', 'mremap'),
  op('protect', RANGE_ARG, 'ro, rw or none', 'mprotect'),
  op(
    'lock',
    RANGE_MAYBE_ARG,
    'onfault',
    'mlock: populates and locks; onfault: each page at its first fault (mlock2)',
  ),
  op('unlock', RANGE, '', 'munlock'),
  op('read', RANGE, '', 'touches each page once, in order; a negative count goes downwards'),
  op('write', RANGE_MAYBE_ARG, '=N or =N+', 'touches and changes each page once, in order'),
  op('pread', FILE_IO, 'NAME', 'reads through the page cache'),
  op('pwrite', FILE_IO, 'NAME, then =N or =N+', 'writes through the page cache'),
  op('sync', NAME_ONLY, 'NAME', 'writes back the dirty pages of a file'),
  op(
    'discard',
    RANGE_MAYBE_ARG,
    'MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE, MADV_REMOVE or FALLOC_FL_PUNCH_HOLE',
    'these contents are not needed any more: the discard policy acts; the call that did it where it was recorded',
  ),
  op(
    'unpin',
    RANGE_MAYBE_ARG,
    'regen_ns=N, id=NAME',
    'regenerable contents, not needed now: the discard policy acts',
  ),
  op('pin', RANGE, '', 'needed again: what is gone is made again'),
  op('madvise', RANGE_ARG, 'MADV_ and the name of an advice', 'that advice verbatim'),
  op(
    'fallocate',
    FILE_IO,
    'punch:NAME, alloc:NAME or zero:NAME; punch:NAME@BYTE+LEN for bytes',
    'fallocate verbatim',
  ),
  op('truncate', ['none', 'none', 'required', 'required'], 'NAME', 'sets the size of an object in pages'),
  op(
    'migrate',
    ['none', 'required', 'required', 'required'],
    'cache:NAME or xip:NAME',
    'moves pages of an XIP object between page cache and XIP backing',
  ),
  op(
    'limit',
    ['none', 'none', 'optional', 'none'],
    '',
    'memory limit in pages from now on; an empty count means none',
  ),
  op('set', NAME_ONLY, 'NAME=VALUE', 'a setting in mid-trace'),
  op(
    'prctl',
    ['required', 'none', 'none', 'required'],
    'merge=0, merge=1, thp_disable=0 or thp_disable=1',
    'PR_SET_MEMORY_MERGE, PR_SET_THP_DISABLE',
  ),
  op('pressure', NAME_ONLY, 'moderate or critical', 'the memory pressure that programs are told'),
  op('mark', NAME_ONLY, 'a text', 'a label shown in timelines'),
  op(
    'cgroup',
    ['optional', 'none', 'none', 'required'],
    'PATH, then memory.max=, memory.high=, memory.low=, memory.min=, memory.swap.max= or memory.reclaim= and pages or max; memory.oom.group=1',
    'a memory cgroup, made if it is new: its settings; with a space, what it touches first is charged there from now on',
  ),
  op(
    'fadvise',
    FILE_IO,
    'normal:NAME, random:NAME, sequential:NAME, willneed:NAME, dontneed:NAME or noreuse:NAME; dontneed:NAME@BYTE+LEN for bytes',
    'posix_fadvise verbatim',
  ),
  op(
    'process_madvise',
    RANGE_ARG,
    'MADV_ and the name of an advice, then target=ID',
    'that advice on memory of another space, which this one pays for',
  ),
  op(
    'mlockall',
    ['required', 'none', 'none', 'required'],
    'one or more of current, future and onfault',
    'locks all mappings that there are, that will be, or both',
  ),
  op('munlockall', ['required', 'none', 'none', 'none'], '', 'unlocks all mappings, and those that will be'),
  op(
    'dma-pin',
    RANGE,
    '',
    'pins the pages of a range for a device, as VFIO does: they stay whatever is called',
  ),
  op('dma-unpin', RANGE, '', 'ends the pins that lie in a range'),
];

/** Codes by name, for `switch` statements in hot loops. */
export const OP = {
  spawn: 0,
  fork: 1,
  exit: 2,
  object: 3,
  close: 4,
  map: 5,
  unmap: 6,
  remap: 7,
  protect: 8,
  lock: 9,
  unlock: 10,
  read: 11,
  write: 12,
  pread: 13,
  pwrite: 14,
  sync: 15,
  discard: 16,
  unpin: 17,
  pin: 18,
  madvise: 19,
  fallocate: 20,
  truncate: 21,
  migrate: 22,
  limit: 23,
  set: 24,
  prctl: 25,
  pressure: 26,
  mark: 27,
  cgroup: 28,
  fadvise: 29,
  process_madvise: 30,
  mlockall: 31,
  munlockall: 32,
  'dma-pin': 33,
  'dma-unpin': 34,
} as const;

/** The name of an op, as traces have it. */
export type OpName = keyof typeof OP;

/** The advice values a trace may give. Source: include/uapi/asm-generic/mman-common.h; VOLATILE from the 2014 patches. */
export const ADVICE = [
  'MADV_NORMAL',
  'MADV_RANDOM',
  'MADV_SEQUENTIAL',
  'MADV_WILLNEED',
  'MADV_DONTNEED',
  'MADV_DONTNEED_LOCKED',
  'MADV_FREE',
  'MADV_REMOVE',
  'MADV_DONTFORK',
  'MADV_DOFORK',
  'MADV_MERGEABLE',
  'MADV_UNMERGEABLE',
  'MADV_HUGEPAGE',
  'MADV_NOHUGEPAGE',
  'MADV_DONTDUMP',
  'MADV_DODUMP',
  'MADV_WIPEONFORK',
  'MADV_KEEPONFORK',
  'MADV_COLD',
  'MADV_PAGEOUT',
  'MADV_POPULATE_READ',
  'MADV_POPULATE_WRITE',
  'MADV_VOLATILE',
  'MADV_NONVOLATILE',
  'MADV_COLLAPSE',
  'MADV_GUARD_INSTALL',
  'MADV_GUARD_REMOVE',
] as const;
export type Advice = (typeof ADVICE)[number];

/** What a program may have dropped contents by: the argument of a `discard` that was recorded. */
export const DROP_CALLS = [
  'MADV_DONTNEED',
  'MADV_DONTNEED_LOCKED',
  'MADV_FREE',
  'MADV_REMOVE',
  'FALLOC_FL_PUNCH_HOLE',
] as const;
export type DropCall = (typeof DROP_CALLS)[number];

/** Bits of an event's `fields` column: which fields are given. */
export const HAS = { space: 1, thread: 2, page: 4, count: 8, text: 16, content: 32, contentUp: 64 } as const;

/** Page numbers are below this: 57-bit addresses of 4 KiB pages. */
export const PAGE_LIMIT = 2 ** 45;
/** The most pages one event may name. */
export const COUNT_LIMIT = 2 ** 31 - 1;
/** Content ids of a trace are below this; those the machine makes are above. */
export const CONTENT_LIMIT = 2 ** 31;
/** Space and thread ids are below this. */
export const ID_LIMIT = 2 ** 31;

function rule(info: OpInfo, wanted: FieldRule): number {
  let bits = 0;
  if (info.space === wanted) bits |= HAS.space;
  if (info.page === wanted) bits |= HAS.page;
  if (info.count === wanted) bits |= HAS.count;
  return bits;
}

/** Per op: the fields that must be given. The argument is checked separately: write may have contents instead of a text. */
export const REQUIRED_FIELDS: Uint8Array = Uint8Array.from(OPS, (info) => rule(info, 'required'));
/** Per op: the fields that must be empty. */
export const FORBIDDEN_FIELDS: Uint8Array = Uint8Array.from(OPS, (info) => rule(info, 'none'));
