import { bucketOf, FIRST_BUCKETS } from './hash.js';
import { FILED, NONE, type RmapItems } from './items.js';

/**
 * The unstable tree: pages looked at in this round that found no partner. A hash table by content id instead of the
 * kernel's red-black tree: what is found is the same as long as pages in it do not change. A page that changes while it
 * is in the tree is not found any more; in the kernel it may also mislead the search for others.
 */
export class UnstableTree {
  /** Counts the rounds: items of earlier ones are not in the tree any more, though filed so until ksmd is there again. */
  round = 0;
  /** Items in the tree. */
  count = 0;
  private heads = new Int32Array(FIRST_BUCKETS).fill(NONE);

  constructor(private readonly items: RmapItems) {}

  get bytes(): number {
    return this.heads.byteLength;
  }

  /** Empties the tree: a round begins. */
  reset(): void {
    this.round++;
    this.count = 0;
    this.heads.fill(NONE);
  }

  /** The first item that had this content when it came, or `NONE`. */
  first(content: number): number {
    return this.match(this.heads[bucketOf(content, this.heads.length)]!, content);
  }

  /** The item after `item` that had the same content. */
  following(item: number): number {
    return this.match(this.items.after[item]!, this.items.checksum[item]!);
  }

  private match(from: number, content: number): number {
    let item = from;
    while (item !== NONE && this.items.checksum[item] !== content) item = this.items.after[item]!;
    return item;
  }

  /** Puts an item in under its checksum. */
  insert(item: number): void {
    if (this.count >= this.heads.length) this.grow();
    this.items.filed[item] = FILED.unstable;
    this.items.where[item] = this.round;
    this.link(item);
    this.count++;
  }

  /** Takes an item out, if it came in this round. */
  remove(item: number): void {
    const { items } = this;
    if (items.where[item] !== this.round) return;
    const after = items.after[item]!;
    const before = items.before[item]!;
    if (after !== NONE) items.before[after] = before;
    if (before !== NONE) items.after[before] = after;
    else this.heads[bucketOf(items.checksum[item]!, this.heads.length)] = after;
    this.count--;
  }

  private link(item: number): void {
    const { items } = this;
    const bucket = bucketOf(items.checksum[item]!, this.heads.length);
    const head = this.heads[bucket]!;
    items.after[item] = head;
    items.before[item] = NONE;
    if (head !== NONE) items.before[head] = item;
    this.heads[bucket] = item;
  }

  private grow(): void {
    const old = this.heads;
    this.heads = new Int32Array(old.length * 2).fill(NONE);
    for (const head of old) {
      for (let item = head; item !== NONE; ) {
        const after = this.items.after[item]!;
        this.link(item);
        item = after;
      }
    }
  }
}
