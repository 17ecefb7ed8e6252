import { closest, distance } from 'fastest-levenshtein';
import { InputError } from './errors.js';

/** What else things are called, in papers, in other programs and in the kernel, without hyphens and the like. Only suggested. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  belady: 'opt',
  min: 'opt',
  optimal: 'opt',
  '2q': 'twoq',
  secondchance: 'clock',
  segmentedlru: 'slru',
  tinylfu: 'wtinylfu',
  lrugen: 'mglru',
  multigenlru: 'mglru',
  workingset: 'linux',
  rr: 'random',
  infinite: 'unbounded',
  madvdontneed: 'dontneed',
  madvfree: 'free',
  madvremove: 'remove',
  punchhole: 'punch',
  fallocate: 'punch',
  mmap: 'map',
  munmap: 'unmap',
  mremap: 'remap',
  mprotect: 'protect',
  mlock: 'lock',
  munlock: 'unlock',
  mlock2: 'lock',
  posixfadvise: 'fadvise',
  fadvise64: 'fadvise',
  vfioiommumapdma: 'dma-pin',
  vfioiommuunmapdma: 'dma-unpin',
  clone: 'fork',
  ftruncate: 'truncate',
  fsync: 'sync',
  load: 'read',
  store: 'write',
  disk: 'ssd',
  zswap: 'zram',
  blktrace: 'blkparse',
};

/** A name as people compare names. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, '');
}

/**
 * The valid name that was probably meant: by another name of it, by its last part (`swappiness`), or the nearest. Undefined
 * where none is near.
 */
export function nearestOf(name: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  const wanted = plain(name);
  const same = valid.find((known) => plain(known) === wanted || known.endsWith(`.${name}`));
  if (same !== undefined) return same;
  const other = OTHER_NAMES[wanted];
  if (other !== undefined && valid.includes(other)) return other;
  const near = closest(name, valid);
  return isSlip(name, near) || sharesHalf(name, near) ? near : undefined;
}

/** Characters of a list of names that a message has room for. */
const LIST_ROOM = 300;
/** Names that stand for a list that has no room. */
const SHOWN = 8;

/** The names that are valid; of a long list, those that are most like the one given. */
function choices(name: string, valid: readonly string[]): string {
  const all = valid.join(', ');
  if (all.length <= LIST_ROOM) return all;
  const nearest = valid.toSorted((a, b) => distance(name, a) - distance(name, b)).slice(0, SHOWN);
  return `${valid.filter((known) => nearest.includes(known)).join(', ')} and ${valid.length - SHOWN} more`;
}

/**
 * The error for a name that is not known: lists the valid ones and, where one is close or has that name elsewhere, what was
 * probably meant.
 *
 * @param kind what was named, for example `discard policy`
 */
export function unknownName(kind: string, name: string, valid: readonly string[]): InputError {
  const list = valid.length > 0 ? `expected one of ${choices(name, valid)}` : 'there are none';
  const near = nearestOf(name, valid);
  const close = near === undefined ? '' : `; did you mean ${near}?`;
  return new InputError(`unknown ${kind} "${name}", ${list}${close}`);
}

/** Whether one name is the other but for a slip: one in every three letters. */
function isSlip(a: string, b: string): boolean {
  return distance(a, b) * 3 <= Math.min(a.length, b.length);
}

/** Otherwise a suggestion helps only if at least half of the longer name is in place already. */
function sharesHalf(a: string, b: string): boolean {
  const longer = Math.max(a.length, b.length);
  let same = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] === b[i]) same++;
  return same * 2 >= longer || a.startsWith(b) || b.startsWith(a);
}
