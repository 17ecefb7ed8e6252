import { must } from '../memory/invariant.js';
import { KSM_OBJECT } from '../state/objects.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { NONE } from './content-table.js';
import { TREE } from './items.js';
import type { Ksm } from './ksm.js';
import type { MergeIndex } from './merge-index.js';
import type { MmSlot } from './mm-list.js';

/**
 * Checks what KSM tracks from scratch.
 *
 * - The items of a process are in the order of their addresses, and its counts are theirs.
 * - The counters are the numbers of nodes with items, of further items on them, of items in the unstable tree.
 * - A node's length is the number of its items. Its page, while there is one, knows the node, has the node's contents,
 *   and cannot be written in place. It may lie in mappings that are not mergeable: of children that forked before.
 * - An item on a node whose page its address still maps is one of the page's mappings.
 * - Entries of KSM's zero page are as many as are counted.
 *
 * @param zeros entries of KSM's zero page
 * @throws BrokenInvariant naming the first that does not hold
 */
export function checkKsm(m: State, ksm: Ksm, zeros: number): void {
  const { index } = ksm;
  must(ksm.zeroPages === zeros, () => `KSM counts ${ksm.zeroPages} zero pages and has ${zeros}`);
  let items = 0;
  for (const slot of index.mms.all()) items += checkProcess(index, slot);
  must(items === index.items.count, () => `${index.items.count} items are in use and ${items} in lists`);
  checkNodes(m, index);
  checkMergedFrames(m, index);
}

function checkProcess({ items }: MergeIndex, slot: MmSlot): number {
  let count = 0;
  let merging = 0;
  let last = -1;
  for (let item = slot.first; item !== NONE; item = items.next[item]!) {
    must(items.slot[item] === slot.number, () => `item ${item} is in the list of another process`);
    must(items.vpn[item]! > last, () => `item ${item} is out of order`);
    last = items.vpn[item]!;
    count++;
    if (items.tree[item] === TREE.stable) merging++;
  }
  for (const item of slot.unlinked) {
    must(slot.byPage.get(items.vpn[item]!) === item, () => `item ${item} is not its page's`);
    count++;
    if (items.tree[item] === TREE.stable) merging++;
  }
  must(count === slot.rmapItems, () => `a process counts ${slot.rmapItems} items and has ${count}`);
  must(
    merging === slot.mergingPages,
    () => `a process counts ${slot.mergingPages} merged and has ${merging}`,
  );
  return count;
}

function checkNodes(m: State, index: MergeIndex): void {
  const { items, nodes } = index;
  let shared = 0;
  let sharing = 0;
  let chains = 0;
  for (let node = 0; node < nodes.high; node++) {
    if (!nodes.isUsed(node)) continue;
    if (nodes.isChain(node)) {
      chains++;
      continue;
    }
    let length = 0;
    for (let item = nodes.first[node]!; item !== NONE; item = items.after[item]!) {
      must(
        items.tree[item] === TREE.stable && items.node[item] === node,
        () => `item ${item} is on node ${node} and does not know it`,
      );
      length++;
    }
    must(length === nodes.length[node], () => `node ${node} counts ${nodes.length[node]} and has ${length}`);
    if (length > 0) shared++;
    sharing += Math.max(0, length - 1);
    if (nodes.page[node] !== NONE) checkPage(m, index, node);
  }
  let unshared = 0;
  for (let item = 0; item < items.high; item++)
    if (items.slot[item] !== NONE && items.tree[item] === TREE.unstable) unshared++;
  must(chains === nodes.chains, () => `${nodes.chains} chains are counted, there are ${chains}`);
  must(shared === index.pagesShared, () => `pages_shared is ${index.pagesShared}, expected ${shared}`);
  must(sharing === index.pagesSharing, () => `pages_sharing is ${index.pagesSharing}, not ${sharing}`);
  must(unshared === index.pagesUnshared, () => `pages_unshared is ${index.pagesUnshared}, not ${unshared}`);
}

function checkPage(m: State, { nodes, items, mms }: MergeIndex, node: number): void {
  const page = nodes.page[node]!;
  const frame = m.pages.location[page]!;
  must(
    frame >= 0 && m.frames.object[frame] === KSM_OBJECT && m.frames.index[frame] === node,
    () => `page ${page} of node ${node} does not know it`,
  );
  must(m.pages.contents.get(page) === nodes.content[node], () => `page ${page} of node ${node} was written`);
  m.rmap.walk(frame);
  const found = new Set<number>();
  for (let i = 0; i < m.rmap.length; i++) {
    const at = m.rmap.entries[i]!;
    must(!found.has(at), () => `the reverse map finds an entry of page ${page} twice`);
    found.add(at);
    must((m.tables.get(at) & PTE.write) === 0, () => `merged page ${page} can be written in place`);
  }
  for (let item = nodes.first[node]!; item !== NONE; item = items.after[item]!) {
    const { space, exited } = mms.get(items.slot[item]!);
    const at = exited || !space ? NONE : space.directory.entry(items.vpn[item]!);
    const entry = at < 0 ? 0 : m.tables.get(at);
    const maps = (entry & PTE.present) !== 0 && entry >>> PTE_SHIFT === page;
    must(!maps || found.has(at), () => `the reverse map misses item ${item} of node ${node}`);
  }
}

/** Pages of frames that count as merged are those of nodes, or were until all was unmerged. */
function checkMergedFrames(m: State, { nodes }: MergeIndex): void {
  const { frames } = m;
  for (let frame = 0; frame < frames.high; frame++) {
    const page = frames.page[frame]!;
    if (page < 0 || frames.object[frame] !== KSM_OBJECT) continue;
    const node = frames.index[frame]!;
    if (node === NONE)
      must(frames.mapcount[frame] === 0, () => `merged page ${page} is mapped, without a node`);
    else must(nodes.page[node] === page, () => `page ${page} says that it is node ${node}'s`);
  }
}
