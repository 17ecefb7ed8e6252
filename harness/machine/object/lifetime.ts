import { InputError } from '../../base/errors.js';
import type { ObjectArg } from '../../trace/args.js';
import { unmapObjectPage, zapRange } from '../entries/page-walk.js';
import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { cutOffHuge } from './hugetlb.js';
import { newObjectPage } from './page-in.js';

/**
 * Declares an object. Contents named by the trace were there before: pages of shared memory are in memory from the
 * start, those of files on disk.
 *
 * @throws InputError when the name is in use
 */
export function declareObject(m: State, size: number, arg: ObjectArg): void {
  if (arg.kind === 'tmpfs') {
    m.objects.addTmpfs(arg.name, size, arg.huge);
    return;
  }
  const structPages = arg.kind === 'xip+struct';
  if (arg.kind === 'hugetlb') {
    mustBeWhole(size);
    if (arg.contents || arg.sealed)
      throw new InputError('a hugetlb object has zeros and no seals, expected neither contents nor sealed');
  }
  const object = m.objects.createShared(arg.name, size, {
    backing: arg.kind === 'xip+struct' ? 'xip' : arg.kind,
    sealed: arg.sealed,
    descriptor: !arg.nofd,
    structPages,
    contents: arg.contents,
    tmpfs: arg.fs === undefined ? undefined : m.objects.tmpfsNamed(arg.fs),
    huge: arg.huge,
  });
  if (object.backing !== 'shmem' || !arg.contents) return;
  for (let index = 0; index < size; index++) {
    if (object.lacksBlock(index))
      throw new InputError(`${arg.name} has ${size} pages, and tmpfs ${arg.fs} room for ${index} of them`);
    const page = newObjectPage(m, object, index);
    m.pages.markDirty(page);
    m.pages.contents.set(page, arg.contents.content + (arg.contents.up ? index : 0));
  }
}

/** hugetlbfs has sizes of whole pages only (hugetlbfs_setattr: EINVAL). */
function mustBeWhole(size: number): void {
  if (size % HUGETLB_PAGES !== 0)
    throw new InputError(
      `a hugetlb object of ${size} pages is refused (EINVAL), expected a multiple of 512: whole pages of 2 MiB`,
    );
}

/** The last descriptor or name of an object is gone. */
export function closeObject(m: State, name: string): void {
  const object = m.objects.named(name);
  object.closed = true;
  releaseIfDead(m, object);
}

/** Frees the pages of an object that cannot be reached any more, and forgets it. */
export function releaseIfDead(m: State, object: SharedObject): void {
  if (!object.dead) return;
  const { size, reach } = object;
  if (object.backing === 'hugetlb') cutOffHuge(m, object, 0, size);
  m.huge?.cutShmem(object, 0, reach);
  for (let index = object.nextPresent(0, reach); index < reach; index = object.nextPresent(index + 1, reach))
    freeObjectPage(m, object, index);
  m.purge.dropped(object, 0, object.size);
  m.objects.drop(object);
}

/** The object that has the page in a frame in its page cache. */
export function objectAt({ frames, objects }: State, frame: number): SharedObject {
  return objects.get(frames.object[frame]!) as SharedObject;
}

/**
 * Makes a hole at an index that has an id: clears the entries that map the page in every space (private copies are
 * pages of their own and stay), then frees frame and swap slot without any I/O. Returns how many entries it cleared.
 * Source: shmem_undo_range in mm/shmem.c, truncate_inode_pages_range in mm/truncate.c.
 */
export function freeObjectPage(m: State, object: SharedObject, index: number): number {
  const page = object.page(index);
  const cleared = unmapObjectPage(m, object, index);
  if (object.backing !== 'shmem' && !m.pages.isOverHole(page)) object.blocks--;
  object.makeHole(index);
  m.structPages.remove(page);
  m.freePage(page);
  return cleared;
}

/** Makes a hole at any index: also where a file has a block and no id yet. Returns the entries cleared. */
export function makeHole(m: State, object: SharedObject, index: number): number {
  if (object.page(index) !== 0) return freeObjectPage(m, object, index);
  if (object.isHole(index)) return 0;
  object.makeHole(index);
  object.blocks--;
  return 0;
}

/** What a truncation took away. */
export interface Truncated {
  /** Pages of the object. */
  readonly pages: number;
  /** Page table entries that were cleared, in all spaces. */
  readonly entries: number;
}

/**
 * Sets the size of an object. Shrinking frees what is beyond and, other than a hole, also clears private copies
 * beyond: access there is SIGBUS from now on.
 *
 * @throws InputError for growing an image, which has no more memory
 */
export function truncateObject(m: State, object: SharedObject, size: number): Truncated {
  const old = object.size;
  if (object.backing === 'hugetlb') mustBeWhole(size);
  if (size > old && !object.inMemory && object.backing !== 'file')
    throw new InputError(
      `truncate grows ${object.name}, a ${object.backing} object, expected at most ${old} pages`,
    );
  const gone = size < old ? cutOff(m, object, size) : { pages: 0, entries: 0 };
  object.resize(size);
  return gone;
}

function cutOff(m: State, object: SharedObject, size: number): Truncated {
  const old = object.size;
  if (object.backing === 'hugetlb') return cutOffHuge(m, object, size, old);
  let entries = 0;
  for (const vma of object.mappings) {
    const from = Math.max(vma.start, vma.start + size - vma.objectPage);
    if (from < vma.end) entries += zapRange(m, vma, from, vma.end);
  }
  let pages = 0;
  const shmem = object.backing === 'shmem';
  if (shmem) entries += m.huge?.cutShmem(object, size, object.reach) ?? 0;
  const end = shmem ? object.reach : old;
  for (let index = object.nextFilled(size, end); index < end; index = object.nextFilled(index + 1, end)) {
    if (object.isHole(index) || m.huge?.folios.of(object.page(index))) continue;
    makeHole(m, object, index);
    pages++;
  }
  if (shmem) {
    object.clearPurged(size, old);
    m.purge.dropped(object, size, old);
  }
  return { pages, entries };
}
