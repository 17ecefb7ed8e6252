import type { ContentTable } from './content-table.js';
import { type RmapItems, TREE } from './items.js';

/**
 * The unstable tree: pages looked at in this round that found no partner. A hash table by content id instead of the
 * kernel's red-black tree: what is found is the same as long as pages in it do not change. A page that changes while it
 * is in the tree is not found any more; in the kernel it may also mislead the search for others.
 */
export class UnstableTree {
  /** Counts the rounds: items of earlier rounds are not in the tree any more, though `TREE` says so until ksmd meets them again. */
  round = 0;
  private readonly table: ContentTable;

  constructor(private readonly items: RmapItems) {
    this.table = items.table;
  }

  get bytes(): number {
    return this.table.bucketBytes;
  }

  /** Items in the tree. */
  get count(): number {
    return this.table.count;
  }

  /** Empties the tree: a round begins. */
  reset(): void {
    this.round++;
    this.table.clear();
  }

  /** The last item that came with this content, or `NONE`. */
  first(content: number): number {
    return this.table.find(content);
  }

  /** The item after `item` that had the same content. */
  following(item: number): number {
    return this.table.following(item);
  }

  /** Puts an item in under its checksum. */
  insert(item: number): void {
    this.items.tree[item] = TREE.unstable;
    this.items.node[item] = this.round;
    this.table.link(item);
  }

  /** Takes an item out, if it came in this round. */
  remove(item: number): void {
    if (this.items.node[item] === this.round) this.table.unlink(item);
  }
}
