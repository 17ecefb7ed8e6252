import type { State } from '../state/state.js';
import { ANON_REACH, type AnonVma, VM, type Vma } from '../state/vma.js';

/** anon_vma_prepare: the object new pages of a VMA are filed under, a neighbour's or made at the first. */
export function anonObject(m: State, vma: Vma, vpn: number): AnonVma {
  if (!vma.anon) {
    const neighbour = vma.space.neighbourToShareWith(vma);
    if (neighbour) vma.shift = neighbour.shift;
    vma.anon = neighbour?.anon ?? m.objects.createAnon(vma.start - vma.shift);
    vma.anon.attach(vma);
  }
  const index = vma.anon.indexOf(vma, vpn);
  if (index >= ANON_REACH || index < -ANON_REACH)
    throw new RangeError('an anonymous mapping spans more than 2^31 pages');
  return vma.anon;
}

/** __folio_set_anon: a page that others share is filed under the oldest object, where all of them find it. */
export function swapInObject(m: State, vma: Vma, vpn: number, page: number): AnonVma {
  const shared = m.swap.references(m.pages.slotOf(page)) > 1;
  const oldest = vma.inherited[0];
  return shared && oldest ? oldest : anonObject(m, vma, vpn);
}

/** A page of zeros in memory, filed under the VMA's anonymous object. */
export function newAnonPage(m: State, vma: Vma, vpn: number): number {
  const anon = anonObject(m, vma, vpn);
  const page = m.newPage();
  if (vma.flags & VM.droppable) m.pages.markLazyfree(page); // never backed by swap (folio_add_new_anon_rmap)
  if (vma.flags & VM.volatile) m.pages.markVolatile(page);
  m.reclaim.bringIn(page, anon.number, anon.indexOf(vma, vpn));
  m.pages.markDirty(page);
  if (vma.flags & VM.volatile) m.purge.privatePageCame(vma.space, vpn);
  m.merger.came(vma.space, vpn);
  return page;
}
