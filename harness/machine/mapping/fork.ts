import { InputError } from '../../base/errors.js';
import { PART } from '../../cost/ledger.js';
import { isAnonPage, mapPage } from '../entries/entry.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, VM_LOCKED_MASK, Vma } from '../state/vma.js';
import { newAnonPage } from './anon-page.js';
import { copyHugetlb } from './hugetlb.js';
import { unmap } from './mmap.js';

/** A new empty space. @throws InputError when the id is in use */
export function spawn(m: State, id: number, name: string): Space {
  if (m.spaces.has(id)) throw new InputError(`space ${id} exists already, expected the id of none`);
  const space = new Space(id, name);
  m.spaces.set(id, space);
  m.allSpacesEver.push(space);
  m.pss.spaceAdded(space);
  return space;
}

/** Ends a space: all its mappings go. */
export function exit(m: State, space: Space): void {
  const last = space.vmas.at(-1);
  const first = space.vmas[0];
  if (first && last) unmap(m, space, first.start, last.end - first.start);
  m.pins.exited(m, space);
  m.ksm.exited(space);
  m.removeSpace(space);
}

/**
 * fork: the child gets a copy-on-write copy. Mappings without private pages are not copied entry by entry: the child
 * faults them in (vma_needs_copy). Locks are not inherited; MADV_DONTFORK leaves a mapping out, the child of
 * MADV_WIPEONFORK memory gets an empty one.
 */
export function fork(m: State, parent: Space, childId: number): Space {
  const child = spawn(m, childId, parent.name);
  child.oomScoreAdj = parent.oomScoreAdj;
  m.ksm.forked(parent, child);
  child.noHugePages = parent.noHugePages;
  for (const vma of parent.vmas) {
    if (vma.has(VM.dontFork)) continue;
    const wipe = vma.has(VM.wipeOnFork);
    const inherited = wipe ? [] : vma.anon ? [...vma.inherited, vma.anon] : vma.inherited;
    const copy = new Vma({
      start: vma.start,
      end: vma.end,
      flags: (vma.flags & ~VM_LOCKED_MASK) | (isPrivateHuge(vma) ? VM.noReserve : 0),
      space: child,
      object: vma.object,
      objectPage: vma.objectPage,
      shift: vma.shift,
      // anon_vma_fork: an object of its own from the start, so that two copies never merge.
      anon: inherited.length > 0 ? m.objects.createAnon(vma.start - vma.shift) : undefined,
      inherited,
      swapHistory: vma.swapHistory,
    });
    child.insert(copy);
    if (!wipe) m.purge.copied(parent, child, copy.start, copy.end);
    else if (copy.has(VM.volatile)) m.purge.marked(child, copy.start, copy.end);
    if (inherited.length > 0) copyEntries(m, vma, child);
    else if (isPrivateHuge(vma)) copyHugetlb(m, vma, copy);
  }
  m.countVmas(child);
  return child;
}

/** The child of a private hugetlb mapping has been promised nothing (hugetlb_dup_vma_private). */
function isPrivateHuge(vma: Vma): boolean {
  return (vma.flags & (VM.hugetlb | VM.shared)) === VM.hugetlb;
}

/**
 * copy_page_range: both sides lose the right to write in place, except in a shared mapping, which is copied for its guards.
 */
function copyEntries(m: State, vma: Vma, child: Space): void {
  for (const part of vma.space.directory.leavesIn(vma.start, vma.end)) {
    if (m.huge?.isSharedPmd(part.leaf)) continue; // copy_huge_pmd: the child faults it in
    m.tables.make(child.directory, part.from, m.tables.inUse(part.leaf)); // copy_pte_range, for an empty table too
    if (m.tables.isEmpty(part.leaf)) continue;
    m.shootdowns?.changed(vma.space);
    const end = part.at + part.to - part.from;
    for (let at = m.tables.nextUsed(part.at, end); at < end; at = m.tables.nextUsed(at + 1, end))
      copyEntry(m, vma, at, child, part.from + at - part.at);
    if (m.huge?.isPmd(part.leaf)) m.huge.pmdCopied(child.directory.leaf(part.from));
  }
}

/** copy_present_page: the child gets a copy at once, since the page must stay the parent's (page_needs_cow_for_dma). */
function copyPinned(m: State, vma: Vma, vpn: number, page: number): void {
  const content = m.pages.contents.get(page);
  const copy = newAnonPage(m, vma, vpn);
  m.pages.contents.set(copy, content);
  m.ledger.cpu(PART.cow, m.costs.faults.cow_copy.ns);
  const at = m.tables.make(vma.space.directory, vpn);
  mapPage(m, vma.space, at, copy, PTE.young | PTE.dirty | (vma.has(VM.write) ? PTE.write : 0));
}

/** @param from index of an entry in use */
function copyEntry(m: State, vma: Vma, from: number, child: Space, vpn: number): void {
  const entry = m.tables.get(from);
  const page = entry >>> PTE_SHIFT;
  const at = m.tables.make(child.directory, vpn);
  if ((entry & PTE.present) === 0) {
    m.tables.set(at, entry);
    if (page !== 0) m.swap.addReference(m.swapSlotOf(page));
    return;
  }
  if (vma.has(VM.shared)) {
    mapPage(m, child, at, page, entry & PTE.write); // pte_mkclean
    return;
  }
  if (m.pins.has(page) && isAnonPage(m, page)) {
    copyPinned(m, child.find(vpn)!, vpn, page);
    return;
  }
  m.tables.change(from, entry & ~PTE.write);
  if (page === ZERO_PAGE) {
    m.tables.set(at, entry & ~(PTE.write | PTE.young));
    if (entry & PTE.dirty) m.ksm.zeroMapped(child);
  } else mapPage(m, child, at, page, entry & PTE.dirty); // pte_mkold: the child has not used it
}
