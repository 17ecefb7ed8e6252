import type { Errno } from '../../policy/discard/contract.js';
import type { Machine } from '../machine.js';
import { cuts, modifyFlags } from '../mapping/modify.js';
import { PTE_SHIFT, PURGED } from '../mapping/page-table.js';
import { eachUsedEntry } from '../mapping/page-walk.js';
import type { Space } from '../mapping/space.js';
import { VM, VM_SPECIAL, type Vma } from '../mapping/vma.js';
import type { Call } from './call.js';

/** A part of a range that lies in one VMA. */
interface Piece {
  readonly vma: Vma;
  readonly start: number;
  readonly end: number;
}

/**
 * MADV_VOLATILE and MADV_NONVOLATILE of the 2014 patches, whole ranges: a range that holds memory of another kind
 * or a hole is refused before anything changes. NONVOLATILE gives 1 when pages of the range were purged, and their
 * next access finds zeros.
 *
 * A hole behind the last mapping of the range is not noticed, as in the patch.
 * Source: Stultz 2014, "Volatile Ranges" v14, mm/mvolatile.c.
 */
export function setVolatile(
  m: Machine,
  space: Space,
  start: number,
  end: number,
  call: Call,
  on: boolean,
): { errno: Errno; value: number } {
  const pieces: Piece[] = [];
  let at = start;
  for (const vma of space.overlapping(start, end)) {
    if (vma.start > at) return { errno: 'ENOMEM', value: 0 };
    if (!vma.isAnonymous || vma.has(VM.locked | VM.droppable | VM_SPECIAL))
      return { errno: 'EINVAL', value: 0 };
    pieces.push({ vma, start: Math.max(start, vma.start), end: Math.min(end, vma.end) });
    at = vma.end;
  }
  if (pieces.length === 0) return { errno: 'ENOMEM', value: 0 };
  const flags = (vma: Vma) => (on ? vma.flags | VM.volatile : vma.flags & ~VM.volatile);
  const more = pieces.reduce(
    (sum, piece) => sum + cuts(piece.vma, piece.start, piece.end, flags(piece.vma)),
    0,
  );
  if (space.vmas.length + more > m.settings.maxMapCount) return { errno: 'EAGAIN', value: 0 };
  let purged = 0;
  for (const piece of pieces) {
    modifyFlags(m, piece.vma, piece.start, piece.end, flags(piece.vma));
    // A merge may have replaced the VMA that was there.
    const vma = space.find(piece.start) as Vma;
    purged += mark(m, vma, piece, call, on);
  }
  if (on) m.purge.marked(space, start, at);
  else m.purge.unmarked(space, start, at);
  return { errno: 0, value: purged > 0 ? 1 : 0 };
}

/** Marks the pages of a piece, or clears the marks and the traces of purged pages; gives how many were purged. */
function mark(m: Machine, vma: Vma, { start, end }: Piece, call: Call, on: boolean): number {
  let purged = 0;
  eachUsedEntry(m, vma, start, end, (at) => {
    const entry = m.tables.entries[at] as number;
    const page = entry >>> PTE_SHIFT;
    if (page === 0) {
      if (entry !== PURGED || on) return;
      m.tables.set(at, 0);
      purged++;
      return;
    }
    call.present++;
    if (on) m.pages.markVolatile(page);
    else if (!m.rmap.isVolatile(page)) m.pages.clearVolatile(page);
    m.reclaim.volatilityChanged(page);
  });
  return purged;
}
