import type { ReverseMap } from '../state/rmap.js';
import type { State } from '../state/state.js';
import { NONE } from './content-table.js';
import type { MergeIndex } from './merge-index.js';

/**
 * rmap_walk_ksm: shows the reverse map the items on a page's node, then children that forked from them, until it has found
 * all mappings. As in the kernel, a child that ksmd has not met is missed once the item it forked from is gone: then
 * there are fewer than the frame has mappings.
 */
export function walkMerged(
  m: State,
  { items, nodes, mms }: MergeIndex,
  node: number,
  page: number,
  mappings: number,
): void {
  const { rmap } = m;
  if (node === NONE) return;
  const first = nodes.first[node]!;
  for (let item = first; item !== NONE; item = items.after[item]!) {
    const { space, exited } = mms.get(items.slot[item]!);
    if (space && !exited) rmap.look(space, undefined, items.vpn[item]!, page);
    if (rmap.length === mappings) return;
  }
  const found = new Set(rmap.entries.slice(0, rmap.length));
  for (let item = first; item !== NONE; item = items.after[item]!) {
    lookAtForks(m, rmap, items.anon[item]!, items.vpn[item]!, page, found);
    if (rmap.length === mappings) return;
  }
}

function lookAtForks(
  m: State,
  rmap: ReverseMap,
  object: number,
  vpn: number,
  page: number,
  found: Set<number>,
): void {
  const anon = m.objects.get(object);
  // The anon_vma may be gone, and its number another's: then all forked children are gone, too.
  if (anon?.kind !== 'anon') return;
  for (const space of anon.spaces) {
    const before = rmap.length;
    rmap.look(space, undefined, vpn, page);
    if (rmap.length === before) continue;
    const entry = rmap.entries[before]!;
    if (found.has(entry)) rmap.length = before;
    else found.add(entry);
  }
}
