import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { wholeNumber } from '../base/parse.js';
import {
  ADVICE,
  type Advice,
  CONTENT_LIMIT,
  COUNT_LIMIT,
  DROP_CALLS,
  type DropCall,
  ID_LIMIT,
  OP,
  OPS,
  PAGE_LIMIT,
} from './op.js';

/** The kinds of objects a trace can declare. */
const OBJECT_KINDS = ['shmem', 'file', 'xip', 'xip+struct', 'pfn', 'hugetlb', 'tmpfs'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** Which files of a tmpfs have huge pages: the values of its mount option huge=. */
const SHMEM_HUGE = ['never', 'always', 'within_size', 'advise'] as const;
export type ShmemHuge = (typeof SHMEM_HUGE)[number];

/** What a mapping maps, and how. */
const MAP_KINDS = ['anon', 'anon-shared', 'shared', 'private'] as const;
export type MapKind = (typeof MAP_KINDS)[number];

const MAP_FLAGS = [
  'ro',
  'rofd',
  'exec',
  'locked',
  'random',
  'sequential',
  'droppable',
  'populate',
  'hugetlb',
  'noreserve',
] as const;
export type MapFlag = (typeof MAP_FLAGS)[number];

const PROTECTIONS = ['ro', 'rw', 'none'] as const;
const PRESSURES = ['moderate', 'critical'] as const;
const FALLOCATE_MODES = ['punch', 'alloc', 'zero'] as const;
/** What posix_fadvise says of a range of a file: POSIX_FADV_ and this in capitals, by its number. */
export const FILE_ADVICE = ['normal', 'random', 'sequential', 'willneed', 'dontneed', 'noreuse'] as const;
/** An advice of `FILE_ADVICE`. */
export type FileAdvice = (typeof FILE_ADVICE)[number];

const LOCKALL_FLAGS = ['current', 'future', 'onfault'] as const;
const MIGRATE_TARGETS = ['cache', 'xip'] as const;

/** Contents `=N` (every page) or `=N+` (page `i` gets `N + i`). */
export interface ContentArg {
  readonly content: number;
  readonly up: boolean;
}

export interface ObjectArg {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly contents: ContentArg | undefined;
  readonly sealed: boolean;
  /** No program holds a descriptor: punch is EBADF. */
  readonly nofd: boolean;
  /** The tmpfs that a file of shared memory is on; undefined where memory is its only bound. */
  readonly fs: string | undefined;
  /** The mount option huge= of a tmpfs, or of that which the file is on; undefined where shmem_enabled decides, as for a memfd. */
  readonly huge: ShmemHuge | undefined;
}

export interface MapArg {
  readonly kind: MapKind;
  /** Name of the object, empty for anonymous memory. */
  readonly name: string;
  /** First page of the object. */
  readonly offset: number;
  readonly flags: ReadonlySet<MapFlag>;
}

export interface RemapArg {
  /** New first page, or undefined when the mapping stays. */
  readonly to: number | undefined;
  /** Pages to grow by; 0 when it only moves. */
  readonly grow: number;
}

export interface UnpinArg {
  /** What making the range again costs, in ns, as one unit. */
  readonly regenNs: number;
  readonly id: string | undefined;
}

/** Bytes of an object, from `start` on. */
export interface ByteSpan {
  readonly start: number;
  readonly length: number;
}

export interface FallocateArg {
  readonly mode: (typeof FALLOCATE_MODES)[number];
  readonly name: string;
  /** The exact bytes, where the range is not whole pages. */
  readonly bytes: ByteSpan | undefined;
}

export interface FadviseArg {
  readonly advice: FileAdvice;
  readonly name: string;
  /** The exact bytes, where the range is not whole pages. */
  readonly bytes: ByteSpan | undefined;
}

export interface ProcessMadviseArg {
  readonly advice: Advice;
  /** The space whose memory it is. */
  readonly target: number;
}

/** MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT. */
export interface LockAllArg {
  readonly current: boolean;
  readonly future: boolean;
  readonly onFault: boolean;
}

/** Files of a memory cgroup that a trace can write: sizes, of which `max` means no bound. */
const CGROUP_FILES = [
  'memory.max',
  'memory.high',
  'memory.low',
  'memory.min',
  'memory.swap.max',
  'memory.reclaim',
  'memory.oom.group',
] as const;
export type CgroupFile = (typeof CGROUP_FILES)[number];

/** What is written to the files of a memory cgroup. */
export interface CgroupArg {
  /** Below the group of the trace, names joined by `/`; empty for that group itself. */
  readonly path: string;
  /** In the order they are written, in pages; infinity for `max`. */
  readonly writes: readonly { readonly file: CgroupFile; readonly pages: number }[];
}

/** What prctl sets of a space: PR_SET_MEMORY_MERGE or PR_SET_THP_DISABLE. */
export interface PrctlArg {
  readonly setting: 'merge' | 'thp_disable';
  readonly on: boolean;
}

/** Parsed arguments by op name; ops without an argument are absent. */
export interface ArgOf {
  spawn: {
    readonly name: string;
    /** Path of its memory cgroup; undefined where it is in that of the trace. */
    readonly cgroup: string | undefined;
    readonly oomScoreAdj: number | undefined;
  };
  fork: {
    readonly child: number;
    /** Undefined where it has that of its parent. */
    readonly oomScoreAdj: number | undefined;
  };
  object: ObjectArg;
  close: { readonly name: string };
  map: MapArg;
  remap: RemapArg;
  protect: { readonly protection: (typeof PROTECTIONS)[number] };
  /** MLOCK_ONFAULT. */
  lock: { readonly onFault: boolean };
  pread: { readonly name: string };
  pwrite: { readonly name: string };
  sync: { readonly name: string };
  /** The call by which the recorded program dropped the contents. */
  discard: { readonly call: DropCall };
  unpin: UnpinArg;
  madvise: { readonly advice: Advice };
  fallocate: FallocateArg;
  truncate: { readonly name: string };
  migrate: { readonly target: (typeof MIGRATE_TARGETS)[number]; readonly name: string };
  set: { readonly name: string; readonly value: string };
  prctl: PrctlArg;
  pressure: { readonly level: (typeof PRESSURES)[number] };
  mark: { readonly label: string };
  cgroup: CgroupArg;
  fadvise: FadviseArg;
  process_madvise: ProcessMadviseArg;
  mlockall: LockAllArg;
}

const NAME = /^[A-Za-z0-9._-]+$/;

function objectName(text: string): string {
  if (!NAME.test(text))
    throw new InputError(`"${text}" is not an object name, expected letters, digits, ".", "_" or "-"`);
  return text;
}

function wholeBelow(text: string, limit: number, what: string): number {
  const value = wholeNumber(text);
  if (!(value < limit))
    throw new InputError(`"${text}" is not ${what}, expected a whole number below ${limit}`);
  return value;
}

function oneOf<T extends string>(valid: readonly T[], text: string, what: string): T {
  if ((valid as readonly string[]).includes(text)) return text as T;
  throw unknownName(what, text, valid);
}

/** Reads `=N` or `=N+`. */
export function parseContent(text: string): ContentArg {
  const match = /^=(\d+)(\+?)$/.exec(text);
  if (!match) throw new InputError(`"${text}" is not contents, expected =N or =N+`);
  return { content: wholeBelow(match[1]!, CONTENT_LIMIT, 'a content id'), up: match[2] === '+' };
}

/** Splits at single spaces; two in a row or one at an end is an error. */
function words(text: string): string[] {
  const parts = text.split(' ');
  if (parts.includes(''))
    throw new InputError(`"${text}" has one space too many, expected single spaces between words`);
  return parts;
}

/** Splits `key:rest`; both must be there. */
function keyed(text: string, form: string): [key: string, rest: string] {
  const colon = text.indexOf(':');
  if (colon <= 0 || colon === text.length - 1)
    throw new InputError(`"${text}" is incomplete, expected ${form}`);
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function parseObject(text: string): ObjectArg {
  const [head, ...rest] = words(text) as [string, ...string[]];
  const [kindText, name] = keyed(head, 'KIND:NAME');
  const kind = oneOf(OBJECT_KINDS, kindText, 'kind of object');
  let contents: ContentArg | undefined;
  let sealed = false;
  let nofd = false;
  let fs: string | undefined;
  let huge: ShmemHuge | undefined;
  for (const word of rest) {
    if (word.startsWith('=')) contents = parseContent(word);
    else if (word.startsWith('fs=')) fs = objectName(word.slice('fs='.length));
    else if (word.startsWith('huge=')) huge = oneOf(SHMEM_HUGE, word.slice('huge='.length), 'value of huge=');
    else if (oneOf(['sealed', 'nofd'], word, 'object flag') === 'sealed') sealed = true;
    else nofd = true;
  }
  if (fs !== undefined && kind !== 'shmem')
    throw new InputError(`a ${kind} object is on no tmpfs, expected shmem:NAME fs=${fs}`);
  if (kind === 'tmpfs' && (contents || sealed || nofd))
    throw new InputError(`a tmpfs has a size and huge=, expected no more in "${rest.join(' ')}"`);
  if (huge !== undefined && ((kind !== 'shmem' && kind !== 'tmpfs') || fs !== undefined))
    throw new InputError(
      `huge=${huge} of a ${kind} object${fs === undefined ? '' : ` of tmpfs ${fs}`}, expected it on a tmpfs, or on a shmem object without fs=`,
    );
  return { kind, name: objectName(name), contents, sealed, nofd, fs, huge };
}

function parseMap(text: string): MapArg {
  const [head, ...rest] = words(text) as [string, ...string[]];
  const flags = new Set(rest.map((word) => oneOf(MAP_FLAGS, word, 'mapping flag')));
  if (head === 'anon' || head === 'anon-shared') return { kind: head, name: '', offset: 0, flags };
  const colon = head.indexOf(':');
  const kind = oneOf(MAP_KINDS, colon < 0 ? head : head.slice(0, colon), 'kind of mapping');
  const match = /^([^@]+)@(\d+)$/.exec(head.slice(colon + 1));
  if (colon < 0 || !match) throw new InputError(`"${head}" is incomplete, expected ${kind}:NAME@OFFSET`);
  const offset = wholeBelow(match[2]!, PAGE_LIMIT, 'an offset in pages');
  return { kind, name: objectName(match[1]!), offset, flags };
}

function parseRemap(text: string): RemapArg {
  const match = /^(to|grow)=(\d+)$/.exec(text);
  if (!match) throw new InputError(`"${text}" is not understood, expected to=PAGE or grow=PAGES`);
  const value = match[2]!;
  if (match[1] === 'to') return { to: wholeBelow(value, PAGE_LIMIT, 'a page number'), grow: 0 };
  return { to: undefined, grow: wholeBelow(value, COUNT_LIMIT + 1, 'a number of pages') };
}

function parseUnpin(text: string): UnpinArg {
  let regenNs = 0;
  let id: string | undefined;
  for (const word of words(text)) {
    const equals = word.indexOf('=');
    const key = oneOf(['regen_ns', 'id'], equals < 0 ? word : word.slice(0, equals), 'unpin argument');
    const value = word.slice(equals + 1);
    if (equals < 0 || value === '') throw new InputError(`"${word}" is incomplete, expected ${key}=VALUE`);
    if (key === 'id') id = objectName(value);
    else regenNs = wholeBelow(value, Number.MAX_SAFE_INTEGER, 'a time in ns');
  }
  return { regenNs, id };
}

/** Reads `NAME`, or `NAME@BYTE+LEN` where the call takes bytes. */
function parseBytes(
  text: string,
  target: string,
  form: string | undefined,
): { readonly name: string; readonly bytes: ByteSpan | undefined } {
  const at = target.indexOf('@');
  if (at < 0) return { name: objectName(target), bytes: undefined };
  const match = /^(\d+)\+(\d+)$/.exec(target.slice(at + 1));
  if (!match || form === undefined)
    throw new InputError(
      `"${text}" is not understood, expected ${form ?? text.slice(0, -target.length + at)}`,
    );
  const start = wholeBelow(match[1]!, Number.MAX_SAFE_INTEGER, 'a byte offset');
  const length = wholeBelow(match[2]!, Number.MAX_SAFE_INTEGER, 'a length in bytes');
  return { name: objectName(target.slice(0, at)), bytes: { start, length } };
}

function parseFallocate(text: string): FallocateArg {
  const [modeText, target] = keyed(text, 'punch:NAME, alloc:NAME or zero:NAME');
  const mode = oneOf(FALLOCATE_MODES, modeText, 'fallocate mode');
  return { mode, ...parseBytes(text, target, mode === 'punch' ? 'punch:NAME@BYTE+LEN' : undefined) };
}

function parseFadvise(text: string): FadviseArg {
  const [adviceText, target] = keyed(text, 'dontneed:NAME, willneed:NAME or another advice');
  const advice = oneOf(FILE_ADVICE, adviceText, 'advice on a file');
  return { advice, ...parseBytes(text, target, `${advice}:NAME@BYTE+LEN`) };
}

function parseProcessMadvise(text: string): ProcessMadviseArg {
  const match = /^(\S+) target=(\S+)$/.exec(text);
  if (!match) throw new InputError(`"${text}" is not understood, expected MADV_… target=ID`);
  return {
    advice: oneOf(ADVICE, match[1]!, 'advice'),
    target: wholeBelow(match[2]!, ID_LIMIT, 'a space id'),
  };
}

function parseLockAll(text: string): LockAllArg {
  const flags = words(text).map((word) => oneOf(LOCKALL_FLAGS, word, 'flag of mlockall'));
  const twice = flags.find((flag, i) => flags.indexOf(flag) < i);
  if (twice) throw new InputError(`${twice} is given twice, expected each flag of mlockall once`);
  const has = (flag: (typeof LOCKALL_FLAGS)[number]) => flags.includes(flag);
  return { current: has('current'), future: has('future'), onFault: has('onfault') };
}

function parsePrctl(text: string): PrctlArg {
  const [setting, on] = oneOf(['merge=0', 'merge=1', 'thp_disable=0', 'thp_disable=1'], text, 'prctl').split(
    '=',
  );
  return { setting: setting as PrctlArg['setting'], on: on === '1' };
}

function parseSet(text: string): ArgOf['set'] {
  const match = /^([a-z0-9_.-]+)=(.+)$/.exec(text);
  if (!match) throw new InputError(`"${text}" is not a setting, expected NAME=VALUE`);
  return { name: match[1]!, value: match[2]! };
}

const CGROUP_PATH = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

function cgroupPath(text: string): string {
  if (!CGROUP_PATH.test(text))
    throw new InputError(
      `"${text}" is not a cgroup, expected names of letters, digits, ".", "_" or "-" with "/" between them, such as web/db`,
    );
  return text;
}

/** /proc/PID/oom_score_adj. Source: include/uapi/linux/oom.h. */
function parseScore(text: string): number {
  const score = /^-?\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(score) <= 1000) return score;
  throw new InputError(`oom_score_adj=${text} is out of range, expected a whole number from -1000 to 1000`);
}

/** Takes `KEY=VALUE` off the end of a text. */
function lastOption(
  text: string,
  key: string,
): { readonly rest: string; readonly value: string | undefined } {
  const match = new RegExp(`^(?:(.*) )?${key}=(\\S*)$`).exec(text);
  return match ? { rest: match[1] ?? '', value: match[2]! } : { rest: text, value: undefined };
}

function parseSpawn(text: string): ArgOf['spawn'] {
  const score = lastOption(text, 'oom_score_adj');
  const group = lastOption(score.rest, 'cgroup');
  return {
    name: group.rest,
    cgroup: group.value === undefined ? undefined : cgroupPath(group.value),
    oomScoreAdj: score.value === undefined ? undefined : parseScore(score.value),
  };
}

function parseFork(text: string): ArgOf['fork'] {
  const { rest, value } = lastOption(text, 'oom_score_adj');
  const oomScoreAdj = value === undefined ? undefined : parseScore(value);
  return { child: wholeBelow(rest, ID_LIMIT, 'a space id'), oomScoreAdj };
}

function parseCgroup(text: string): CgroupArg {
  const [path, ...rest] = words(text) as [string, ...string[]];
  const writes = rest.map((word) => {
    const equals = word.indexOf('=');
    const file = oneOf(CGROUP_FILES, equals < 0 ? word : word.slice(0, equals), 'file of a cgroup');
    const value = word.slice(equals + 1);
    if (equals < 0 || value === '') throw new InputError(`"${word}" is incomplete, expected ${file}=PAGES`);
    if (file === 'memory.oom.group')
      return { file, pages: Number(oneOf(['0', '1'], value, `value of ${file}`)) };
    if (value !== 'max')
      return { file, pages: wholeBelow(value, COUNT_LIMIT + 1, 'a number of pages, or max') };
    if (file === 'memory.reclaim') throw new InputError('memory.reclaim=max is no amount, expected pages');
    return { file, pages: Number.POSITIVE_INFINITY };
  });
  const twice = writes.find(({ file }, i) => writes.findIndex((other) => other.file === file) < i);
  if (twice) throw new InputError(`${twice.file} is given twice, expected each file of a cgroup once`);
  if (path !== '/') return { path: cgroupPath(path), writes };
  if (writes.length > 0)
    throw new InputError(
      `the group "/" is the one of the trace, whose limit is an event of its own, expected none of ${rest.join(' ')}`,
    );
  return { path: '', writes };
}

const PARSERS: { readonly [K in keyof ArgOf]: (text: string) => ArgOf[K] } = {
  spawn: parseSpawn,
  fork: parseFork,
  object: parseObject,
  close: (text) => ({ name: objectName(text) }),
  map: parseMap,
  remap: parseRemap,
  protect: (text) => ({ protection: oneOf(PROTECTIONS, text, 'protection') }),
  lock: (text) => ({ onFault: oneOf(['onfault'], text, 'flag of lock') === 'onfault' }),
  pread: (text) => ({ name: objectName(text) }),
  pwrite: (text) => ({ name: objectName(text) }),
  sync: (text) => ({ name: objectName(text) }),
  discard: (text) => ({ call: oneOf(DROP_CALLS, text, 'call that drops contents') }),
  unpin: parseUnpin,
  madvise: (text) => ({ advice: oneOf(ADVICE, text, 'advice') }),
  fallocate: parseFallocate,
  truncate: (text) => ({ name: objectName(text) }),
  migrate: (text) => {
    const [target, name] = keyed(text, 'cache:NAME or xip:NAME');
    return { target: oneOf(MIGRATE_TARGETS, target, 'target of migrate'), name: objectName(name) };
  },
  set: parseSet,
  prctl: parsePrctl,
  pressure: (text) => ({ level: oneOf(PRESSURES, text, 'pressure') }),
  mark: (text) => ({ label: text }),
  cgroup: parseCgroup,
  fadvise: parseFadvise,
  process_madvise: parseProcessMadvise,
  mlockall: parseLockAll,
};

/**
 * Parses the argument of an op. The numeric contents of write and pwrite are in a column of their own and not part
 * of the text.
 *
 * @throws InputError when the text is not what the op takes
 */
export function parseArg<K extends keyof ArgOf>(op: K, text: string): ArgOf[K] {
  return PARSERS[op](text);
}

/** Checks the argument text of the op with this code, as `parseArg` does. */
export function checkArg(code: number, text: string): void {
  const name = OPS[code]!.name;
  if (name in PARSERS) PARSERS[name as keyof ArgOf](text);
  else if (code !== OP.write) throw new InputError(`${name} takes no argument, found "${text}"`);
}
