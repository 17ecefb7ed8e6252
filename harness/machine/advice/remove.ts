import { VM } from '../mapping/vma.js';
import type { AdviceAction } from './call.js';
import { punchHole } from './punch.js';

/**
 * MADV_REMOVE: a hole in the object behind a shared mapping. Errors in the kernel's order: locked, no object, not
 * shared or never writable, then what the file system says. Source: madvise_remove in mm/madvise.c.
 */
export const remove: AdviceAction = (m, vma, start, end, found) => {
  if (vma.has(VM.locked)) return 'EINVAL';
  if (!vma.object) return 'EINVAL';
  if (!vma.has(VM.shared) || !vma.has(VM.mayWrite)) return 'EACCES';
  return punchHole(m, vma.object, vma.objectPageAt(start), end - start, found);
};
