import { PAGE_BYTES } from '../../base/page.js';
import type { SyscallResult } from '../../contract/target.js';
import { PART, type StallIndex } from '../../cost/ledger.js';
import type { Errno } from '../../policy/discard/contract.js';
import { ZERO } from '../memory/contents.js';
import { punchHuge } from '../object/hugetlb.js';
import { makeHole } from '../object/lifetime.js';
import { dirtyObjectPage, pageIn, WHERE, whereIs } from '../object/page-in.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { type Call, newCall, punchNs } from './call.js';

/** Bytes of a file: from `offset` on, `length` of them. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Makes a hole of whole pages: unmaps them everywhere (private copies survive), frees frames and swap slots without
 * I/O. Beyond the end of the object there is nothing to do. Source: shmem_fallocate in mm/shmem.c.
 */
export function punchHole(m: State, object: SharedObject, index: number, count: number, call: Call): Errno {
  const refused = refusesHoles(object);
  if (refused !== 0) return refused;
  const end = Math.min(index + count, object.size);
  if (object.backing === 'hugetlb') {
    call.huge += punchHuge(m, object, index, end).pages;
    m.effects?.push({ kind: 'other' });
    return 0;
  }
  if (object.backing === 'shmem') forgetPurged(m, object, index, end);
  let present = 0;
  let unmapped = (object.backing === 'shmem' && m.huge?.cutShmem(object, index, end)) || 0;
  for (let at = object.nextFilled(index, end); at < end; at = object.nextFilled(at + 1, end)) {
    if (object.isHole(at) || m.huge?.folios.of(object.page(at))) continue;
    unmapped += makeHole(m, object, at);
    present++;
  }
  m.effects?.push({ kind: 'hole', object, index, count, present, unmapped });
  call.present += present;
  call.unmapped += unmapped;
  return 0;
}

/** The program drops what a volatile part of an object held, which stays volatile: nothing of it was purged. */
function forgetPurged(m: State, object: SharedObject, from: number, to: number): void {
  object.clearPurged(from, to);
  m.purge.discarded(object, from, to);
}

/** Why no hole can be made in an object; 0 where it can. */
export function refusesHoles(object: SharedObject): Errno {
  if (object.backing === 'xip' || object.backing === 'pfn') return 'EOPNOTSUPP';
  return object.options.sealed ? 'EPERM' : 0;
}

/**
 * Makes a hole of bytes: the whole pages in it go, and the parts of pages at its edges are zeroed, for which a page
 * that is swapped out or on disk is read. Source: shmem_undo_range, truncate_inode_pages_range.
 */
function punchBytes(m: State, object: SharedObject, bytes: ByteRange, call: Call, part: StallIndex): Errno {
  const refused = refusesHoles(object);
  if (refused !== 0) return refused;
  const end = bytes.offset + bytes.length;
  const first = Math.ceil(bytes.offset / PAGE_BYTES);
  const last = Math.floor(end / PAGE_BYTES);
  const head = Math.floor(bytes.offset / PAGE_BYTES);
  if (head < first) zeroPart(m, object, head, part);
  if (last * PAGE_BYTES < end && last >= first) zeroPart(m, object, last, part);
  return last > first ? punchHole(m, object, first, last - first, call) : 0;
}

/** Zeroes a part of a page: what was zero stays so, and other contents become unlike all others. */
function zeroPart(m: State, object: SharedObject, index: number, part: StallIndex): void {
  if (index >= object.size) return;
  const where = whereIs(m, object, index);
  if (where === WHERE.hole) return;
  const page = pageIn(m, object, index, where, part);
  if (m.pages.contents.get(page) === ZERO) return;
  m.pages.contents.setUnique(page);
  dirtyObjectPage(m, object, page);
}

/**
 * fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) on pages, or on `bytes`; EBADF when programs hold no descriptor
 * that may write.
 */
export function fallocatePunch(
  m: State,
  object: SharedObject | undefined,
  index: number,
  count: number,
  options: {
    readonly descriptor: boolean;
    readonly part?: StallIndex;
    readonly bytes?: ByteRange | undefined;
  },
): SyscallResult {
  const { descriptor, part = PART.discard, bytes } = options;
  const call = newCall();
  let errno: Errno = 0;
  if (!object || !descriptor) errno = 'EBADF';
  else if (bytes ? bytes.length <= 0 : count <= 0) errno = 'EINVAL';
  else if (bytes) errno = punchBytes(m, object, bytes, call, part);
  else errno = punchHole(m, object, index, count, call);
  m.ledger.cpu(part, punchNs(m, call, Math.max(1, count)));
  m.flushTlbOnce(part);
  return { errno, value: 0, pages: errno === 0 ? count : 0 };
}
