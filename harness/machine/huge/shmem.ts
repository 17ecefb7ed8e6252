import { PART } from '../../cost/ledger.js';
import { mapPage } from '../entries/entry.js';
import { lockEntry, objectBits } from '../mapping/fault.js';
import { type Folio, PMD_PAGES } from '../memory/folios.js';
import { PAGE_FLAG } from '../memory/pages.js';
import { dirtyObjectPage } from '../object/page-in.js';
import type { ShmemAsker } from '../state/hooks.js';
import { LEAF_ENTRIES } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { ShmemEnabled } from '../state/thp-settings.js';
import type { Tmpfs } from '../state/tmpfs.js';
import { type SharedObject, VM, type Vma } from '../state/vma.js';
import { fits, hugeStart, mayBeHuge } from './eligible.js';
import { bringFolio, mayReclaimFor } from './fault.js';
import type { HugeParts } from './parts.js';

/** What decides about an object: its mount, or shmem_enabled where that is for all, or the object is on no mount. */
function rulesOf(m: State, { options }: SharedObject): ShmemEnabled {
  const { shmemEnabled } = m.settings.thp;
  if (shmemEnabled === 'deny' || shmemEnabled === 'force') return shmemEnabled;
  return options.tmpfs?.huge ?? options.huge ?? shmemEnabled;
}

/**
 * shmem_allowable_huge_orders: whether the page at an index may come as part of a huge page. From Linux 6.14 on a write or
 * fallocate without a mapping gets one as large as what is left of it (shmem_mapping_size_orders).
 */
function allows(m: State, object: SharedObject, index: number, { vma, end }: ShmemAsker): boolean {
  if (vma && !mayBeHuge(vma)) return false;
  const bySize = !vma && m.settings.kernel >= KERNELS['6.18'];
  const fills = !bySize || (index % PMD_PAGES === 0 && end - index >= PMD_PAGES);
  const asked = vma?.has(VM.hugePage) === true;
  switch (rulesOf(m, object)) {
    case 'force':
      return true;
    case 'always':
      return fills;
    case 'within_size':
      return (fills && Math.max(object.size, end) >= hugeStart(index) + PMD_PAGES) || asked;
    case 'advise':
      return asked;
    default:
      return false;
  }
}

/** Whether a VMA can have huge pages of shared memory: pages lie at the same place of one in the object and in the space. */
function isAligned(vma: Vma): boolean {
  return vma.object?.backing === 'shmem' && (vma.start - vma.objectPage) % PMD_PAGES === 0;
}

/** Whether collapsing may make a huge page of an object's pages when the program asks for it by a call. */
export function mayCollapseShmem(m: State, vma: Vma): boolean {
  return isAligned(vma) && m.settings.thp.shmemEnabled !== 'deny';
}

/** Whether khugepaged may make a huge page at an address of shared memory. */
export function wantsHugeShmem(m: State, vma: Vma, vpn: number): boolean {
  const { object } = vma;
  if (!object || !isAligned(vma)) return false;
  return allows(m, object, vma.objectPageAt(vpn), { vma, space: vma.space.id, end: 0 });
}

/** Whether something lies where a huge page would: pages, in memory or swap, or what is volatile, which has pages of 4 KiB. */
function isTaken(m: State, object: SharedObject, first: number): boolean {
  const end = first + PMD_PAGES;
  if (object.nextPresent(first, end) < end) return true;
  return m.purge.isVolatile(object, first, end) || object.anyPurged(first, end);
}

/**
 * shmem_alloc_and_add_folio: a huge page of zeros in the page cache around an index that is a hole. Returns it; undefined, and
 * nothing has changed, where it may not be, or there is no room.
 */
export function allocateShmem(
  huge: HugeParts,
  object: SharedObject,
  index: number,
  asker: ShmemAsker,
): Folio | undefined {
  const m = huge.state;
  const first = hugeStart(index);
  if (!allows(m, object, index, asker) || isTaken(m, object, first)) return undefined;
  if (object.tmpfs && !hasBlocks(huge, object.tmpfs)) return undefined;
  const folio = bringFolio(
    huge,
    { object: object.number, index: first, space: asker.space, shared: true },
    asker.vma !== undefined && mayReclaimFor(m, asker.vma),
  );
  if (typeof folio === 'string') {
    m.counters.thp_file_fallback++;
    if (folio === 'charge') m.counters.thp_file_fallback_charge++;
    return undefined;
  }
  addToObject(huge, object, first, folio);
  m.counters.thp_file_alloc++;
  m.ledger.cpu(PART.minor, m.costs.huge.fault.ns);
  return folio;
}

/** shmem_add_to_page_cache. */
export function addToObject(huge: HugeParts, object: SharedObject, first: number, folio: Folio): void {
  folio.pages.forEach((page, i) => {
    object.setPage(first + i, page);
  });
  if (first + PMD_PAGES > object.size) huge.folios.beyondEnd.add(folio);
}

/** shmem_inode_acct_blocks: whether a tmpfs has blocks for a huge page. */
function hasBlocks(huge: HugeParts, tmpfs: Tmpfs): boolean {
  while (tmpfs.free < PMD_PAGES) if (huge.shrinkBeyondEnd(tmpfs) === 0) return false;
  return true;
}

/**
 * shmem_fault: brings a huge page where the page of a fault is a hole, and maps what is huge by the page directory if it can.
 * Returns whether the access can go on; false leaves the fault to a page table.
 */
export function shmemFault(huge: HugeParts, vma: Vma, vpn: number, write: boolean): boolean {
  const m = huge.state;
  const object = vma.object!;
  const index = vma.objectPageAt(vpn);
  const known = object.page(index);
  const old = known === 0 ? undefined : huge.folios.of(known);
  const folio =
    old ??
    (known === 0 ? allocateShmem(huge, object, index, { vma, space: vma.space.id, end: 0 }) : undefined);
  // A private mapping gets a copy of its own page (do_cow_fault).
  if (!folio || (write && !vma.has(VM.shared))) return false;
  if (!mapShmem(huge, vma, vpn, folio, write, old === undefined)) return false;
  for (const page of folio.pages) m.pages.clearTrait(page, PAGE_FLAG.hole);
  if (write) dirtyObjectPage(m, object, object.page(index));
  if (old) m.ledger.cpu(PART.minor, m.costs.faults.cached.ns);
  m.reclaim.used(object.page(index));
  return true;
}

/**
 * do_set_pmd; where there is a page table and nothing in it, all entries at once from Linux 6.11 on, other than at a read of what
 * is in memory, which maps some around it (finish_fault). Returns whether it is mapped.
 */
function mapShmem(
  huge: HugeParts,
  vma: Vma,
  vpn: number,
  folio: Folio,
  write: boolean,
  made: boolean,
): boolean {
  const m = huge.state;
  const { directory } = vma.space;
  if (!isAligned(vma) || !fits(vma, vpn)) return false;
  const first = hugeStart(vpn);
  const leaf = directory.leaf(vpn);
  if (leaf < 0 && mayBeHuge(vma)) {
    mapByDirectory(huge, vma, first, folio, write);
    return true;
  }
  const empty = leaf < 0 || m.tables.isEmpty(leaf);
  if (!empty || m.settings.kernel < KERNELS['6.12'] || (!write && !made)) return false;
  mapAll(m, vma, m.tables.make(directory, first, LEAF_ENTRIES), folio, write);
  return true;
}

/** do_set_pmd where no table is. @param first the page that the folio begins at */
export function mapByDirectory(huge: HugeParts, vma: Vma, first: number, folio: Folio, write: boolean): void {
  const { state: m, pmds } = huge;
  const { space } = vma;
  mapAll(m, vma, m.tables.makeStandIn(space.directory, first), folio, write);
  pmds.addShared(space.directory.leaf(first), space, first);
  m.counters.thp_file_mapped++;
}

function mapAll(m: State, vma: Vma, at: number, folio: Folio, write: boolean): void {
  const bits = objectBits(vma, write);
  folio.pages.forEach((page, i) => {
    mapPage(m, vma.space, at + i, page, bits);
  });
  if (vma.has(VM.locked)) for (let i = 0; i < LEAF_ENTRIES; i++) lockEntry(m, at + i);
}
