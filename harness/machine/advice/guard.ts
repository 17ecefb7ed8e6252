import { eachUsedEntry, zapRange } from '../entries/page-walk.js';
import { anonObject } from '../mapping/anon-page.js';
import { GUARD } from '../state/page-table.js';
import { VM, VM_SPECIAL, type Vma } from '../state/vma.js';
import type { StateAction } from './call.js';

/**
 * Whether guards may be in a VMA: not in special ones. Linux 6.13 brought them for private anonymous memory, 6.15 for files.
 * Source: is_valid_guard_vma in mm/madvise.c.
 */
function mayHaveGuards(vma: Vma): boolean {
  return !vma.has(VM_SPECIAL);
}

/**
 * MADV_GUARD_INSTALL: what is in the range goes, and each entry becomes a guard, which DONTNEED, holes and truncation leave.
 * No VMA is cut. The range has page tables from then on, and fork copies them: so the VMA gets its anonymous object, a shared
 * one too. Source: madvise_guard_install in mm/madvise.c.
 */
export const guardInstall: StateAction = (m, vma, start, end, call) => {
  if (!mayHaveGuards(vma) || vma.has(VM.locked)) return 'EINVAL';
  anonObject(m, vma, start);
  if (vma.isAnonymous) m.purge.discarded(vma.space, start, end);
  call.present += zapRange(m, vma, start, end);
  for (let vpn = start; vpn < end; vpn++) m.tables.set(m.tables.make(vma.space.directory, vpn), GUARD);
  return 0;
};

/** MADV_GUARD_REMOVE: guards go, locked or not; all else stays. */
export const guardRemove: StateAction = (m, vma, start, end, call) => {
  if (!mayHaveGuards(vma)) return 'EINVAL';
  eachUsedEntry(m, vma, start, end, (at) => {
    if (m.tables.get(at) !== GUARD) return;
    m.tables.set(at, 0);
    call.present++;
  });
  return 0;
};
