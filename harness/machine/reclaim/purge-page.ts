import { clearEntry, isMerged } from '../entries/entry.js';
import { PAGE_FLAG, ZERO_PAGE } from '../memory/pages.js';
import { freeObjectPage } from '../object/lifetime.js';
import { PTE_SHIFT, PURGED } from '../state/page-table.js';
import { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { type SharedObject, VM } from '../state/vma.js';
import type { VolatileRange } from './volatile-range.js';

/** What became of a volatile page that was to be purged. */
export const GAVE = {
  /** There was nothing to purge: no contents, or a merged page, which no purge finds. */
  nothing: 0,
  /** It is locked, pinned by a device, or on its way in: it stays for now. */
  stays: 1,
  /** It is lost here; others have it still. */
  mapping: 2,
  /** Its swap slot is free. */
  slot: 3,
  /** Its frame is free. */
  frame: 4,
} as const;

/** Purges a page of a range. */
export function purgePage(m: State, { holder }: VolatileRange, page: number): number {
  return holder instanceof Space ? purgePrivate(m, holder, page) : purgeShared(m, holder, page);
}

/** Whether an access is bringing a page in: the kernel holds its lock. */
function isComing({ reclaim }: State, page: number): boolean {
  return page === reclaim.incoming || page === reclaim.faulted;
}

/** A page of a space: its entry says that it was purged from then on. */
function purgePrivate(m: State, space: Space, vpn: number): number {
  const at = space.directory.entry(vpn);
  const page = at < 0 ? ZERO_PAGE : m.tables.get(at) >>> PTE_SHIFT;
  // Empty, purged before, or the shared zero page. Merged pages: the kernel's walk by anon_vma does not find them.
  if (page === ZERO_PAGE || isMerged(m, page)) return GAVE.nothing;
  const vma = space.find(vpn)!;
  if (vma.has(VM.locked) || isComing(m, page) || m.pins.has(page)) return GAVE.stays;
  m.huge?.splitPageOf(page);
  const { inUse } = m.frames;
  clearEntry(m, vma, at);
  m.tables.set(at, PURGED);
  if ((m.pages.traits[page]! & PAGE_FLAG.unused) === 0) return GAVE.mapping;
  return m.frames.inUse < inUse ? GAVE.frame : GAVE.slot;
}

/** A page of an object: unmapped in every space; the object says that it was purged from then on. */
function purgeShared(m: State, object: SharedObject, index: number): number {
  const page = object.page(index);
  if (page === 0) return GAVE.nothing;
  const frame = m.pages.location[page]!;
  if (isComing(m, page) || (frame >= 0 && m.rmap.isLocked(frame))) return GAVE.stays;
  if (m.huge?.splitPageOf(page) === false) return GAVE.stays; // a device has pinned a part of its huge page
  freeObjectPage(m, object, index);
  object.setPurged(index);
  return frame >= 0 ? GAVE.frame : GAVE.slot;
}

/** The pages of a range, from `range.from` on, that hold something. */
export function* usedPages(m: State, { holder, from, end }: VolatileRange): Generator<number> {
  if (!(holder instanceof Space)) {
    yield* holder.present(from, end);
    return;
  }
  const { directory } = holder;
  for (let vpn = from; vpn < end; ) {
    const at = directory.entry(vpn);
    if (at < 0) {
      vpn = directory.nextLeaf(vpn, end);
      continue;
    }
    if (m.tables.get(at) >>> PTE_SHIFT !== ZERO_PAGE) yield vpn;
    vpn++;
  }
}
