/** Positions of the window at the start. */
const INITIAL_WINDOW = 1 << 16;

/**
 * Reuse distances: how many other pages were used since a page was used last. Exact LRU of any size follows from one pass:
 * a request hits at size c if its distance is below c (Mattson et al. 1970, "Evaluation techniques for storage
 * hierarchies").
 *
 * Each page in use has a bit at the position of its last use; a Fenwick tree over words of 32 bits counts them. When the
 * positions are used up, the bits in use move together, so that the window stays within four times the distinct pages.
 * O(log n) a request, 6 bytes a position and 8 a page.
 */
export class ReuseDistances {
  /** By distance, how many requests had it. */
  private histogram = new Float64Array(1024);
  /** By id: position of the last use, -1 before the first. */
  private last = new Int32Array(1024).fill(-1);
  /** By position: the id used there. */
  private owner = new Int32Array(INITIAL_WINDOW);
  private bits = new Int32Array(INITIAL_WINDOW >> 5);
  /** Fenwick tree of set bits by word, from 1. */
  private tree = new Int32Array((INITIAL_WINDOW >> 5) + 1);
  private next = 0;
  private distinct = 0;
  requests = 0;

  /** Counts the requests of a batch; all ids are below `limit`. */
  record(ids: Int32Array, length: number, limit: number): void {
    this.makeRoom(limit);
    for (let i = 0; i < length; i++) this.use(ids[i]!);
    this.requests += length;
  }

  /** Misses of exact LRU at a size in pages. */
  misses(size: number): number {
    let hits = 0;
    const end = Math.min(size, this.histogram.length);
    for (let distance = 0; distance < end; distance++) hits += this.histogram[distance]!;
    return this.requests - hits;
  }

  private use(id: number): void {
    if (this.next === this.owner.length) this.compact();
    const position = this.last[id]!;
    if (position < 0) this.distinct++;
    else {
      const distance = this.distinct - this.countUpTo(position);
      this.histogram[distance] = this.histogram[distance]! + 1;
      this.flip(position, -1);
    }
    this.last[id] = this.next;
    this.owner[this.next] = id;
    this.flip(this.next, 1);
    this.next++;
  }

  /** Set bits at positions up to and with this one. */
  private countUpTo(position: number): number {
    const { bits, tree } = this;
    const word = position >> 5;
    let count = ones(bits[word]! & (-1 >>> (31 - (position & 31))));
    for (let node = word; node > 0; node &= node - 1) count += tree[node]!;
    return count;
  }

  /** Sets (1) or clears (-1) the bit of a position. */
  private flip(position: number, by: 1 | -1): void {
    const { bits, tree } = this;
    const word = position >> 5;
    bits[word] = bits[word]! ^ (1 << (position & 31));
    for (let node = word + 1; node < tree.length; node += node & -node) {
      tree[node] = tree[node]! + by;
    }
  }

  /** Moves the positions in use together, in their order, into a window of four times as many or the one there is. */
  private compact(): void {
    let length = this.owner.length;
    while (length < 4 * this.distinct) length *= 2;
    const owner = new Int32Array(length);
    let kept = 0;
    for (let position = 0; position < this.next; position++) {
      if ((this.bits[position >> 5]! & (1 << (position & 31))) === 0) continue;
      const id = this.owner[position]!;
      owner[kept] = id;
      this.last[id] = kept++;
    }
    this.owner = owner;
    this.next = kept;
    this.rebuild(kept);
  }

  /** All of the first `kept` positions are in use, and no others. */
  private rebuild(kept: number): void {
    const words = this.owner.length >> 5;
    this.bits = new Int32Array(words).fill(-1, 0, kept >> 5);
    if (kept & 31) this.bits[kept >> 5] = -1 >>> (32 - (kept & 31));
    this.tree = new Int32Array(words + 1);
    for (let node = 1; node <= words; node++) {
      this.tree[node] = this.tree[node]! + ones(this.bits[node - 1]!);
      const parent = node + (node & -node);
      if (parent <= words) this.tree[parent] = this.tree[parent]! + this.tree[node]!;
    }
  }

  private makeRoom(limit: number): void {
    if (limit <= this.last.length) return;
    const length = Math.max(limit, this.last.length * 2);
    const last = new Int32Array(length).fill(-1);
    last.set(this.last);
    this.last = last;
    const histogram = new Float64Array(length);
    histogram.set(this.histogram);
    this.histogram = histogram;
  }
}

/** Set bits of a word. */
function ones(word: number): number {
  let count = word - ((word >>> 1) & 0x5555_5555);
  count = (count & 0x3333_3333) + ((count >>> 2) & 0x3333_3333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
