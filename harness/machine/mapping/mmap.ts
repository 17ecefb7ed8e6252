import { InputError } from '../../base/errors.js';
import type { MapArg } from '../../trace/args.js';
import { PAGE_LIMIT } from '../../trace/op.js';
import { isAnonPage, isExclusive, isMerged, mapPage } from '../entries/entry.js';
import { zapRange } from '../entries/page-walk.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { releaseIfDead } from '../object/lifetime.js';
import { identify } from '../object/page-in.js';
import { entryInLeaf, LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { type SharedObject, VM, VM_LOCKED_MASK, Vma } from '../state/vma.js';
import { CallFailure } from './failure.js';
import { FAULTED, fault, lockEntry } from './fault.js';
import { hugetlbLength, mustNotCutHuge, promiseHuge } from './hugetlb.js';
import { mergeNew } from './merging.js';
import { changeFlags, mustHaveRoom, splitVma, tooManyVmas } from './modify.js';

/** Flags of a new VMA. Source: mmap_region in mm/mmap.c. */
function flagsOf(arg: MapArg, object: SharedObject | undefined, futureLock: number): number {
  const shared = arg.kind === 'shared' || arg.kind === 'anon-shared';
  const { flags } = arg;
  let bits: number = VM.read;
  if (shared) bits |= VM.shared;
  // A writable mapping of a sealed object is older than its F_SEAL_FUTURE_WRITE; the others never become writable.
  const mayWrite = !shared || !(flags.has('rofd') || (flags.has('ro') && object?.options.sealed));
  if (mayWrite) bits |= VM.mayWrite;
  if (mayWrite && !flags.has('ro')) bits |= VM.write;
  if (!shared && bits & VM.write && !flags.has('droppable')) bits |= VM.account; // accountable_mapping
  if (flags.has('exec')) bits |= VM.exec;
  if (flags.has('locked')) bits |= VM.locked;
  bits |= futureLock;
  if (flags.has('random')) bits |= VM.random;
  if (flags.has('sequential')) bits |= VM.sequential;
  // Source: MAP_DROPPABLE in mm/mmap.c; what may vanish is not inherited, not dumped and not locked.
  if (flags.has('droppable')) bits = (bits & ~VM_LOCKED_MASK) | VM.droppable | VM.wipeOnFork | VM.dontDump;
  // Pages that cannot be reclaimed need no lock (mmap_region, mlock_fixup).
  if (object?.backing === 'xip') bits = (bits & ~VM_LOCKED_MASK) | VM.mixedMap;
  if (object?.backing === 'pfn') bits = (bits & ~VM_LOCKED_MASK) | VM.pfnMap | VM.dontDump;
  if (object?.backing === 'hugetlb') {
    bits = (bits & ~(VM_LOCKED_MASK | VM.account)) | VM.hugetlb;
    if (flags.has('noreserve')) bits |= VM.noReserve;
  }
  return bits;
}

export function checkRange(page: number, count: number): void {
  if (page + count > PAGE_LIMIT)
    throw new InputError(`pages ${page} to ${page + count - 1} go beyond the address space of 2^45 pages`);
}

/**
 * mmap(MAP_FIXED): replaces whatever the range holds. A space may have one VMA more than vm.max_map_count before this is
 * refused (do_mmap in mm/mmap.c).
 *
 * @throws CallFailure ENOMEM for too many VMAs: nothing has changed; for too few hugetlb pages; EINVAL within one
 * @throws InputError when the object does not exist
 */
export function map(m: State, space: Space, page: number, length: number, arg: MapArg): void {
  if (length === 0) return;
  if (arg.flags.has('droppable') && (arg.kind !== 'anon' || arg.flags.has('hugetlb')))
    throw new CallFailure('EINVAL', `a droppable mapping of ${arg.kind} memory (EINVAL), expected anon`);
  const count = hugetlbLength(m, page, length, arg);
  checkRange(page, count);
  const object = objectOf(m, count, arg);
  if (object?.backing === 'pfn' && arg.offset + count > object.size)
    throw new InputError(`pfn:${arg.name} has ${object.size} pages, expected a mapping of pages within`);
  if (space.vmas.length > m.settings.maxMapCount) throw tooManyVmas(m, space, page);
  unmap(m, space, page, count);
  space.insert(
    new Vma({
      start: page,
      end: page + count,
      flags: m.ksm.newFlags(space, flagsOf(arg, object, space.futureLock)),
      space,
      object,
      objectPage: arg.offset,
    }),
  );
  if (object?.backing === 'hugetlb') promiseOrRemove(m, space.find(page)!);
  mergeNew(m, space, page, page + count);
  m.countVmas(space);
  if (object?.backing === 'pfn') mapFrameNumbers(m, space, page, count, object, arg.offset);
  else if (arg.flags.has('locked') || arg.flags.has('populate') || space.futureLock !== 0)
    populate(m, space, page, page + count, true);
}

/** @throws CallFailure ENOMEM where the pool of hugetlb pages is short: what was mapped before is gone, and this is not there either */
function promiseOrRemove(m: State, vma: Vma): void {
  try {
    promiseHuge(m, vma);
  } catch (error) {
    removeVma(m, vma);
    throw error;
  }
}

/** remap_pfn_range: a range of page frame numbers is mapped whole, at once, and linearly. Private copies come later. */
function mapFrameNumbers(
  m: State,
  space: Space,
  page: number,
  count: number,
  object: SharedObject,
  offset: number,
): void {
  const vma = space.find(page)!;
  const writable = vma.has(VM.shared) && vma.has(VM.write);
  for (let i = 0; i < count; i++) {
    const at = m.tables.make(space.directory, page + i);
    mapPage(m, space, at, identify(m, object, offset + i), writable ? PTE.write : 0);
  }
}

function objectOf(m: State, count: number, arg: MapArg): SharedObject | undefined {
  const huge = arg.flags.has('hugetlb');
  if (arg.kind === 'anon' && !huge) return undefined;
  if (arg.kind === 'anon-shared' || huge)
    return m.objects.createShared(undefined, count, {
      backing: arg.flags.has('hugetlb') ? 'hugetlb' : 'shmem',
      sealed: false,
      descriptor: false,
      structPages: false,
    });
  const object = m.objects.named(arg.name);
  if (object.closed && object.inMemory)
    throw new InputError(`object ${arg.name} is closed, expected its map before its close`);
  return object;
}

/** munmap: holes are skipped. @throws CallFailure ENOMEM when it would cut a VMA in two and there are too many, EINVAL when it would cut a hugetlb page: nothing has changed */
export function unmap(m: State, space: Space, page: number, count: number): void {
  const end = page + count;
  if (count === 0 || !space.maps(page, end)) return;
  const vma = space.find(page);
  if (vma && vma.start < page && vma.end > end) mustHaveRoom(m, space, page, 1);
  mustNotCutHuge(space, page, end);
  splitVma(m, space, page);
  splitVma(m, space, end);
  const gone = space.overlapping(page, end);
  m.purge.dropped(space, page, end);
  for (const vma of gone) {
    zapRange(m, vma, vma.start, vma.end, true);
    if (vma.has(VM.hugetlb) && !vma.has(VM.shared)) m.hugetlb.unpromise(space, vma.start, vma.end);
    removeVma(m, vma);
  }
  for (const vma of gone) freeTables(m, space, vma.start, vma.end, false);
  m.countVmas(space);
}

/** Takes an emptied VMA out, and drops what nothing refers to any more. */
function removeVma(m: State, vma: Vma): void {
  vma.space.remove(vma);
  if (vma.object) releaseIfDead(m, vma.object);
  for (const anon of [vma.anon, ...vma.inherited]) if (anon && !anon.inUse) m.objects.drop(anon);
}

/**
 * Gives back empty page-table pages of [start, end). munmap frees those that no VMA needs any more (free_pgtables);
 * MADV_DONTNEED, with `wholeOnly`, those whose whole range it emptied (try_to_free_pte).
 */
export function freeTables(m: State, space: Space, start: number, end: number, wholeOnly: boolean): void {
  for (const part of space.directory.leavesIn(start, end)) {
    if (!m.tables.isEmpty(part.leaf)) continue;
    const first = part.from - entryInLeaf(part.from);
    const whole = part.to - part.from === LEAF_ENTRIES;
    if (wholeOnly ? whole : !space.maps(first, first + LEAF_ENTRIES))
      m.tables.release(space.directory, first);
  }
}

/**
 * Faults in every page of a range, as MAP_POPULATE and mlock do: private writable memory for writing. Where a page cannot
 * be had, mmap goes on with the next VMA (`ignoreErrors`), and mlock ends: false. Source: __mm_populate in mm/gup.c.
 */
export function populate(m: State, space: Space, start: number, end: number, ignoreErrors: boolean): boolean {
  for (const vma of space.overlapping(start, end)) {
    if (!populateVma(m, vma, Math.max(start, vma.start), Math.min(end, vma.end)) && !ignoreErrors)
      return false;
  }
  return true;
}

/** False at the first page that cannot be had. */
function populateVma(m: State, vma: Vma, start: number, end: number): boolean {
  if (vma.has(VM.lockOnFault)) return true;
  if (!vma.has(VM.read | VM.write | VM.exec)) return false;
  const write = vma.has(VM.write) && !vma.has(VM.shared);
  const need = write ? PTE.present | PTE.write : PTE.present;
  for (let vpn = start; vpn < end; vpn++) {
    const at = m.tables.find(vma.space.directory, vpn);
    if (at >= 0 && (m.tables.get(at) & need) === need) {
      if (vma.has(VM.locked)) lockEntry(m, at);
    } else if (fault(m, vma, vpn, write) !== FAULTED.ok) return false;
  }
  return true;
}

/**
 * mprotect: works through the VMAs by address, and ends at the first that it cannot change; what lies before is changed
 * (do_mprotect_pkey in mm/mprotect.c).
 *
 * @throws CallFailure ENOMEM when a part is not mapped, or there would be too many VMAs; EACCES when it may not be made writable
 */
export function protect(
  m: State,
  space: Space,
  page: number,
  count: number,
  protection: 'ro' | 'rw' | 'none',
): void {
  if (count === 0) return;
  const end = page + count;
  const allowed = protection === 'rw' ? VM.read | VM.write : protection === 'ro' ? VM.read : 0;
  const change = (vma: Vma): number => {
    if (protection === 'rw' && !vma.has(VM.mayWrite))
      throw new CallFailure(
        'EACCES',
        'protect rw on a shared mapping of a read-only descriptor or a sealed object (EACCES), expected ro or none',
      );
    return accounted(vma, (vma.flags & ~(VM.read | VM.write)) | allowed);
  };
  changeFlags(m, space, page, end, 'protect', change, (from, to) => {
    eachEntry(m, space, from, to, (vma, at) => {
      const entry = m.tables.get(at);
      m.shootdowns?.changed(space);
      m.tables.change(
        at,
        protection === 'rw' && mayBecomeWritable(m, vma, entry) ? entry | PTE.write : entry & ~PTE.write,
      );
    });
  });
}

/** mprotect_fixup: VM_ACCOUNT comes with the right to write, and goes with it only while nothing anonymous can be there. */
function accounted(vma: Vma, flags: number): number {
  if (flags & VM.write) return flags & (VM.shared | VM.droppable) ? flags : flags | VM.account;
  return vma.isAnonymous && !vma.anon && vma.inherited.length === 0 ? flags & ~VM.account : flags;
}

/** Visits the present entries of a range, except those of the zero page. */
export function eachEntry(
  m: State,
  space: Space,
  start: number,
  stop: number,
  visit: (vma: Vma, at: number) => void,
): void {
  for (const vma of space.overlapping(start, stop)) {
    for (const part of space.directory.leavesIn(Math.max(start, vma.start), Math.min(stop, vma.end))) {
      const end = part.at + part.to - part.from;
      const next = (at: number) => m.tables.nextWith(PTE.present, at, end);
      for (let at = next(part.at); at < end; at = next(at + 1))
        if (m.tables.get(at) >>> PTE_SHIFT !== ZERO_PAGE) visit(vma, at);
    }
  }
}

/** can_change_pte_writable: spares the fault where a write could go on without a copy. */
function mayBecomeWritable(m: State, vma: Vma, entry: number): boolean {
  // A clean page of a file must be faulted on, so that its file system hears of the first write (vma_wants_writenotify).
  if (vma.has(VM.shared)) return vma.object?.inMemory === true || (entry & PTE.dirty) !== 0;
  const page = entry >>> PTE_SHIFT;
  if (m.huge && !m.huge.isExclusive(vma.space, page)) return false;
  return isAnonPage(m, page) && isExclusive(m, page) && !isMerged(m, page);
}

/** @throws CallFailure EFAULT when a part is not mapped (mremap) */
export function mustBeMapped(space: Space, page: number, count: number, op: string): void {
  let vpn = page;
  for (const vma of space.overlapping(page, page + count)) {
    if (vma.start > vpn) break;
    vpn = vma.end;
  }
  if (vpn < page + count)
    throw new CallFailure(
      'EFAULT',
      `${op} of page ${vpn} in space ${space.id} is outside every mapping, expected it mapped`,
    );
}
