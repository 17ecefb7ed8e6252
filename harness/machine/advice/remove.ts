import { zapRange } from '../entries/page-walk.js';
import { VM } from '../state/vma.js';
import type { StateAction } from './call.js';
import { punchHole } from './punch.js';

/**
 * MADV_REMOVE: a hole in the object behind a shared mapping. Errors in the kernel's order: locked, no object, not
 * shared or never writable, then what the file system says. Source: madvise_remove in mm/madvise.c.
 *
 * `era` 2006, as the patch was first posted: nothing is asked but an object, which must be shared memory (ENOSYS for
 * other file systems); private copies in the range go as well, since it unmaps as truncate does.
 */
export const remove: StateAction = (m, vma, start, end, call) => {
  if (vma.has(VM.locked)) return 'EINVAL';
  const { object } = vma;
  if (!object) return 'EINVAL';
  if (call.era === '2006') {
    if (object.backing !== 'shmem') return 'ENOSYS';
    const first = vma.objectPageAt(start);
    for (const other of object.mappings) {
      const from = Math.max(other.start, other.start + first - other.objectPage);
      const to = Math.min(other.end, other.start + first + end - start - other.objectPage);
      if (from < to) call.unmapped += zapRange(m, other, from, to);
    }
  } else if (!vma.has(VM.shared) || !vma.has(VM.mayWrite)) return 'EACCES';
  return punchHole(m, object, vma.objectPageAt(start), end - start, call);
};
