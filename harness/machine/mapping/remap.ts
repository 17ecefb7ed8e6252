import { InputError } from '../../base/errors.js';
import { PART } from '../../cost/ledger.js';
import type { RemapArg } from '../../trace/args.js';
import { COUNT_LIMIT } from '../../trace/op.js';
import { entryInLeaf, LEAF_ENTRIES, type LeafPart, PTE } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, Vma } from '../state/vma.js';
import { CallFailure } from './failure.js';
import { hugetlbMoved, moveHugetlb } from './hugetlb.js';
import { mergeChanged } from './merging.js';
import { checkRange, freeTables, mustBeMapped, populate, unmap } from './mmap.js';
import { splitVma, tooManyVmas } from './modify.js';

/**
 * mremap.
 *
 * @throws CallFailure when the first page is not mapped, the range overlaps its target or grows over several mappings, or there is
 * no room: nothing has changed. Before Linux 6.17 also when it moves several mappings: its target is unmapped then
 */
export function remap(m: State, space: Space, page: number, count: number, arg: RemapArg): void {
  if (arg.to !== undefined) move(m, space, page, count, arg.to);
  else grow(m, space, page, count, arg.grow);
  m.countVmas(space);
}

function grow(m: State, space: Space, page: number, count: number, pages: number): void {
  const end = page + count;
  if (pages === 0) return;
  if (space.find(page)?.has(VM.hugetlb))
    throw new CallFailure('EINVAL', 'remap grows a hugetlb mapping (EINVAL), whose reserve cannot grow');
  checkRange(end, pages);
  const vma = space.find(end - 1);
  mustBeMapped(space, page, 1, 'remap');
  if (!vma || vma.start > page)
    throw new CallFailure('EFAULT', `remap grows pages from ${page} on, which are not one mapping (EFAULT)`);
  if (vma.end !== end)
    throw new CallFailure('ENOMEM', `remap grows at page ${end}, which is not the end of a mapping (ENOMEM)`);
  if (space.maps(end, end + pages))
    throw new CallFailure('ENOMEM', `remap grows over pages that are mapped, from page ${end} on (ENOMEM)`);
  if (vma.has(VM.pfnMap))
    throw new CallFailure('EFAULT', 'remap grows a mapping of page frame numbers (EFAULT: VM_DONTEXPAND)');
  if (vma.end - vma.start + pages > COUNT_LIMIT)
    throw new InputError('remap grows a mapping beyond 2^31 - 1 pages');
  vma.end = end + pages;
  // What a volatile mapping grows by has its flags.
  if (vma.has(VM.volatile)) m.purge.marked(space, end, end + pages);
  mergeChanged(m, space, end, vma.end);
  if (vma.has(VM.locked)) populate(m, space, end, end + pages, true);
}

/** Moves VMAs and their entries; anonymous pages stay filed under their old page numbers (`Vma.shift`). */
function move(m: State, space: Space, page: number, length: number, to: number): void {
  if (length === 0 || to === page) return;
  const count = space.find(page)?.has(VM.hugetlb) ? hugetlbMoved(page, length, to) : length;
  checkRange(to, count);
  if (to < page + count && page < to + count)
    throw new CallFailure(
      'EINVAL',
      'remap moves a range onto itself (EINVAL), expected ranges that do not overlap',
    );
  // mremap_to wants room for all that may be split, before it changes anything.
  if (space.vmas.length + 2 >= m.settings.maxMapCount - 3) throw tooManyVmas(m, space, page);
  mustBeMapped(space, page, 1, 'remap');
  clearTarget(m, space, page, count, to);
  splitVma(m, space, page);
  splitVma(m, space, page + count);
  for (const vma of space.overlapping(page, page + count)) {
    const target = vma.start - page + to;
    // Merged pages are unmerged: items stand for addresses (move_vma).
    if (vma.has(VM.mergeable)) m.ksm.unmerge(vma, vma.start, vma.end, PART.discard);
    if (vma.has(VM.hugetlb)) moveHugetlb(m, vma, target);
    else moveEntries(m, space, vma.start, vma.end, target);
    const moved = new Vma({
      start: target,
      end: target + (vma.end - vma.start),
      flags: vma.flags,
      space,
      object: vma.object,
      objectPage: vma.objectPage,
      // A VMA without pages of its own is filed by its new addresses, as the kernel does, and can merge with neighbours there.
      shift: vma.anon || vma.inherited.length > 0 ? vma.shift + target - vma.start : 0,
      anon: vma.anon,
      inherited: vma.inherited,
      swapHistory: vma.swapHistory,
    });
    space.insert(moved);
    space.remove(vma);
    if (moved.has(VM.mergeable)) m.merger.rangeCame(moved, moved.start, moved.end);
    m.purge.moved(space, vma.start, vma.end, target);
  }
  freeTables(m, space, page, page + count, false);
  mergeChanged(m, space, to, to + count);
}

/** Unmaps where mappings will come. Holes between them stay as they are there, since each is moved by itself (remap_move). */
function clearTarget(m: State, space: Space, page: number, count: number, to: number): void {
  const end = page + count;
  if (m.settings.kernel >= KERNELS['6.18']) {
    for (const vma of space.overlapping(page, end)) {
      const start = Math.max(vma.start, page);
      unmap(m, space, start - page + to, Math.min(vma.end, end) - start);
    }
    return;
  }
  unmap(m, space, to, count);
  if (space.find(page)!.end < end)
    throw new CallFailure(
      'EFAULT',
      `remap moves more than one mapping, from page ${page} on (EFAULT before Linux 6.17)`,
    );
}

function moveEntries(m: State, space: Space, start: number, end: number, to: number): void {
  for (const part of space.directory.leavesIn(start, end)) {
    const target = part.from - start + to;
    if (m.huge?.isSharedPmd(part.leaf) && !moveSharedPmd(m, space, part, target)) continue;
    // move_page_tables makes the new tables, for no entry too.
    m.tables.make(space.directory, target);
    m.tables.make(space.directory, part.to - 1 - start + to);
    moveHuge(m, space, part, target);
    const stop = part.at + part.to - part.from;
    for (let at = m.tables.nextUsed(part.at, stop); at < stop; at = m.tables.nextUsed(at + 1, stop)) {
      const entry = m.tables.get(at);
      if (entry & PTE.present) m.shootdowns?.changed(space);
      const moved = m.tables.make(space.directory, target + at - part.at);
      m.tables.set(at, 0);
      m.tables.set(moved, entry);
    }
  }
}

/** move_huge_pmd of shared memory, which has no table. False where the huge page is not one there: it is unmapped. */
function moveSharedPmd(m: State, space: Space, { leaf, from, to }: LeafPart, target: number): boolean {
  if (to - from === LEAF_ENTRIES && entryInLeaf(target) === 0 && space.directory.leaf(target) < 0) {
    m.tables.makeStandIn(space.directory, target);
    return true;
  }
  m.huge!.splitPmd(leaf);
  return false;
}

/** move_huge_pmd: a huge page stays one where it lies as before in its table; else it is mapped by page tables. */
function moveHuge(m: State, space: Space, { leaf, from, to }: LeafPart, target: number): void {
  if (!m.huge?.isPmd(leaf)) return;
  if (to - from === LEAF_ENTRIES && entryInLeaf(target) === 0)
    m.huge.pmdMoved(leaf, space.directory.leaf(target), target);
  else m.huge.splitPmd(leaf);
}
