import { InputError } from '../../base/errors.js';
import { PART } from '../../cost/ledger.js';
import { UNIQUE } from '../memory/contents.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { dirtyObjectPage, identify, lacksBlock, pageIn, WHERE, whereIs } from './page-in.js';
import { aheadOf } from './read-ahead.js';
import { readFilePage } from './read-page.js';

/**
 * pread(2) of pages of an object, in order: through the page cache, whose pages count as used (folio_mark_accessed).
 * Beyond the end there is nothing to read. Returns the pages read.
 *
 * @throws InputError for a range of page frame numbers, which is not a file
 */
export function readFilePages(m: State, object: SharedObject, first: number, count: number): number {
  mustBeFile(object, 'pread');
  const end = Math.min(first + count, object.size);
  const ahead = aheadOf(m, object);
  const before = object.lastRead < 0 ? -1 : object.lastRead + 1;
  for (let index = first; index < end; index++) {
    const where = whereIs(m, object, index);
    m.ledger.cpu(PART.minor, m.costs.file_io.page.ns);
    // tmpfs reads a hole from the zero page; an image is read in place.
    if (where === WHERE.mappedInPlace || isHoleOfMemory(m, object, index, where)) continue;
    const page = ahead
      ? readFilePage(m, object, ahead, index, first + count, before)
      : pageIn(m, object, index, where, PART.read);
    // filemap_read: going on in the page of the last read is the same use. The kernel keeps that by descriptor.
    const again =
      object.backing === 'shmem' ? !isFirstUse(m, page, KERNELS['6.18']) : index === object.lastRead;
    if (!again) m.reclaim.accessed(page);
    object.lastRead = index;
  }
  return Math.max(0, end - first);
}

/** A hole of shared memory, or a page that has only been allocated. */
function isHoleOfMemory(m: State, object: SharedObject, index: number, where: number): boolean {
  if (object.backing === 'hugetlb') return where === WHERE.hole;
  if (object.backing !== 'shmem') return false;
  return where === WHERE.hole || (where === WHERE.memory && m.pages.isOverHole(object.page(index)));
}

/**
 * pwrite(2) of whole pages of an object: into the page cache, where they are dirty. Beyond the end the object grows. A
 * whole page is written without being read before. Returns the pages written: fewer where its tmpfs is full.
 *
 * @param content `UNIQUE`, or the content id that the write puts there; with `step` 1 page i gets `content + i`
 * @throws InputError for an object that is not a file, or an image that would grow
 */
export function writeFilePages(
  m: State,
  object: SharedObject,
  first: number,
  count: number,
  content: number,
  step: 0 | 1,
): number {
  mustBeFile(object, 'pwrite');
  if (object.backing === 'hugetlb')
    throw new InputError(
      `pwrite of ${object.name}, a hugetlb object (EINVAL), expected writes through a mapping`,
    );
  const end = first + count;
  if (end > object.size) {
    if (object.backing === 'xip')
      throw new InputError(`pwrite up to page ${end} of ${object.name}, an image of ${object.size} pages`);
    if (object.tmpfs === undefined) object.resize(end);
  }
  for (let index = first; index < end; index++) {
    if (object.tmpfs) {
      if (lacksBlock(m, object, index)) return index - first;
      if (index >= object.size) object.resize(index + 1);
    }
    const page = pageForWriting(m, object, index, end);
    if (content === UNIQUE) m.pages.contents.setUnique(page);
    else m.pages.contents.set(page, content + (index - first) * step);
    m.ledger.cpu(PART.minor, m.costs.file_io.page.ns);
  }
  return count;
}

function pageForWriting(m: State, object: SharedObject, index: number, end: number): number {
  const where = whereForWriting(m, object, index, end);
  if (where === WHERE.mappedInPlace) return identify(m, object, index);
  const page =
    where === WHERE.disk ? overwrite(m, object, index) : pageIn(m, object, index, where, PART.read);
  dirtyObjectPage(m, object, page);
  // shmem_get_folio marks a page for a write as used; filesystems do not (since Linux 4.7).
  if (object.backing === 'shmem' && isFirstUse(m, page, KERNELS['6.18'])) m.reclaim.accessed(page);
  return page;
}

/** Where a page that is written is, after a hole of shared memory has become a huge page if it may. */
function whereForWriting(m: State, object: SharedObject, index: number, end: number): number {
  const where = whereIs(m, object, index);
  if (where !== WHERE.hole || object.backing !== 'shmem') return where;
  const made = m.huge?.allocateShmem(object, index, { vma: undefined, space: undefined, end });
  return made ? WHERE.memory : where;
}

/** Whether a use counts for reclaim: that of a huge page does once, from a version on, as it is read and written as a whole. */
function isFirstUse(m: State, page: number, since: number): boolean {
  const folio = m.huge?.folios.of(page);
  return folio === undefined || m.settings.kernel < since || page === folio.head;
}

/**
 * A page that will be written as a whole comes into the page cache without a read. That it was there before counts for
 * nothing (filemap_add_folio, __GFP_WRITE).
 */
function overwrite(m: State, object: SharedObject, index: number): number {
  const page = identify(m, object, index);
  m.reclaim.forget(page);
  m.reclaim.bringIn(page, object.number, index);
  return page;
}

function mustBeFile(object: SharedObject, op: string): void {
  if (object.backing === 'pfn')
    throw new InputError(`${op} of ${object.name}, a range of page frame numbers, expected a file`);
}
