import { grown, grownCapacity } from '../../base/arrays.js';
import { ContentTable, NONE } from './content-table.js';

/** In place of a node's length: the node is a chain, and holds nodes of one content. Source: STABLE_NODE_CHAIN. */
const CHAIN = -1024;
/** In place of a length: the number is that of no node. */
const UNUSED = -2048;

/**
 * The stable tree: merged pages by content. A node is a merged page and the items that share it; a content that fills
 * more than one has a chain in the tree, which holds its nodes (dups). A hash table by content id in place of the
 * kernel's red-black tree. A node whose page has been freed is stale, and stays until a search comes across it.
 */
export class StableNodes {
  /** The page; `NONE` for chains and once it has been freed. */
  page: Int32Array = new Int32Array(0);
  /** Items on the node (rmap_hlist_len). */
  length: Int32Array = new Int32Array(0);
  /** The first item on the node; of a chain, its first dup. */
  first: Int32Array = new Int32Array(0);
  /** The chain that a dup is in. */
  private chain: Int32Array = new Int32Array(0);
  /** Nodes and chains in the tree. The links are also those of dups in their chain, and `after` of unused nodes. */
  private readonly table = new ContentTable();
  /** When a chain was last searched for stale dups, in µs of trace time. */
  private prunedUs: Float64Array = new Float64Array(0);
  chains = 0;
  dups = 0;
  private fresh = 0;
  private unused = NONE;

  get bytes(): number {
    return this.page.length * 36 + this.table.bucketBytes;
  }

  /** Nodes have numbers below this. */
  get high(): number {
    return this.fresh;
  }

  isChain(node: number): boolean {
    return this.length[node] === CHAIN;
  }

  /** Whether a number is that of a node in use. */
  isUsed(node: number): boolean {
    return this.length[node] !== UNUSED;
  }

  get content(): Uint32Array {
    return this.table.content;
  }

  /** Nodes and chains in the tree, not counting dups. */
  get inTree(): number {
    return this.table.count;
  }

  /** The node or chain of a content, or `NONE`. */
  find(content: number): number {
    return this.table.find(content);
  }

  /** The dup behind another in their chain. */
  dupAfter(dup: number): number {
    return this.table.after[dup]!;
  }

  /** A new node for a page, besides any nodes of the same content (stable_tree_insert). */
  insert(page: number, content: number, nowUs: number): number {
    const node = this.allocate(page, content, 0);
    const there = this.find(content);
    if (there === NONE) this.table.link(node);
    else this.linkInChain(node, this.isChain(there) ? there : this.makeChain(there, nowUs));
    return node;
  }

  /** Takes a node out of tree or chain, and frees it (stable_node_dup_del). */
  remove(node: number): void {
    if (this.chain[node] !== NONE) this.unlinkFromChain(node);
    else this.table.unlink(node);
    this.release(node);
  }

  /** Frees a chain without dups. */
  removeChain(chain: number): void {
    this.chains--;
    this.table.unlink(chain);
    this.release(chain);
  }

  /** A chain with one dup left: the dup takes its place in the tree. */
  collapse(chain: number): number {
    const dup = this.first[chain]!;
    this.unlinkFromChain(dup);
    this.removeChain(chain);
    this.table.link(dup);
    return dup;
  }

  /** Puts a dup at the head of its chain, where it is found sooner. */
  moveToFront(dup: number): void {
    const chain = this.chain[dup]!;
    this.unlinkFromChain(dup);
    this.linkInChain(dup, chain);
  }

  /** Whether a chain is due for a search for stale dups; if so it counts as searched now. */
  pruneDue(chain: number, nowUs: number, everyUs: number): boolean {
    if (nowUs < this.prunedUs[chain]! + everyUs) return false;
    this.prunedUs[chain] = nowUs;
    return true;
  }

  private makeChain(node: number, nowUs: number): number {
    const chain = this.allocate(NONE, this.content[node]!, CHAIN);
    this.prunedUs[chain] = nowUs;
    this.chains++;
    this.table.unlink(node);
    this.table.link(chain);
    this.linkInChain(node, chain);
    return chain;
  }

  private linkInChain(dup: number, chain: number): void {
    const head = this.first[chain]!;
    this.chain[dup] = chain;
    this.table.after[dup] = head;
    this.table.before[dup] = NONE;
    if (head !== NONE) this.table.before[head] = dup;
    this.first[chain] = dup;
    this.dups++;
  }

  private unlinkFromChain(dup: number): void {
    const after = this.table.after[dup]!;
    const before = this.table.before[dup]!;
    if (after !== NONE) this.table.before[after] = before;
    if (before !== NONE) this.table.after[before] = after;
    else this.first[this.chain[dup]!] = after;
    this.chain[dup] = NONE;
    this.dups--;
  }

  private allocate(page: number, content: number, length: number): number {
    let node = this.unused;
    if (node !== NONE) this.unused = this.table.after[node]!;
    else {
      node = this.fresh++;
      if (node >= this.page.length) this.grow(node + 1);
    }
    this.page[node] = page;
    this.content[node] = content;
    this.length[node] = length;
    this.first[node] = NONE;
    this.chain[node] = NONE;
    return node;
  }

  private release(node: number): void {
    this.page[node] = NONE;
    this.length[node] = UNUSED;
    this.table.after[node] = this.unused;
    this.unused = node;
  }

  private grow(needed: number): void {
    const length = grownCapacity(this.page.length, needed);
    this.page = grown(this.page, length, NONE);
    this.length = grown(this.length, length, UNUSED);
    this.first = grown(this.first, length, NONE);
    this.chain = grown(this.chain, length, NONE);
    this.table.resize(length);
    this.prunedUs = grown(this.prunedUs, length);
  }
}
