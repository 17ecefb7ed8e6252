import { PART, type StallIndex } from '../../cost/ledger.js';
import {
  clearEntry,
  frameOf,
  freeSwapCache,
  isAnonPage,
  isExclusive,
  isMerged,
  isSwapEntry,
  mapPage,
  mapZeroPage,
} from '../entries/entry.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { dirtyObjectPage, lacksBlock, pageIn, WHERE, whereIs } from '../object/page-in.js';
import { aheadOf, isCached, isMarked } from '../object/read-ahead.js';
import { foundInSwapCache } from '../object/swap-ahead.js';
import { entryInLeaf, GUARD, LEAF_ENTRIES, PTE, PTE_SHIFT, PURGED } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import { hasRecency } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import { anonObject, newAnonPage } from './anon-page.js';
import { DID, foundAround, makesUp, readAtFault } from './fault-ahead.js';
import { hugetlbFault } from './hugetlb.js';
import { swapInAnon } from './swap-around.js';

/** Pages that one read fault maps at most. Source: fault_around_bytes in mm/memory.c, 64 KiB. */
const FAULT_AROUND_PAGES = 16;

/** What a fault came to: an entry, or nothing that the access could go on with. */
export const FAULTED = { ok: 0, sigbus: 1, guard: 2 } as const;

/**
 * handle_mm_fault: makes the entry of a page so that the access can go on. The access is allowed by the VMA; the entry
 * is absent, swapped out, a guard, or present and write-protected. Beyond the end of an object it stays absent. The signal is up to
 * the caller: populating a range sends none.
 */
export function fault(m: State, vma: Vma, vpn: number, write: boolean): number {
  m.mustLive();
  if (vma.flags & VM.hugetlb) return hugetlbFault(m, vma, vpn, write);
  m.inFault = hasRecency(vma);
  const result = handleFault(m, vma, vpn, write);
  m.inFault = false;
  return result;
}

function handleFault(m: State, vma: Vma, vpn: number, write: boolean): number {
  m.counters.pgfault++;
  vma.space.pgfault++;
  const entry = entryFor(m, vma, vpn);
  if (entry === GUARD) return FAULTED.guard;
  if (entry === 0 && hasNoPage(m, vma, vpn)) {
    // do_read_fault maps the neighbours before it asks for the page itself.
    if (!write) m.ledger.cpu(PART.minor, faultAround(m, vma, vpn) * m.costs.faults.around.ns);
    // do_cow_fault prepares the VMA first, which fork then copies entry by entry.
    else if (!vma.has(VM.shared)) anonObject(m, vma, vpn);
    return FAULTED.sigbus;
  }
  if (entry === 0 && m.huge?.fault(vma, vpn, write)) return FAULTED.ok;
  const at = m.tables.make(vma.space.directory, vpn);
  if (entry & PTE.present) writeProtected(m, vma, vpn, at);
  else if (isSwapEntry(entry)) swappedOut(m, vma, vpn, at, write);
  else if (isPurged(vma, vpn, entry) && !findsZeros(m, vma, vpn, at)) return FAULTED.sigbus;
  else if (vma.object === undefined) anonymous(m, vma, vpn, at, write);
  else if (vma.has(VM.shared) || !write) shared(m, vma, vpn, at, write);
  else copyFromObject(m, vma, vpn, at);
  if (vma.has(VM.locked)) lockEntry(m, at);
  return FAULTED.ok;
}

/** The entry of a fault. wp_huge_pmd: a huge mapping of shared memory that may not be written ends, and the page is faulted in. */
function entryFor(m: State, vma: Vma, vpn: number): number {
  const at = vma.space.directory.entry(vpn);
  if (at < 0) return 0;
  if (m.huge === undefined) return m.tables.get(at);
  const leaf = Math.floor(at / LEAF_ENTRIES);
  if (!m.huge.isSharedPmd(leaf)) return m.tables.get(at);
  m.huge.splitPmd(leaf);
  return 0;
}

function isPurged(vma: Vma, vpn: number, entry: number): boolean {
  return entry === PURGED || vma.object?.isPurged(vma.objectPageAt(vpn)) === true;
}

/**
 * An access to purged memory: SIGBUS, or with `access=zero` it is as if nothing had ever been there, and the fault goes
 * on. That something was is noted here for private memory, and when a page comes into an object.
 * Source: the SIGBUS trap of the 2014 volatile ranges patches.
 */
function findsZeros(m: State, vma: Vma, vpn: number, at: number): boolean {
  m.counters.purge_faults++;
  if (!m.purge.zeroFills) return false;
  if (vma.isAnonymous) {
    m.tables.set(at, 0);
    m.purge.foundZeros(vma.space, vpn);
  }
  return true;
}

/** mlock_vma_folio: a page that a locked VMA maps is out of reclaim's reach. */
export function lockEntry(m: State, at: number): void {
  const frame = frameOf(m, m.tables.get(at));
  if (frame >= 0) m.reclaim.recheck(m.frames.page[frame]!);
}

/** Whether there is no page to map: beyond the end of an object, or at a hole of a file whose tmpfs is full. */
function hasNoPage(m: State, vma: Vma, vpn: number): boolean {
  const { object } = vma;
  if (object === undefined) return false;
  const index = vma.objectPageAt(vpn);
  return index >= object.size || lacksBlock(m, object, index);
}

/** do_anonymous_page: a read maps the shared zero page, where there is one; a write a new page of zeros. */
function anonymous(m: State, vma: Vma, vpn: number, at: number, write: boolean): void {
  const { faults } = m.costs;
  if (!write && m.settings.sharedZeroPage === 1) {
    mapZeroPage(m, at);
    m.ledger.cpu(PART.minor, faults.anon_read.ns);
    return;
  }
  const written = vma.has(VM.write) ? PTE.write | PTE.dirty : 0;
  mapPage(m, vma.space, at, newAnonPage(m, vma, vpn), PTE.young | written);
  m.ledger.cpu(PART.minor, faults.anon_write.ns);
}

/** do_read_fault, do_shared_fault: maps the object's page, and at a read its neighbours too. */
function shared(m: State, vma: Vma, vpn: number, at: number, write: boolean): void {
  const object = vma.object!;
  const index = vma.objectPageAt(vpn);
  const where = whereIs(m, object, index);
  const around = write ? 0 : faultAround(m, vma, vpn);
  countObjectFault(m, vma, where, write, around);
  const page = objectPage(m, vma, vpn, index, where, write);
  if (write) dirtyObjectPage(m, object, page);
  mapPage(m, vma.space, at, page, objectBits(vma, write));
}

/**
 * filemap_fault, shmem_fault: the page of a fault, with what is read ahead of a file. A fault that has read, or begun to, is
 * handled again, and a read fault maps neighbours again.
 */
function objectPage(m: State, vma: Vma, vpn: number, index: number, where: number, write: boolean): number {
  const object = vma.object!;
  const ahead = aheadOf(m, object);
  if (ahead === undefined) return pageIn(m, object, index, where);
  const did = readAtFault(m, vma, ahead, index, where, write);
  // There may be no room for a page and what is read after it.
  const page =
    did === DID.read && isCached(m, object, index)
      ? object.page(index)
      : pageIn(m, object, index, did === DID.began ? whereIs(m, object, index) : where);
  // A page that was read alone makes the fault be handled again, too.
  const last = where === WHERE.memory ? did : DID.read;
  if (last !== DID.nothing && !write)
    m.ledger.cpu(PART.minor, faultAround(m, vma, vpn, last) * m.costs.faults.around.ns);
  return page;
}

/** Counts a fault on an object's page as major when it must be read, and charges what is not the device's. */
function countObjectFault(m: State, vma: Vma, where: number, write: boolean, around: number): void {
  const { faults } = m.costs;
  const file = vma.object!.backing !== 'shmem';
  // filemap_fault counts every page that it does not find as major, also one over a hole, for which nothing is read.
  if (where === WHERE.swap || where === WHERE.disk || (where === WHERE.hole && file)) countMajor(m, vma);
  const aroundNs = around * faults.around.ns;
  if (where === WHERE.memory || where === WHERE.mappedInPlace)
    m.ledger.cpu(PART.minor, (file && write ? faults.file_write.ns : faults.cached.ns) + aroundNs);
  else if (where === WHERE.hole)
    m.ledger.cpu(PART.minor, (write ? faults.shmem_write.ns : faults.shmem_read.ns) + aroundNs);
  else if (around > 0) m.ledger.cpu(PART.minor, aroundNs);
}

function countMajor(m: State, vma: Vma): void {
  m.counters.pgmajfault++;
  vma.space.pgmajfault++;
}

/**
 * Shared writable mappings of shmem are mapped writable at once; those of files at the first write, which the file
 * system must hear of (page_mkwrite); private ones wait for their copy.
 */
export function objectBits(vma: Vma, write: boolean): number {
  const bits = write ? PTE.young | PTE.dirty : PTE.young;
  const writable = vma.has(VM.shared) && vma.has(VM.write) && (write || vma.object?.backing === 'shmem');
  return writable ? bits | PTE.write : bits;
}

/**
 * do_fault_around: maps those neighbours that are in memory already. Measured: from the fault's address rounded down
 * to 16 pages, or the VMA's start, 16 pages on, cut at the end of VMA and leaf. Returns how many it mapped.
 *
 * @param did what the fault has read, where it is handled again
 */
function faultAround(m: State, vma: Vma, vpn: number, did: number = DID.nothing): number {
  const object = vma.object!;
  // Of a sample of the pages, the window has as many as of all.
  const window = Math.min(FAULT_AROUND_PAGES * m.sample, LEAF_ENTRIES);
  // Not by `%`, which for page numbers beyond 32 bits is a call.
  const from = Math.max(Math.floor(vpn / window) * window, vma.start);
  const leafEnd = vpn - entryInLeaf(vpn) + LEAF_ENTRIES;
  const to = Math.min(from + window, vma.end, leafEnd, vma.start + object.size - vma.objectPage);
  const ahead = aheadOf(m, object);
  let mapped = 0;
  let found = 0;
  let own = false;
  for (let neighbour = from; neighbour < to; neighbour++) {
    if (neighbour === vpn && ahead === undefined) continue;
    const page = object.page(vma.objectPageAt(neighbour));
    // A page of shared memory in the swap cache is not in the page cache, and one that was only allocated is not up to date.
    if (page === 0 || m.pages.resident[page] === 0 || m.swapSlotOf(page) >= 0 || isMarked(m, page)) continue;
    if (object.backing === 'shmem' && m.pages.isOverHole(page)) continue;
    // What this fault has begun to read is not there yet.
    if (did === DID.began && ahead!.isInFlight(vma.objectPageAt(neighbour))) continue;
    if (ahead !== undefined && makesUp(m, page)) found++;
    if (neighbour === vpn) {
      own = makesUp(m, page);
      continue;
    }
    const at = m.tables.make(vma.space.directory, neighbour);
    if (m.tables.get(at) !== 0) continue;
    mapPage(m, vma.space, at, page, objectBits(vma, false));
    if (vma.has(VM.locked)) lockEntry(m, at);
    mapped++;
  }
  if (ahead !== undefined) foundAround(m, vma, ahead, found, own, did === DID.read);
  return mapped;
}

/** do_cow_fault: a private mapping writes a page of its object for the first time. */
function copyFromObject(m: State, vma: Vma, vpn: number, at: number): void {
  const object = vma.object!;
  const index = vma.objectPageAt(vpn);
  const where = whereIs(m, object, index);
  if (where !== WHERE.memory && where !== WHERE.mappedInPlace) countObjectFault(m, vma, where, false, 0);
  const source = objectPage(m, vma, vpn, index, where, true);
  mapPage(m, vma.space, at, newCopy(m, vma, vpn, source), PTE.write | PTE.young | PTE.dirty);
}

/** do_wp_page: a write to a present entry that is not writable. */
function writeProtected(m: State, vma: Vma, vpn: number, at: number): void {
  const entry = m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  if (vma.has(VM.shared)) {
    // The first write to a page of a file, or the mapping was read-only in between: there is nothing to copy.
    m.tables.change(at, entry | PTE.write | PTE.young | PTE.dirty);
    m.ledger.cpu(PART.minor, m.costs.faults.cow_reuse.ns);
    dirtyObjectPage(m, vma.object!, page);
    m.reclaim.used(page);
    return;
  }
  if (m.huge?.writeProtected(vma, vpn, at)) return;
  if (isAnonPage(m, page) && isExclusive(m, page) && !isMerged(m, page) && ownsFolio(m, vma, page)) {
    m.tables.change(at, entry | PTE.write | PTE.young | PTE.dirty);
    freeSwapCache(m, page);
    m.counters.cow_reuse++;
    m.ledger.cpu(PART.cow, m.costs.faults.cow_reuse.ns);
    m.reclaim.used(page);
    return;
  }
  // The copy is made before the entry is cleared: to make room for it, reclaim may take the source.
  const copy = newCopy(m, vma, vpn, page);
  clearEntry(m, vma, at);
  m.flushTlb(PART.cow);
  mapPage(m, vma.space, at, copy, PTE.write | PTE.young | PTE.dirty);
}

/** Whether the space has all mappings of the folio that a page is part of, if it is of one. */
function ownsFolio(m: State, vma: Vma, page: number): boolean {
  return m.huge === undefined || m.huge.isExclusive(vma.space, page);
}

/** wp_page_copy: a new page with the contents of another. */
function newCopy(m: State, vma: Vma, vpn: number, source: number): number {
  const merged = isMerged(m, source);
  const copy = duplicate(m, vma, vpn, source);
  m.counters.cow_breaks++;
  if (merged) m.counters.cow_ksm++;
  m.ledger.cpu(PART.cow, copyNs(m, source, merged));
  return copy;
}

function duplicate(m: State, vma: Vma, vpn: number, source: number): number {
  // To make room for the copy, reclaim may take the source.
  const content = m.pages.contents.get(source);
  const copy = newAnonPage(m, vma, vpn);
  m.pages.contents.set(copy, content);
  return copy;
}

function copyNs({ costs }: State, source: number, merged: boolean): number {
  if (source === ZERO_PAGE) return costs.faults.cow_zero.ns;
  return merged ? costs.faults.cow_ksm.ns : costs.faults.cow_copy.ns;
}

/**
 * FAULT_FLAG_UNSHARE on a merged page or KSM's zero page: a copy of its own, which a write then need not make. It is
 * counted as the kernel does (pgfault, cow_ksm); no write happened, so it is not a copy-on-write break.
 *
 * @param part the stall part that pays
 */
export function unshare(m: State, vma: Vma, vpn: number, at: number, part: StallIndex): void {
  const page = m.tables.get(at) >>> PTE_SHIFT;
  const merged = isMerged(m, page);
  m.counters.pgfault++;
  vma.space.pgfault++;
  const copy = duplicate(m, vma, vpn, page);
  if (merged) m.counters.cow_ksm++;
  m.ledger.cpu(part, copyNs(m, page, merged));
  clearEntry(m, vma, at);
  m.flushTlb(part);
  mapPage(m, vma.space, at, copy, PTE.young);
  if (vma.has(VM.locked)) lockEntry(m, at);
}

/** do_swap_page on account of the kernel's own, as of a read: no fault of the program. */
export function swapInEntry(m: State, vma: Vma, vpn: number, at: number): void {
  swappedOut(m, vma, vpn, at, false);
  if (vma.has(VM.locked)) lockEntry(m, at);
}

/** do_swap_page: an entry of an anonymous page that was swapped out. */
function swappedOut(m: State, vma: Vma, vpn: number, at: number, write: boolean): void {
  const page = m.tables.get(at) >>> PTE_SHIFT;
  let bypassed = false;
  if (m.pages.resident[page] === 1) {
    m.ledger.cpu(PART.minor, m.costs.faults.cached.ns); // in the swap cache
    foundInSwapCache(m, page, vma, vpn);
    m.reclaim.used(page);
  } else {
    // A page without other references is read from a synchronous device past the swap cache (SWP_SYNCHRONOUS_IO).
    bypassed = m.swap.synchronous && m.swap.references(m.pages.slotOf(page)) === 1;
    countMajor(m, vma);
    swapInAnon(m, vma, vpn, page);
  }
  if (!mayMapFromSwap(m, vma, vpn, page)) {
    copyFromSwap(m, vma, vpn, at, page, write);
    return;
  }
  m.tables.set(at, 0);
  const frame = m.pages.location[page]!;
  const others = m.swap.dropReference(m.frames.slotOf(frame)) + m.frames.mapcount[frame]!;
  const merged = isMerged(m, page);
  // should_try_to_free_swap
  if (bypassed || vma.has(VM.locked) || (write && others === 0) || m.reclaim.swapScarce(page))
    freeSwapCache(m, page);
  if (write && others > 0 && !merged) {
    mapPage(m, vma.space, at, newCopy(m, vma, vpn, page), PTE.write | PTE.young | PTE.dirty);
    return;
  }
  // Before Linux 6.11 a page that a read swaps in is mapped read-only, so that its first write faults again.
  const mayWrite = write || m.settings.kernel >= KERNELS['6.12'];
  const writable = mayWrite && others === 0 && vma.has(VM.write) && !merged ? PTE.write : 0;
  mapPage(m, vma.space, at, page, writable | PTE.young | (write && !merged ? PTE.dirty : 0));
  if (write && merged) writeProtected(m, vma, vpn, at);
  m.merger.came(vma.space, vpn);
}

/**
 * ksm_might_need_to_copy: a page that was merged comes back from swap as an ordinary one, at the address that
 * faults first; other processes, whose reverse map does not lead to it, make copies. One that never left the swap cache is
 * merged still.
 */
function mayMapFromSwap(m: State, vma: Vma, vpn: number, page: number): boolean {
  const frame = m.pages.location[page]!;
  const number = m.frames.object[frame]!;
  const index = m.frames.index[frame]!;
  const object = m.objects.get(number);
  if (object.kind === 'ksm') return index >= 0 && vma.has(VM.mergeable);
  if (object.kind === 'shared') return true;
  const own = object === vma.anon || vma.inherited.includes(object);
  return own && object.indexOf(vma, vpn) === index;
}

/** The entry's page stays behind for others, or goes with its last reference. */
function copyFromSwap(m: State, vma: Vma, vpn: number, at: number, page: number, write: boolean): void {
  const copy = duplicate(m, vma, vpn, page);
  m.ledger.cpu(PART.cow, m.costs.faults.cow_copy.ns);
  clearEntry(m, vma, at);
  mapPage(m, vma.space, at, copy, PTE.young | (write ? PTE.write | PTE.dirty : 0));
}
