import { clearHuge, hugeCeil, hugeFloor } from '../entries/hugetlb.js';
import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import { PAGE_FLAG } from '../memory/pages.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';

/** Ids for the 4 KiB parts of a new hugetlb page: zeros, and nothing that reclaim could choose. */
export function newHugeIds(m: State): Int32Array {
  return Int32Array.from({ length: HUGETLB_PAGES }, () => {
    const page = m.pages.create();
    m.pages.setTrait(page, PAGE_FLAG.unevictable);
    return page;
  });
}

/** The ids of an object's hugetlb page at an aligned index; undefined for a hole. */
export function hugeIds(object: SharedObject, index: number): Int32Array | undefined {
  if (object.isHole(index)) return undefined;
  return Int32Array.from({ length: HUGETLB_PAGES }, (_, i) => object.page(index + i));
}

/** A new page of zeros at a hole of an object; undefined where the pool is short (hugetlb_no_page, hugetlbfs_fallocate). */
export function newHugePage(m: State, object: SharedObject, index: number): Int32Array | undefined {
  if (!m.hugetlb.take(object, index)) return undefined;
  const ids = newHugeIds(m);
  for (let i = 0; i < HUGETLB_PAGES; i++) object.setPage(index + i, ids[i]!);
  return ids;
}

/** What a hole or a truncation took away. */
interface Freed {
  /** hugetlb pages of the object. */
  pages: number;
  /** Mappings of such pages, of private copies too. */
  entries: number;
}

/**
 * Frees the hugetlb pages of an object in [from, to), which is aligned, and unmaps them everywhere, private copies of
 * them too. They were promised to no one any more. Source: remove_inode_hugepages in fs/hugetlbfs/inode.c.
 */
function freeHugePages(m: State, object: SharedObject, from: number, to: number): Freed {
  const freed: Freed = { pages: 0, entries: 0 };
  for (const vma of object.mappings) {
    const first = Math.max(vma.start, vma.start + from - vma.objectPage);
    const end = Math.min(vma.end, vma.start + to - vma.objectPage);
    for (let vpn = first; vpn < end; vpn += HUGETLB_PAGES) if (clearHuge(m, vma, vpn)) freed.entries++;
  }
  for (let index = from; index < to; index += HUGETLB_PAGES) {
    if (object.isHole(index)) continue;
    for (let i = 0; i < HUGETLB_PAGES; i++) {
      const page = object.page(index + i);
      object.makeHole(index + i);
      m.freePage(page);
    }
    m.hugetlb.pool.give(false);
    freed.pages++;
  }
  return freed;
}

/** Zeroes 4 KiB parts [from, to) of one hugetlb page, if there is one (hugetlbfs_zero_partial_page). */
function zeroParts(m: State, object: SharedObject, from: number, to: number): void {
  for (let index = from; index < to; index++) {
    const page = object.page(index);
    if (page !== 0) m.pages.contents.set(page, 0);
  }
}

/**
 * A hole of pages [from, to): only whole hugetlb pages in it go, what is left at its edges is zeroed.
 * Source: hugetlbfs_punch_hole.
 */
export function punchHuge(m: State, object: SharedObject, from: number, to: number): Freed {
  const first = hugeCeil(from);
  const last = hugeFloor(to);
  if (last <= first) {
    zeroParts(m, object, from, to);
    return { pages: 0, entries: 0 };
  }
  zeroParts(m, object, from, first);
  zeroParts(m, object, last, to);
  return freeHugePages(m, object, first, last);
}

/** All that an object has and was promised from an index on goes (hugetlb_unreserve_pages). */
export function cutOffHuge(m: State, object: SharedObject, from: number, to: number): Freed {
  const freed = freeHugePages(m, object, from, hugeCeil(to));
  m.hugetlb.unpromise(object, from, hugeCeil(to));
  return freed;
}
