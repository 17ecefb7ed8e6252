import type { SyscallResult } from '../../contract/target.js';
import { PART } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { hugeCeil, hugeFloor } from '../entries/hugetlb.js';
import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import { PAGE_FLAG } from '../memory/pages.js';
import { newHugePage } from '../object/hugetlb.js';
import { makeHole } from '../object/lifetime.js';
import { clearHole, lacksBlock, newObjectPage, pageIn, whereIs } from '../object/page-in.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';

/**
 * fallocate with no flags (`zero` false) or FALLOC_FL_ZERO_RANGE (`zero` true) on pages: allocates blocks for holes, and
 * `zero` makes what was there zero as well. The object grows if need be. Shared memory allocates pages at once, and
 * knows no ZERO_RANGE. Source: shmem_fallocate in mm/shmem.c, ext4_fallocate in fs/ext4/extents.c.
 */
export function fallocateBlocks(
  m: State,
  object: SharedObject,
  index: number,
  count: number,
  options: { readonly descriptor: boolean; readonly zero: boolean },
): SyscallResult {
  const errno = refusal(object, count, options);
  if (errno !== 0) return { errno, value: 0, pages: 0 };
  const end = index + count;
  if (object.backing === 'hugetlb') return allocateHuge(m, object, index, end);
  const { size } = object;
  // shmem_fallocate: a range that cannot fit changes nothing.
  if (object.tmpfs && count > object.tmpfs.pages) return { errno: 'ENOSPC', value: 0, pages: 0 };
  if (end > size) object.resize(end);
  let made = 0;
  let full = false;
  for (let at = index; at < end && !full; at++) {
    if (options.zero) makeHole(m, object, at);
    full = lacksBlock(m, object, at);
    if (full) {
      undo(m, object, index, at);
      object.resize(size);
    } else if (!hasBlock(m, object, at)) {
      allocateBlock(m, object, at, end);
      made++;
    } else if (object.backing === 'shmem') keepPage(m, object, at);
    if (object.backing === 'shmem') at = unitAt(m, object, at).end - 1;
  }
  const { faults, calls } = m.costs;
  const perPage = object.backing === 'shmem' ? faults.shmem_write.ns : 0;
  m.ledger.cpu(PART.discard, callNs(calls.punch, 0, count) + made * perPage);
  return full ? { errno: 'ENOSPC', value: 0, pages: 0 } : { errno: 0, value: 0, pages: count };
}

/** The indexes of the huge page at an index, which is dealt with as a whole, or of the page there. The end is exclusive. */
function unitAt(
  m: State,
  object: SharedObject,
  index: number,
): { readonly first: number; readonly end: number } {
  const page = object.page(index);
  const folio = m.huge?.folios.of(page);
  const first = folio ? index - folio.pages.indexOf(page) : index;
  return { first, end: first + (folio?.size ?? 1) };
}

/** shmem_undo_range: the pages that a fallocate has made, which found the tmpfs full, go. It has used those that were there. */
function undo(m: State, object: SharedObject, from: number, to: number): void {
  for (const at of object.present(from, to)) {
    if (!m.pages.isOverHole(object.page(at))) continue;
    const { first, end } = unitAt(m, object, at);
    m.huge?.cutShmem(object, first, end);
    for (let index = first; index < end; index++) makeHole(m, object, index);
  }
}

/** hugetlbfs_fallocate: each hugetlb page that the range touches. What there was before the pool ran out stays. */
function allocateHuge(m: State, object: SharedObject, index: number, end: number): SyscallResult {
  const stop = hugeCeil(end);
  if (stop > object.size) object.resize(stop);
  for (let at = hugeFloor(index); at < stop; at += HUGETLB_PAGES) {
    if (!object.isHole(at)) continue;
    if (!newHugePage(m, object, at)) return { errno: 'ENOSPC', value: 0, pages: Math.max(0, at - index) };
    m.ledger.cpu(PART.discard, m.costs.huge.hugetlb_fault.ns);
  }
  m.ledger.cpu(PART.discard, callNs(m.costs.calls.punch, 0, end - index));
  return { errno: 0, value: 0, pages: end - index };
}

function refusal(
  object: SharedObject,
  count: number,
  options: { readonly descriptor: boolean; readonly zero: boolean },
): Errno {
  const { backing } = object;
  if (!options.descriptor) return 'EBADF';
  if (count <= 0) return 'EINVAL';
  if (
    backing === 'xip' ||
    backing === 'pfn' ||
    (options.zero && (backing === 'shmem' || backing === 'hugetlb'))
  )
    return 'EOPNOTSUPP';
  return 0;
}

function hasBlock(m: State, object: SharedObject, index: number): boolean {
  if (object.isHole(index)) return false;
  return object.backing === 'shmem' || !m.pages.isOverHole(object.page(index));
}

/**
 * A page of shared memory that is there: shmem_get_folio reads it from swap, clears what an earlier fallocate has made (SGP_FALLOC),
 * and shmem_fallocate makes it dirty, so that reclaim does not free it.
 */
function keepPage(m: State, object: SharedObject, index: number): void {
  const page = object.page(index);
  if (m.swapSlotOf(page) >= 0) pageIn(m, object, index, whereIs(m, object, index), PART.discard);
  clearHole(m, page);
  m.pages.markDirty(page);
}

/** A block of zeros: in memory for shared memory, on disk (an unwritten extent) for a file. */
function allocateBlock(m: State, object: SharedObject, index: number, end: number): void {
  if (object.backing === 'shmem') {
    const folio = m.huge?.allocateShmem(object, index, { vma: undefined, space: undefined, end });
    if (folio) {
      for (const page of folio.pages) m.pages.setTrait(page, PAGE_FLAG.hole | TRAIT.dirty);
      return;
    }
    const page = newObjectPage(m, object, index);
    m.pages.setTrait(page, PAGE_FLAG.hole);
    m.pages.markDirty(page); // so that reclaim does not free it (shmem_fallocate)
    return;
  }
  object.blocks++;
  const known = object.page(index);
  if (known !== 0) {
    m.pages.clearTrait(known, PAGE_FLAG.hole); // the page of zeros over the hole stays in the page cache
    return;
  }
  const page = m.pages.create();
  m.pages.setTrait(page, TRAIT.file);
  object.setPage(index, page);
}
