import { InputError } from '../../base/errors.js';
import { PART } from '../../cost/ledger.js';
import type { MapArg } from '../../trace/args.js';
import { clearHuge, hugeAt, hugeCeil, mapHuge } from '../entries/hugetlb.js';
import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import { hugeIds, newHugeIds, newHugePage } from '../object/hugetlb.js';
import { entryInLeaf, LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { type SharedObject, VM, type Vma } from '../state/vma.js';
import { CallFailure } from './failure.js';

/** What a fault came to, as `FAULTED` in fault.ts. */
const OK = 0;
const SIGBUS = 1;

function mustBeAligned(page: number, what: string): void {
  if (page % HUGETLB_PAGES !== 0)
    throw new CallFailure(
      'EINVAL',
      `${what} ${page} of a hugetlb mapping is not a multiple of 512 (EINVAL), expected whole pages of 2 MiB`,
    );
}

/**
 * How long a mapping is: of hugetlb, rounded up to whole pages (ksys_mmap_pgoff).
 *
 * @throws CallFailure EINVAL for a hugetlb mapping that begins within a page
 * @throws InputError for flags of hugetlb mappings on others
 */
export function hugetlbLength(m: State, page: number, count: number, arg: MapArg): number {
  const asked = arg.flags.has('hugetlb');
  if (asked && arg.name !== '')
    throw new InputError(
      'hugetlb of a mapping of an object is that of the object, expected a hugetlb:NAME object',
    );
  if (!asked && (arg.name === '' || m.objects.named(arg.name).backing !== 'hugetlb')) {
    if (arg.flags.has('noreserve'))
      throw new InputError('noreserve has no effect but on hugetlb mappings, expected it there');
    return count;
  }
  if (m.sample > 1)
    throw new InputError(
      'a sample of the pages has no whole pages of 2 MiB: hugetlb mappings need the whole trace',
    );
  mustBeAligned(page, 'page');
  mustBeAligned(arg.offset, 'offset');
  return hugeCeil(count);
}

/** @throws CallFailure EINVAL where [start, end) would cut a hugetlb page of a space in two (hugetlb_vm_op_split) */
export function mustNotCutHuge(space: Space, start: number, end: number): void {
  for (const at of [start, end]) {
    const vma = space.find(at);
    if (vma && vma.start < at && vma.has(VM.hugetlb)) mustBeAligned(at, 'page');
  }
}

/** Whether [start, end) of a VMA is all of it, or cut at whole hugetlb pages. */
export function cutsHuge(vma: Vma, start: number, end: number): boolean {
  if (!vma.has(VM.hugetlb)) return false;
  return (start > vma.start && start % HUGETLB_PAGES !== 0) || (end < vma.end && end % HUGETLB_PAGES !== 0);
}

/**
 * hugetlb_reserve_pages: a new mapping is promised the pages that it, or its object, does not have yet.
 *
 * @throws CallFailure ENOMEM where the pool is short
 */
export function promiseHuge(m: State, vma: Vma): void {
  const object = vma.object!;
  if (!vma.has(VM.noReserve) && !m.hugetlb.promise(holderOf(vma), neededBy(m, vma, object)))
    throw new CallFailure(
      'ENOMEM',
      `the pool has ${m.hugetlb.pool.free - m.hugetlb.pool.reserved} hugetlb pages that are free and not reserved, of ${m.hugetlb.pool.total} (ENOMEM), expected fewer to be mapped, noreserve, or a larger vm.nr_hugepages`,
    );
  // hugetlbfs_file_mmap: a writable mapping makes the file as long.
  const end = vma.objectPageAt(vma.end);
  if (vma.has(VM.write) && object.size < end) object.resize(end);
}

function holderOf(vma: Vma): Space | SharedObject {
  return vma.has(VM.shared) ? vma.object! : vma.space;
}

function neededBy(m: State, vma: Vma, object: SharedObject): number[] {
  const shared = vma.has(VM.shared);
  const first = shared ? vma.objectPage : vma.start;
  const has = m.hugetlb.promisesOf(holderOf(vma));
  return Array.from(
    { length: (vma.end - vma.start) / HUGETLB_PAGES },
    (_, i) => first + i * HUGETLB_PAGES,
  ).filter((part) => !has.has(part) && !(shared && !object.isHole(part)));
}

/** hugetlb_fault: all 2 MiB at once. SIGBUS beyond the end of the object, and where the pool has no page. */
export function hugetlbFault(m: State, vma: Vma, vpn: number, write: boolean): number {
  m.counters.pgfault++;
  vma.space.pgfault++;
  const first = vpn - entryInLeaf(vpn);
  const object = vma.object!;
  const index = vma.objectPageAt(first);
  if (index >= object.size) return SIGBUS;
  if (hugeAt(m, vma, first) !== 0) return writeProtected(m, vma, first);
  const cached = hugeIds(object, index);
  if (vma.has(VM.shared) || (cached && !write)) return mapShared(m, vma, first, index, cached, write);
  return mapPrivate(m, vma, first, cached);
}

function mapShared(
  m: State,
  vma: Vma,
  first: number,
  index: number,
  cached: Int32Array | undefined,
  write: boolean,
): number {
  const ids = cached ?? newHugePage(m, vma.object!, index);
  if (!ids) return SIGBUS;
  const writable = vma.has(VM.shared) && vma.has(VM.write) ? PTE.write : 0;
  mapHuge(m, vma, first, ids, PTE.young | writable | (write ? PTE.dirty : 0));
  m.ledger.cpu(PART.minor, cached ? m.costs.faults.cached.ns : m.costs.huge.hugetlb_fault.ns);
  return OK;
}

/** @param source what a write copies; undefined: zeros */
function mapPrivate(m: State, vma: Vma, first: number, source: Int32Array | undefined): number {
  if (!m.hugetlb.take(vma.space, first)) return SIGBUS;
  mapOwn(m, vma, first, source);
  const { hugetlb_copy, hugetlb_fault } = m.costs.huge;
  m.ledger.cpu(source ? PART.cow : PART.minor, source ? hugetlb_copy.ns : hugetlb_fault.ns);
  if (source) m.counters.cow_breaks++;
  return OK;
}

function mapOwn(m: State, vma: Vma, first: number, source: ArrayLike<number> | undefined): void {
  const pages = newHugeIds(m);
  if (source)
    for (let i = 0; i < HUGETLB_PAGES; i++) m.pages.contents.set(pages[i]!, m.pages.contents.get(source[i]!));
  m.hugetlb.privates.set(pages[0]!, { pages, mappings: 1 });
  mapHuge(m, vma, first, pages, PTE.young | (vma.has(VM.write) ? PTE.write | PTE.dirty : 0));
}

/** hugetlb_wp: a write to a mapped page that is not writable. */
function writeProtected(m: State, vma: Vma, first: number): number {
  const own = m.hugetlb.privates.get(hugeAt(m, vma, first));
  if (vma.has(VM.shared) || own?.mappings === 1) return makeWritable(m, vma, first);
  // Who was promised pages does not use its promises for a copy (cow_from_owner), and takes the page from the others if need be.
  if (!m.hugetlb.take(vma.space, first)) {
    if (!own || vma.has(VM.noReserve)) return SIGBUS;
    unmapFromOthers(m, vma, first);
    return makeWritable(m, vma, first);
  }
  const source = own?.pages ?? hugeIds(vma.object!, vma.objectPageAt(first))!;
  // Others map the source, or it is the object's: it stays.
  clearHuge(m, vma, first);
  mapOwn(m, vma, first, source);
  m.counters.cow_breaks++;
  m.ledger.cpu(PART.cow, m.costs.huge.hugetlb_copy.ns);
  return OK;
}

function makeWritable(m: State, vma: Vma, first: number): number {
  const at = vma.space.directory.entry(first);
  const bits = PTE.write | PTE.young | PTE.dirty;
  for (let i = 0; i < LEAF_ENTRIES; i++) m.tables.change(at + i, m.tables.get(at + i) | bits);
  if (!vma.has(VM.shared)) m.counters.cow_reuse++;
  m.ledger.cpu(vma.has(VM.shared) ? PART.minor : PART.cow, m.costs.faults.cow_reuse.ns);
  return OK;
}

/** unmap_ref_private: the pool is short, and children lose the page. Their next access is SIGBUS unless the pool has one again. */
function unmapFromOthers(m: State, vma: Vma, first: number): void {
  const head = hugeAt(m, vma, first);
  for (const other of vma.object!.mappings) {
    const vpn = other.start + vma.objectPageAt(first) - other.objectPage;
    if (other === vma || vpn < other.start || vpn >= other.end) continue;
    if (hugeAt(m, other, vpn) === head) clearHuge(m, other, vpn);
  }
}

/** copy_hugetlb_page_range: both sides lose the right to write private pages in place. */
export function copyHugetlb(m: State, vma: Vma, copy: Vma): void {
  for (const part of [...vma.space.directory.leavesIn(vma.start, vma.end)]) {
    const head = hugeAt(m, vma, part.from);
    if (head === 0) continue;
    const own = m.hugetlb.privates.get(head);
    if (own) own.mappings++;
    const ids = Int32Array.from({ length: LEAF_ENTRIES }, (_, i) => {
      const entry = m.tables.get(part.at + i);
      m.tables.change(part.at + i, entry & ~PTE.write);
      return entry >>> PTE_SHIFT;
    });
    mapHuge(m, copy, part.from, ids, 0);
  }
}

/** move_hugetlb_page_tables: entries and promises of a VMA move. */
export function moveHugetlb(m: State, vma: Vma, to: number): void {
  const { space } = vma;
  for (const part of [...space.directory.leavesIn(vma.start, vma.end)]) {
    const target = m.tables.makeStandIn(space.directory, part.from - vma.start + to);
    for (let i = 0; i < LEAF_ENTRIES; i++) {
      m.tables.set(target + i, m.tables.get(part.at + i));
      m.tables.set(part.at + i, 0);
    }
  }
  if (!vma.has(VM.shared)) m.hugetlb.move(space, vma.start, vma.end, to);
}

/** How many pages mremap moves: whole hugetlb pages. @throws CallFailure EINVAL for addresses within them */
export function hugetlbMoved(page: number, count: number, to: number): number {
  mustBeAligned(page, 'page');
  mustBeAligned(to, 'page');
  return hugeCeil(count);
}
