import type { Device } from '../../cost/device.js';
import { PART } from '../../cost/ledger.js';
import type { Machine } from '../machine.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { ANON_REACH, type AnonObject } from '../object/anon.js';
import type { SharedObject } from '../object/shared.js';
import { clearEntry, isAnonPage, isExclusive, mapPage, mapZeroPage } from './entry.js';
import { entryInLeaf, LEAF_ENTRIES, PTE, PTE_SHIFT } from './page-table.js';
import { VM, type Vma } from './vma.js';

/** Pages that one read fault maps at most. Source: fault_around_bytes in mm/memory.c, 64 KiB. */
const FAULT_AROUND_PAGES = 16;

/** What a fault did, apart from making the entry. */
export const FAULTED = { ok: 0, sigbus: 1 } as const;

/**
 * handle_mm_fault: makes the entry of a page so that the access can go on. The access is allowed by the VMA; the entry
 * is absent, swapped out, or present and write-protected. SIGBUS beyond the end of an object leaves it absent.
 */
export function fault(m: Machine, vma: Vma, vpn: number, write: boolean): number {
  m.counters.pgfault++;
  vma.space.pgfault++;
  const at = m.tables.make(vma.space.directory, vpn);
  const entry = m.tables.entries[at] as number;
  if (entry & PTE.present) writeProtected(m, vma, vpn, at);
  else if (entry !== 0) swappedOut(m, vma, vpn, at, write);
  else if (vma.object === undefined) anonymous(m, vma, vpn, at, write);
  else if (vma.objectPageAt(vpn) >= vma.object.size) return sigbus(m);
  else if (vma.has(VM.shared) || !write) shared(m, vma, vpn, at, write);
  else copyFromObject(m, vma, vpn, at);
  if (vma.has(VM.locked)) lockEntry(m, at);
  return FAULTED.ok;
}

/** mlock_vma_folio: a page that a locked VMA maps is out of reclaim's reach. */
export function lockEntry(m: Machine, at: number): void {
  const page = (m.tables.entries[at] as number) >>> PTE_SHIFT;
  if (page !== ZERO_PAGE) m.reclaim.recheck(page);
}

function sigbus(m: Machine): number {
  m.counters.sigbus++;
  m.ledger.cpu(PART.sigbus, m.costs.signals.sigbus.ns);
  return FAULTED.sigbus;
}

/** do_anonymous_page: a read maps the shared zero page, a write a new page of zeros. */
function anonymous(m: Machine, vma: Vma, vpn: number, at: number, write: boolean): void {
  const { faults } = m.costs;
  if (!write) {
    mapZeroPage(m, at);
    m.ledger.cpu(PART.minor, faults.anon_read.ns);
    return;
  }
  mapPage(m, vma.space, at, newAnonPage(m, vma, vpn), PTE.write | PTE.young | PTE.dirty);
  m.ledger.cpu(PART.minor, faults.anon_write.ns);
}

/** A page of zeros in memory, filed under the VMA's anonymous object. */
function newAnonPage(m: Machine, vma: Vma, vpn: number): number {
  const anon = anonObject(m, vma, vpn);
  const page = m.pages.create();
  m.reclaim.bringIn(page, anon.number, anon.indexOf(vma, vpn));
  m.pages.markDirty(page);
  return page;
}

/** anon_vma_prepare: the object new pages of a VMA are filed under, made at the first. */
function anonObject(m: Machine, vma: Vma, vpn: number): AnonObject {
  if (!vma.anon) {
    vma.anon = m.objects.createAnon(vma.start - vma.shift);
    vma.anon.attach(vma);
  }
  const index = vma.anon.indexOf(vma, vpn);
  if (index >= ANON_REACH || index < -ANON_REACH)
    throw new RangeError('an anonymous mapping spans more than 2^31 pages');
  return vma.anon;
}

/** do_read_fault, do_shared_fault: maps the object's page, and at a read its neighbours too. */
function shared(m: Machine, vma: Vma, vpn: number, at: number, write: boolean): void {
  const object = vma.object as SharedObject;
  const index = vma.objectPageAt(vpn);
  const known = object.page(index);
  const inMemory = known !== 0 && m.pages.resident[known] === 1;
  const around = write ? 0 : faultAround(m, vma, vpn);
  const { faults } = m.costs;
  if (inMemory) {
    m.ledger.cpu(PART.minor, faults.cached.ns + around * faults.around.ns);
    m.reclaim.used(known);
  } else if (known !== 0) readFromSwap(m, vma, known, object.number, index);
  else
    m.ledger.cpu(
      PART.minor,
      (write ? faults.shmem_write.ns : faults.shmem_read.ns) + around * faults.around.ns,
    );
  const page = known !== 0 ? known : newObjectPage(m, object, index);
  if (known !== 0 && !inMemory) freeObjectSlot(m, page);
  if (write) m.pages.markDirty(page);
  mapPage(m, vma.space, at, page, objectBits(vma, write));
}

/** Shared writable mappings of shmem are mapped writable at once; private ones wait for their copy. */
function objectBits(vma: Vma, write: boolean): number {
  const bits = write ? PTE.young | PTE.dirty : PTE.young;
  return vma.has(VM.shared) && vma.has(VM.write) ? bits | PTE.write : bits;
}

/** A page of zeros in memory at a hole of an object. */
export function newObjectPage(m: Machine, object: SharedObject, index: number): number {
  const page = m.pages.create();
  m.reclaim.bringIn(page, object.number, index);
  m.pages.markDirty(page); // not on any device yet
  object.setPage(index, page);
  return page;
}

/**
 * do_fault_around: maps those neighbours that are in memory already. Measured: from the fault's address rounded down
 * to 16 pages, or the VMA's start, 16 pages on, cut at the end of VMA and leaf. Gives how many it mapped.
 */
function faultAround(m: Machine, vma: Vma, vpn: number): number {
  const object = vma.object as SharedObject;
  const from = Math.max(vpn - (vpn % FAULT_AROUND_PAGES), vma.start);
  const leafEnd = vpn - entryInLeaf(vpn) + LEAF_ENTRIES;
  const to = Math.min(from + FAULT_AROUND_PAGES, vma.end, leafEnd, vma.start + object.size - vma.objectPage);
  let mapped = 0;
  for (let neighbour = from; neighbour < to; neighbour++) {
    if (neighbour === vpn) continue;
    const page = object.page(vma.objectPageAt(neighbour));
    if (page === 0 || m.pages.resident[page] === 0) continue;
    const at = m.tables.find(vma.space.directory, neighbour);
    if ((m.tables.entries[at] as number) !== 0) continue;
    mapPage(m, vma.space, at, page, objectBits(vma, false));
    mapped++;
  }
  return mapped;
}

/** do_cow_fault: a private mapping writes a page of its object for the first time. */
function copyFromObject(m: Machine, vma: Vma, vpn: number, at: number): void {
  const object = vma.object as SharedObject;
  const index = vma.objectPageAt(vpn);
  let source = object.page(index);
  if (source === 0) source = newObjectPage(m, object, index);
  else if (m.pages.resident[source] === 0) {
    readFromSwap(m, vma, source, object.number, index);
    freeObjectSlot(m, source);
  } else m.reclaim.used(source);
  mapPage(m, vma.space, at, newCopy(m, vma, vpn, source), PTE.write | PTE.young | PTE.dirty);
}

/** do_wp_page: a write to a present entry that is not writable. */
function writeProtected(m: Machine, vma: Vma, vpn: number, at: number): void {
  const entry = m.tables.entries[at] as number;
  const page = entry >>> PTE_SHIFT;
  if (vma.has(VM.shared)) {
    // The mapping was made read-only and writable again; there is nothing to copy.
    m.tables.entries[at] = entry | PTE.write | PTE.young | PTE.dirty;
    m.ledger.cpu(PART.minor, m.costs.faults.cow_reuse.ns);
    m.reclaim.used(page);
    return;
  }
  if (page !== ZERO_PAGE && isAnonPage(m, page) && isExclusive(m, page)) {
    m.tables.entries[at] = entry | PTE.write | PTE.young | PTE.dirty;
    freeSwapCache(m, page);
    m.counters.cow_reuse++;
    m.ledger.cpu(PART.cow, m.costs.faults.cow_reuse.ns);
    m.reclaim.used(page);
    return;
  }
  // The copy is made before the entry is cleared: to make room for it, reclaim may take the source.
  const copy = newCopy(m, vma, vpn, page);
  clearEntry(m, vma, at);
  mapPage(m, vma.space, at, copy, PTE.write | PTE.young | PTE.dirty);
}

/** wp_page_copy: a new page with the contents of another. */
function newCopy(m: Machine, vma: Vma, vpn: number, source: number): number {
  const content = m.pages.contents.get(source);
  const copy = newAnonPage(m, vma, vpn);
  m.pages.contents.set(copy, content);
  m.counters.cow_breaks++;
  m.ledger.cpu(PART.cow, source === ZERO_PAGE ? m.costs.faults.cow_zero.ns : m.costs.faults.cow_copy.ns);
  return copy;
}

/** do_swap_page: an entry of an anonymous page that was swapped out. */
function swappedOut(m: Machine, vma: Vma, vpn: number, at: number, write: boolean): void {
  const page = (m.tables.entries[at] as number) >>> PTE_SHIFT;
  if (m.pages.resident[page] === 1) {
    m.ledger.cpu(PART.minor, m.costs.faults.cached.ns); // in the swap cache
    m.reclaim.used(page);
  } else {
    const anon = swapInObject(m, vma, vpn, page);
    readFromSwap(m, vma, page, anon.number, anon.indexOf(vma, vpn));
  }
  m.tables.set(at, 0);
  const frame = m.pages.place[page] as number;
  const others = m.swap.dropReference(m.frames.slot[frame] as number) + (m.frames.mapcount[frame] as number);
  if (write && others > 0) {
    mapPage(m, vma.space, at, newCopy(m, vma, vpn, page), PTE.write | PTE.young | PTE.dirty);
    return;
  }
  const writable = others === 0 && vma.has(VM.write) ? PTE.write : 0;
  mapPage(m, vma.space, at, page, writable | PTE.young | (write ? PTE.dirty : 0));
  if (write) freeSwapCache(m, page);
}

/** __folio_set_anon: a page that others share is filed under the oldest object, where all of them find it. */
function swapInObject(m: Machine, vma: Vma, vpn: number, page: number): AnonObject {
  const shared = m.swap.references(m.pages.slotOf(page)) > 1;
  const oldest = vma.inherited[0];
  return shared && oldest ? oldest : anonObject(m, vma, vpn);
}

/** Brings a swapped-out page in: the fault is a major one. Its slot stays, in the swap cache. */
function readFromSwap(m: Machine, vma: Vma, page: number, object: number, index: number): void {
  m.reclaim.bringIn(page, object, index);
  m.counters.pgmajfault++;
  m.counters.pswpin++;
  vma.space.pgmajfault++;
  const cpu = m.costs.faults.major_cpu.ns;
  m.ledger.cpu(PART.major, cpu);
  const whole = (m.swapDevice as Device).read(m.ledger.nowNs, m.ledger.thread);
  m.ledger.io(PART.major, Math.max(0, whole - cpu));
}

/** A page of an object has come back from swap: the object holds it again, and the slot is free (shmem_swapin). */
function freeObjectSlot(m: Machine, page: number): void {
  m.swap.dropReference(m.frames.slot[m.pages.place[page] as number] as number);
  freeSwapCache(m, page);
}

/** Gives back the slot of a page in the swap cache that nobody else refers to: its contents are about to differ. */
function freeSwapCache(m: Machine, page: number): void {
  const frame = m.pages.place[page] as number;
  const slot = m.frames.slot[frame] as number;
  if (slot < 0 || m.swap.references(slot) > 0) return;
  m.frames.setSlot(frame, -1);
  m.swap.free(slot);
  m.pages.markDirty(page);
}
