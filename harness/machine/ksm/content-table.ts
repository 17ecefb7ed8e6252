import { grown } from '../../base/arrays.js';

/** No item, node, slot or page. */
export const NONE = -1;
/** Buckets at the start; a power of two. */
const FIRST_BUCKETS = 1024;

/**
 * A hash table by content id of entries that are numbers of the owner's: one list a bucket, linked through arrays over
 * all entries. The owner sets an entry's content before it links the entry, and makes room for it. While an entry is not in
 * the table its links are free for other uses.
 */
export class ContentTable {
  content: Uint32Array = new Uint32Array(0);
  /** Neighbours in the bucket, or `NONE`. */
  after: Int32Array = new Int32Array(0);
  before: Int32Array = new Int32Array(0);
  /** Entries in the table. */
  count = 0;
  private heads: Int32Array = new Int32Array(FIRST_BUCKETS).fill(NONE);

  /** Host memory of the buckets; the arrays over all entries take 12 bytes an entry. */
  get bucketBytes(): number {
    return this.heads.byteLength;
  }

  /** Makes room for entries below `length`. */
  resize(length: number): void {
    this.content = grown(this.content, length);
    this.after = grown(this.after, length, NONE);
    this.before = grown(this.before, length, NONE);
  }

  /** The entry of a content that was linked last, or `NONE`. */
  find(content: number): number {
    return this.match(this.heads[bucketOf(content, this.heads.length)]!, content);
  }

  /** The next entry with the same content, or `NONE`. */
  following(entry: number): number {
    return this.match(this.after[entry]!, this.content[entry]!);
  }

  private match(from: number, content: number): number {
    let entry = from;
    while (entry !== NONE && this.content[entry] !== content) entry = this.after[entry]!;
    return entry;
  }

  link(entry: number): void {
    if (this.count >= this.heads.length) this.growBuckets();
    this.linkInBucket(entry);
    this.count++;
  }

  unlink(entry: number): void {
    const after = this.after[entry]!;
    const before = this.before[entry]!;
    if (after !== NONE) this.before[after] = before;
    if (before !== NONE) this.after[before] = after;
    else this.heads[bucketOf(this.content[entry]!, this.heads.length)] = after;
    this.count--;
  }

  /** Forgets all entries; their links are stale. */
  clear(): void {
    this.count = 0;
    this.heads.fill(NONE);
  }

  private linkInBucket(entry: number): void {
    const bucket = bucketOf(this.content[entry]!, this.heads.length);
    const head = this.heads[bucket]!;
    this.after[entry] = head;
    this.before[entry] = NONE;
    if (head !== NONE) this.before[head] = entry;
    this.heads[bucket] = entry;
  }

  private growBuckets(): void {
    const old = this.heads;
    this.heads = new Int32Array(old.length * 2).fill(NONE);
    for (const head of old) {
      for (let entry = head; entry !== NONE; ) {
        const after = this.after[entry]!;
        this.linkInBucket(entry);
        entry = after;
      }
    }
  }
}

/** The bucket of a content id among 2^k buckets (Fibonacci hashing). */
function bucketOf(content: number, buckets: number): number {
  return Math.imul(content, 0x9e37_79b1) >>> (Math.clz32(buckets) + 1);
}
