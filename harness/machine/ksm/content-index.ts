import { grown } from '../../base/arrays.js';
import { bucketOf, FIRST_BUCKETS } from './hash.js';
import { NONE } from './items.js';

/** In place of a neighbour: the page is not in the index. */
const OUT = -2;

/** Pages by the content they had when they were put in. */
export class ContentIndex {
  private content = new Uint32Array(0);
  private after = new Int32Array(0);
  private before = new Int32Array(0);
  private heads = new Int32Array(FIRST_BUCKETS).fill(NONE);
  private count = 0;

  get bytes(): number {
    return 3 * this.after.byteLength + this.heads.byteLength;
  }

  /** A page that had this content, or `NONE`. */
  find(content: number): number {
    let page = this.heads[bucketOf(content, this.heads.length)]!;
    while (page !== NONE && this.content[page] !== content) page = this.after[page]!;
    return page;
  }

  /** Puts a page in, or under another content. */
  set(page: number, content: number): void {
    if (page >= this.after.length) this.growPages(page + 1);
    this.remove(page);
    if (this.count >= this.heads.length) this.growTable();
    this.content[page] = content;
    this.link(page);
    this.count++;
  }

  remove(page: number): void {
    if (page >= this.after.length || this.after[page] === OUT) return;
    const after = this.after[page]!;
    const before = this.before[page]!;
    if (after !== NONE) this.before[after] = before;
    if (before !== NONE) this.after[before] = after;
    else this.heads[bucketOf(this.content[page]!, this.heads.length)] = after;
    this.after[page] = OUT;
    this.count--;
  }

  private link(page: number): void {
    const bucket = bucketOf(this.content[page]!, this.heads.length);
    const head = this.heads[bucket]!;
    this.after[page] = head;
    this.before[page] = NONE;
    if (head !== NONE) this.before[head] = page;
    this.heads[bucket] = page;
  }

  private growTable(): void {
    const old = this.heads;
    this.heads = new Int32Array(old.length * 2).fill(NONE);
    for (const head of old) {
      for (let page = head; page !== NONE; ) {
        const after = this.after[page]!;
        this.link(page);
        page = after;
      }
    }
  }

  private growPages(needed: number): void {
    const length = Math.max(needed, 2 * this.after.length, FIRST_BUCKETS);
    this.content = grown(this.content, length);
    this.after = grown(this.after, length, OUT);
    this.before = grown(this.before, length, NONE);
  }
}
