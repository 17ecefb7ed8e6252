const ROWS = 4;
const WORDS_PER_BLOCK = 8;
const WORDS_PER_ROW = WORDS_PER_BLOCK / ROWS;
/** Pages a block is meant for: 16 counters a page. */
const PAGES_PER_BLOCK = 4;
const MAX_COUNT = 15;
const SMALLEST_BLOCKS = 16;

/** Spreads the bits of an id (the finalizer of MurmurHash3). */
function mix(id: number): number {
  let hash = Math.imul(id ^ (id >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * Approximate counts of uses with 4-bit counters that age: Cormode and Muthukrishnan 2005, "An improved data stream
 * summary: the count-min sketch and its applications". An estimate is never below the true count as far as counters do
 * not saturate and halving does not round.
 *
 * The four counters of a page lie in one block of 32 bytes, so that an operation reads one cache line. Within the block
 * each row has 16 counters.
 */
export class CountMinSketch {
  private words = new Int32Array(SMALLEST_BLOCKS * WORDS_PER_BLOCK);
  private blockMask = SMALLEST_BLOCKS - 1;

  get bytes(): number {
    return this.words.byteLength;
  }

  /**
   * Makes the sketch fit for `pages`, by copies of itself: each page finds in its new block what it found in the old one.
   */
  fit(pages: number): void {
    while (pages > (this.blockMask + 1) * PAGES_PER_BLOCK) {
      const { words } = this;
      this.words = new Int32Array(2 * words.length);
      this.words.set(words);
      this.words.set(words, words.length);
      this.blockMask = 2 * this.blockMask + 1;
    }
  }

  /** Counts a use: only the smallest of its counters grow (conservative update), which brings estimates closer. */
  add(id: number): void {
    const { words } = this;
    const hash = mix(id);
    const at0 = (hash & this.blockMask) * WORDS_PER_BLOCK;
    // Four bits a row: which of its two words, and which of the eight counters there.
    const pick = Math.imul(hash, 0x9e3779b1);
    const at1 = at0 + 2 + ((pick >>> 27) & 1);
    const at2 = at0 + 4 + ((pick >>> 23) & 1);
    const at3 = at0 + 6 + ((pick >>> 19) & 1);
    const first = at0 + (pick >>> 31);
    const shift0 = (pick >>> 26) & 28;
    const shift1 = (pick >>> 22) & 28;
    const shift2 = (pick >>> 18) & 28;
    const shift3 = (pick >>> 14) & 28;
    const word0 = words[first]!;
    const word1 = words[at1]!;
    const word2 = words[at2]!;
    const word3 = words[at3]!;
    const count0 = (word0 >>> shift0) & MAX_COUNT;
    const count1 = (word1 >>> shift1) & MAX_COUNT;
    const count2 = (word2 >>> shift2) & MAX_COUNT;
    const count3 = (word3 >>> shift3) & MAX_COUNT;
    const smallest = Math.min(count0, count1, count2, count3);
    if (smallest === MAX_COUNT) return;
    if (count0 === smallest) words[first] = word0 + (1 << shift0);
    if (count1 === smallest) words[at1] = word1 + (1 << shift1);
    if (count2 === smallest) words[at2] = word2 + (1 << shift2);
    if (count3 === smallest) words[at3] = word3 + (1 << shift3);
  }

  /** How often a page was used, at most: the smallest of its counters. */
  estimate(id: number): number {
    const { words } = this;
    const hash = mix(id);
    let at = (hash & this.blockMask) * WORDS_PER_BLOCK;
    let pick = Math.imul(hash, 0x9e3779b1);
    let smallest = MAX_COUNT;
    for (let row = 0; row < ROWS; row++) {
      const count = (words[at + (pick >>> 31)]! >>> ((pick >>> 26) & 28)) & MAX_COUNT;
      if (count < smallest) smallest = count;
      at += WORDS_PER_ROW;
      pick <<= 4;
    }
    return smallest;
  }

  /** Halves all counters, eight at a time. */
  halve(): void {
    const { words } = this;
    for (let i = 0; i < words.length; i++) words[i] = (words[i]! >>> 1) & 0x77777777;
  }
}
