import type { KsmParameters } from '../../policy/merge/contract.js';
import type { State } from '../state/state.js';
import { NONE } from './content-table.js';
import { RmapItems, TREE } from './items.js';
import { MmList, type MmSlot } from './mm-list.js';
import { StableNodes } from './nodes.js';
import { UnstableTree } from './unstable.js';

const US_PER_MS = 1000;

/** Results of a search of the stable tree other than a node: no page of this content, or none with room. */
const FOUND = { nothing: -1, full: -2 } as const;

/**
 * What KSM knows of pages, and its counters: items, the two trees, processes. It changes nothing in page tables. The
 * functions are named in the comments; all are of mm/ksm.c.
 */
export class MergeIndex {
  readonly items = new RmapItems();
  readonly nodes = new StableNodes();
  readonly unstable: UnstableTree = new UnstableTree(this.items);
  readonly mms = new MmList();
  /** Merged pages that an item is on. */
  pagesShared = 0;
  /** Further items on them. */
  pagesSharing = 0;
  /** Items in the unstable tree, of this round or not looked at since the last. */
  pagesUnshared = 0;

  /** @param outOfOrder whether items are looked up by page number */
  constructor(
    private readonly state: State,
    private readonly parameters: Readonly<KsmParameters>,
    private readonly outOfOrder: boolean,
  ) {}

  get bytes(): number {
    return this.items.bytes + this.nodes.bytes + this.unstable.bytes;
  }

  /** ksm_pages_volatile: items in neither tree. */
  get pagesVolatile(): number {
    return this.items.count - this.pagesShared - this.pagesSharing - this.pagesUnshared;
  }

  /** The item of a page in the list of its process, behind another of its items; `NONE`: as its first. */
  newItem(slot: number, vpn: number, behind: number): number {
    const { items } = this;
    const mm = this.mms.get(slot);
    const item = this.outOfOrder ? this.itemOf(mm, vpn) : this.allocate(mm, vpn);
    mm.unlinked.delete(item);
    if (behind === NONE) {
      items.next[item] = mm.first;
      mm.first = item;
    } else {
      items.next[item] = items.next[behind]!;
      items.next[behind] = item;
    }
    return item;
  }

  private allocate(mm: MmSlot, vpn: number): number {
    mm.rmapItems++;
    return this.items.allocate(mm.number, vpn);
  }

  /** The item of a page, wherever it is; a new one is in no list, but unlinked. */
  itemOf(mm: MmSlot, vpn: number): number {
    const known = mm.byPage.get(vpn);
    if (known !== undefined) return known;
    const item = this.allocate(mm, vpn);
    mm.byPage.set(vpn, item);
    mm.unlinked.add(item);
    return item;
  }

  /** Frees the unlinked items of a process that are not wanted. */
  dropUnlinked(mm: MmSlot, wanted: (item: number) => boolean): void {
    for (const item of mm.unlinked) {
      if (wanted(item)) continue;
      mm.unlinked.delete(item);
      this.free(item);
    }
  }

  /** Takes the item behind another out of its process's list, and frees it; `NONE`: the first one. */
  dropItemBehind(slot: number, behind: number): void {
    const mm = this.mms.get(slot);
    const item = (behind === NONE ? mm.first : this.items.next[behind]) as number;
    const next = this.items.next[item]!;
    if (behind === NONE) mm.first = next;
    else this.items.next[behind] = next;
    this.free(item);
  }

  /** Frees an item that is in no list. */
  private free(item: number): void {
    const mm = this.mms.get(this.items.slot[item]!);
    this.removeFromTree(item);
    mm.rmapItems--;
    if (this.outOfOrder) mm.byPage.delete(this.items.vpn[item]!);
    this.items.free(item);
  }

  /** stable_tree_append: the item shares the node's page from now on. */
  append(item: number, node: number, anon: number): void {
    const { items, nodes } = this;
    const head = nodes.first[node]!;
    items.tree[item] = TREE.stable;
    items.node[item] = node;
    items.anon[item] = anon;
    items.after[item] = head;
    items.before[item] = NONE;
    if (head !== NONE) items.before[head] = item;
    nodes.first[node] = item;
    nodes.length[node] = nodes.length[node]! + 1;
    if (head === NONE) this.pagesShared++;
    else this.pagesSharing++;
    this.mms.get(items.slot[item]!).mergingPages++;
  }

  /** remove_rmap_item_from_tree: the item is in no tree any more. A node that turns out to be stale is removed with all its items. */
  removeFromTree(item: number): void {
    const { items, nodes } = this;
    const tree = items.tree[item]!;
    if (tree === TREE.none) return;
    if (tree === TREE.unstable) {
      this.unstable.remove(item);
      this.pagesUnshared--;
      items.tree[item] = TREE.none;
      return;
    }
    const node = items.node[item]!;
    if (nodes.page[node] === NONE) this.removeNode(node);
    else this.unlink(item, node);
  }

  private unlink(item: number, node: number): void {
    const { items, nodes } = this;
    const after = items.after[item]!;
    const before = items.before[item]!;
    if (after !== NONE) items.before[after] = before;
    if (before !== NONE) items.after[before] = after;
    else nodes.first[node] = after;
    const left = nodes.length[node]! - 1;
    nodes.length[node] = left;
    if (left > 0) this.pagesSharing--;
    else this.pagesShared--;
    this.leaveNode(item);
  }

  private leaveNode(item: number): void {
    this.items.tree[item] = TREE.none;
    this.mms.get(this.items.slot[item]!).mergingPages--;
  }

  /** remove_node_from_stable_tree: the node and the places of its items on it go. */
  removeNode(node: number): void {
    const { items, nodes } = this;
    for (let item = nodes.first[node]!; item !== NONE; item = items.after[item]!) {
      if (items.after[item] !== NONE) this.pagesSharing--;
      else this.pagesShared--;
      this.leaveNode(item);
    }
    nodes.remove(node);
  }

  /**
   * The page of a node is about to be freed: the node is stale. One without items goes now; the kernel leaves it until a
   * search happens to pass it.
   *
   * @param now whether one with items goes now too
   */
  pageFreed(node: number, now: boolean): void {
    this.nodes.page[node] = NONE;
    if (now || this.nodes.length[node] === 0) this.removeNode(node);
  }

  /**
   * stable_tree_search by content: a node with room for one more, or one of `FOUND`. Stale nodes of the content go on the
   * way. With `prune`, all of a chain are looked at every so often, and the fullest with room is taken.
   */
  search(content: number, prune: boolean): number {
    const { nodes } = this;
    const found = nodes.find(content);
    if (found === NONE) return FOUND.nothing;
    if (nodes.isChain(found)) return this.searchChain(found, prune);
    if (nodes.page[found] === NONE) {
      this.removeNode(found);
      return FOUND.nothing;
    }
    return this.hasRoom(found, 0) ? found : FOUND.full;
  }

  /** stable_node_dup: the best dup of a chain; a chain with one dup left is one no more. */
  private searchChain(chain: number, prune: boolean): number {
    const { nodes } = this;
    const every = this.parameters.chainsPruneMillisecs * US_PER_MS;
    const whole = prune && nodes.pruneDue(chain, this.state.nowUs, every);
    const best = this.bestOf(chain, whole);
    if (best === NONE) {
      nodes.removeChain(chain);
      return FOUND.nothing;
    }
    if (nodes.first[chain] === best && nodes.dupAfter(best) === NONE) nodes.collapse(chain);
    else if (nodes.first[chain] !== best && this.hasRoom(best, 1)) nodes.moveToFront(best);
    return this.hasRoom(best, 0) ? best : FOUND.full;
  }

  private bestOf(chain: number, whole: boolean): number {
    const { nodes } = this;
    let best: number = NONE;
    for (let dup = nodes.first[chain]!; dup !== NONE; ) {
      const next = nodes.dupAfter(dup);
      if (nodes.page[dup] === NONE) this.removeNode(dup);
      else if (best === NONE || this.isBetter(dup, best)) {
        best = dup;
        if (!whole && this.hasRoom(best, 0)) break;
      }
      dup = next;
    }
    return best;
  }

  private isBetter(dup: number, best: number): boolean {
    const { length } = this.nodes;
    return this.hasRoom(dup, 0) && (!this.hasRoom(best, 0) || length[dup]! > length[best]!);
  }

  /** is_page_sharing_candidate: whether a node takes another sharer, besides `coming` others. */
  hasRoom(node: number, coming: number): boolean {
    const length = this.nodes.length[node]!;
    return length > 0 && length + coming < this.parameters.maxPageSharing;
  }
}
