import type { Errno } from '../../policy/discard/contract.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import type { Machine } from '../machine.js';
import { cuts, modifyFlags } from '../mapping/modify.js';
import type { Holder } from '../state/hooks.js';
import { PTE_SHIFT, PURGED } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import { type SharedObject, VM, VM_SPECIAL, type Vma } from '../state/vma.js';
import type { Call } from './call.js';
import { freePresent } from './free.js';

/** A part of a range that lies in one VMA. */
interface Piece {
  readonly vma: Vma;
  readonly start: number;
  readonly end: number;
}

/** Pages [start, end) of the holder of their volatility. */
interface HeldSpan {
  readonly holder: Holder;
  readonly start: number;
  end: number;
}

/**
 * MADV_VOLATILE and MADV_NONVOLATILE, whole ranges: a range that holds memory of another kind or a hole is refused
 * before anything changes. Private memory keeps the state in its VMAs, shared memory in the object, where the last call
 * of any space counts. NONVOLATILE returns 1 when pages were purged, as far as the purge policy reports it, and their
 * next access finds zeros.
 *
 * A hole behind the last mapping of the range is not noticed, as in the patch.
 * Source: Stultz 2014, "Volatile Ranges" v14, mm/mvolatile.c; for objects ashmem.c and vrange v8 to v10.
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
    if (!mayBeVolatile(m, vma)) return { errno: 'EINVAL', value: 0 };
    pieces.push({ vma, start: Math.max(start, vma.start), end: Math.min(end, vma.end) });
    at = vma.end;
  }
  if (pieces.length === 0) return { errno: 'ENOMEM', value: 0 };
  const more = pieces.reduce(
    (sum, piece) => sum + cuts(piece.vma, piece.start, piece.end, flagsOf(m, piece.vma, on)),
    0,
  );
  if (space.vmas.length + more > m.settings.maxMapCount) return { errno: 'EAGAIN', value: 0 };
  const spans = heldSpans(pieces);
  let lost = 0;
  for (const piece of pieces) lost += setPiece(m, piece, call, on);
  if (!on) return { errno: 0, value: unmark(m, spans, lost) ? 1 : 0 };
  for (const { holder, start: from, end: to } of spans) m.purge.marks.mark(holder, from, to);
  return { errno: 0, value: 0 };
}

/** Private anonymous memory, and shared memory where the policy knows how; neither locked nor special. */
function mayBeVolatile(m: Machine, vma: Vma): boolean {
  if (vma.has(VM.locked | VM.droppable | VM_SPECIAL)) return false;
  if (vma.isAnonymous) return true;
  return m.purge.rules.shared && vma.has(VM.shared) && vma.object?.backing === 'shmem';
}

/** The flags of a VMA that is volatile or not. Lazily freed pages and objects know it themselves. */
function flagsOf(m: Machine, vma: Vma, on: boolean): number {
  if (!vma.isAnonymous || m.purge.rules.order === 'lazyfree') return vma.flags;
  return on ? vma.flags | VM.volatile : vma.flags & ~VM.volatile;
}

/** Whose pages the pieces are. Neighbours of one holder are one span; what is beyond the end of an object is left out. */
function heldSpans(pieces: readonly Piece[]): HeldSpan[] {
  const spans: HeldSpan[] = [];
  for (const piece of pieces) {
    const { object, space } = piece.vma;
    const start = object ? piece.vma.objectPageAt(piece.start) : piece.start;
    const length = piece.end - piece.start;
    const end = object ? Math.min(start + length, object.size) : start + length;
    const last = spans.at(-1);
    if (last && last.holder === (object ?? space) && last.end === start) last.end = Math.max(end, last.end);
    else if (start < end) spans.push({ holder: object ?? space, start, end });
  }
  return spans;
}

/** Forgets the marks; whether there is something to report. */
function unmark({ purge }: Machine, spans: readonly HeldSpan[], lost: number): boolean {
  let anyLost = lost > 0;
  let anyPurged = false;
  for (const { holder, start, end } of spans) {
    anyLost ||= purge.marks.countLost(holder, start, end) > 0;
    anyPurged ||= purge.marks.within(holder, start, end).some(({ purged }) => purged);
    purge.marks.unmark(holder, start, end);
  }
  const { report } = purge.rules;
  return report === 'page' ? anyLost : report === 'range' && anyPurged;
}

/** Marks the pages of a piece, or clears the marks and the traces of purged pages. Returns how many were purged. */
function setPiece(m: Machine, { vma, start, end }: Piece, call: Call, on: boolean): number {
  const { object } = vma;
  if (object) {
    const from = vma.objectPageAt(start);
    return setObject(m, object, from, Math.min(from + end - start, object.size), call, on);
  }
  modifyFlags(m, vma, start, end, flagsOf(m, vma, on));
  // A merge may have replaced the VMA that was there.
  const found = vma.space.find(start)!;
  m.huge?.splitAll(found, start, end);
  return on ? markPrivate(m, found, start, end, call) : clearPrivate(m, found, start, end, call);
}

function markPrivate(m: Machine, vma: Vma, start: number, end: number, call: Call): 0 {
  const lazily = m.purge.rules.order === 'lazyfree';
  eachUsedEntry(m, vma, start, end, (at) => {
    const page = m.tables.get(at) >>> PTE_SHIFT;
    if (page === 0 || (lazily && !freePresent(m, at))) return;
    call.present++;
    m.pages.markVolatile(page);
  });
  return 0;
}

function clearPrivate(m: Machine, vma: Vma, start: number, end: number, call: Call): number {
  let purged = 0;
  eachUsedEntry(m, vma, start, end, (at) => {
    const entry = m.tables.get(at);
    const page = entry >>> PTE_SHIFT;
    if (entry === PURGED) {
      m.tables.set(at, 0);
      purged++;
    } else if (page !== 0) {
      clearPage(m, page);
      countWalked(m, call);
    }
  });
  return purged;
}

function clearPage(m: Machine, page: number): void {
  const traits = m.pages.traits[page]!;
  if ((traits & TRAIT.volatile) === 0 || m.rmap.isVolatile(page)) return;
  m.pages.clearVolatile(page);
  if (m.purge.rules.order !== 'lazyfree' || (traits & TRAIT.lazyfree) === 0) return;
  m.pages.clearLazyfree(page);
  m.pages.markDirty(page); // its contents are nowhere else
  m.reclaim.readmit(page);
}

function setObject(
  m: Machine,
  object: SharedObject,
  start: number,
  end: number,
  call: Call,
  on: boolean,
): number {
  m.huge?.splitObject(object, start, end);
  for (let index = object.nextPresent(start, end); index < end; index = object.nextPresent(index + 1, end)) {
    if (on) m.pages.markVolatile(object.page(index));
    else m.pages.clearVolatile(object.page(index));
    countWalked(m, call);
  }
  return on ? 0 : object.clearPurged(start, end);
}

/** Only who reports by pages has to look at them; the others know their ranges. */
function countWalked(m: Machine, call: Call): void {
  if (m.purge.rules.report === 'page') call.present++;
}
