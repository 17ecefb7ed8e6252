import type { Errno } from '../../policy/discard/contract.js';
import { zapRange } from '../entries/page-walk.js';
import { VM, type Vma } from '../state/vma.js';
import type { Call, StateAction } from './call.js';
import { punchHole } from './punch.js';

/**
 * MADV_REMOVE: a hole in the object behind a shared mapping. Errors in the kernel's order: locked, no object, not
 * shared or never writable, then what the file system says. Source: madvise_remove in mm/madvise.c.
 *
 * `era` 2006, as the patch was first posted: nothing is asked but an object, which must be shared memory (ENOSYS for
 * other file systems); private copies in the range go as well, since it unmaps as truncate does.
 */
export const remove: StateAction = (m, vma, start, end, call) => {
  const refused = refusesRemove(vma, call);
  if (refused !== 0) return refused;
  const object = vma.object!;
  if (call.era === '2006') {
    const first = vma.objectPageAt(start);
    for (const other of object.mappings) {
      const from = Math.max(other.start, other.start + first - other.objectPage);
      const to = Math.min(other.end, other.start + first + end - start - other.objectPage);
      if (from < to) call.unmapped += zapRange(m, other, from, to);
    }
  }
  return punchHole(m, object, vma.objectPageAt(start), end - start, call);
};

/** Why MADV_REMOVE does nothing to a VMA, before its object is asked. */
export function refusesRemove(vma: Vma, { era }: Call): Errno {
  const { object } = vma;
  if (vma.has(VM.locked) || !object) return 'EINVAL';
  if (era === '2006') return object.inMemory ? 0 : 'ENOSYS';
  return vma.has(VM.shared) && vma.has(VM.mayWrite) ? 0 : 'EACCES';
}
