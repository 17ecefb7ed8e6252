import { PART } from '../../cost/ledger.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { Machine } from '../machine.js';
import { freeObjectPage } from '../object/lifetime.js';
import type { SharedObject } from '../object/shared.js';
import { type CallResult, type Found, newFound, punchNs } from './call.js';

/**
 * Makes a hole of whole pages: unmaps them everywhere (private copies survive), frees frames and swap slots without
 * I/O. Beyond the end of the object there is nothing to do. Source: shmem_fallocate in mm/shmem.c.
 */
export function punchHole(
  m: Machine,
  object: SharedObject,
  index: number,
  count: number,
  found: Found,
): Errno {
  if (object.sealed) return 'EPERM';
  const end = Math.min(index + count, object.size);
  for (const at of object.present(index, end)) {
    found.unmapped += freeObjectPage(m, object, at);
    found.present++;
  }
  return 0;
}

/** fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE); EBADF when programs hold no descriptor that may write. */
export function fallocatePunch(
  m: Machine,
  object: SharedObject | undefined,
  index: number,
  count: number,
  descriptor: boolean,
  part = PART.discard,
): CallResult {
  const found = newFound();
  let errno: Errno = 0;
  if (!object || !descriptor) errno = 'EBADF';
  else if (count <= 0) errno = 'EINVAL';
  else errno = punchHole(m, object, index, count, found);
  m.ledger.cpu(part, punchNs(m, found, Math.max(1, count)));
  return { errno, value: 0, pages: errno === 0 ? count : 0 };
}
