import { grown, grownCapacity } from '../../base/arrays.js';
import { ContentTable, NONE } from './content-table.js';

/** A checksum that no page has: the page has not been looked at yet. */
export const UNSEEN = 0xffff_ffff;
/** Which tree an item is in: none, the unstable tree (of this round or the last), or the stable tree, on a node. */
export const TREE = { none: 0, unstable: 1, stable: 2 } as const;

/** What the kernel spends on a tracked page: sizeof(struct ksm_rmap_item), 64-bit. */
export const RMAP_ITEM_BYTES = 64;

/**
 * The rmap_items: one for each page that ksmd has met at an address of a process. In parallel arrays, 39 bytes an item;
 * only items in use have meaning.
 */
export class RmapItems {
  /** Number of the process's slot. */
  slot: Int32Array = new Int32Array(0);
  /** Page number in its address space. Page numbers go up to 2^45. */
  vpn: Float64Array = new Float64Array(0);
  /** The item at the next address of the process; of an item that is not in use, the next such. */
  next: Int32Array = new Int32Array(0);
  /** Times smart scan has looked at the page, up to 255. */
  age: Uint8Array = new Uint8Array(0);
  /** Scans that smart scan still passes the page over. */
  skips: Uint8Array = new Uint8Array(0);
  /** One of `TREE`. */
  tree: Uint8Array = new Uint8Array(0);
  /** The stable node, or the round in which the item came into the unstable tree. */
  node: Int32Array = new Int32Array(0);
  /** The unstable tree's table by checksum. Its links are also those of items on a stable node. */
  readonly table = new ContentTable();
  /** Number of the anonymous object that the mapping had when it merged: it leads to forked children. */
  anon: Int32Array = new Int32Array(0);
  /** Items in use. */
  count = 0;
  private fresh = 0;
  private unused = NONE;

  /** Content id when ksmd last computed the checksum, or `UNSEEN`. */
  get checksum(): Uint32Array {
    return this.table.content;
  }

  /** Neighbours on the node, or in the bucket of the unstable tree. */
  get after(): Int32Array {
    return this.table.after;
  }

  get before(): Int32Array {
    return this.table.before;
  }

  get bytes(): number {
    return this.slot.length * 39;
  }

  /** Items have numbers below this. */
  get high(): number {
    return this.fresh;
  }

  /** A new item of a process, in no tree and in no list. */
  allocate(slot: number, vpn: number): number {
    let item = this.unused;
    if (item !== NONE) this.unused = this.next[item]!;
    else {
      item = this.fresh++;
      if (item >= this.slot.length) this.grow(item + 1);
    }
    this.slot[item] = slot;
    this.vpn[item] = vpn;
    this.checksum[item] = UNSEEN;
    this.next[item] = NONE;
    this.age[item] = 0;
    this.skips[item] = 0;
    this.tree[item] = TREE.none;
    this.count++;
    return item;
  }

  free(item: number): void {
    this.slot[item] = NONE;
    this.next[item] = this.unused;
    this.unused = item;
    this.count--;
  }

  private grow(needed: number): void {
    const length = grownCapacity(this.slot.length, needed);
    this.slot = grown(this.slot, length, NONE);
    this.vpn = grown(this.vpn, length);
    this.table.resize(length);
    this.next = grown(this.next, length, NONE);
    this.age = grown(this.age, length);
    this.skips = grown(this.skips, length);
    this.tree = grown(this.tree, length);
    this.node = grown(this.node, length, NONE);
    this.anon = grown(this.anon, length, NONE);
  }
}
