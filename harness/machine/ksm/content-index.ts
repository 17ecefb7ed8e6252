import { grown } from '../../base/arrays.js';
import { ContentTable } from './content-table.js';

/** Room at the start, in pages. */
const FIRST_PAGES = 1024;

/** Pages by the content they had when they were put in. */
export class ContentIndex {
  private readonly table = new ContentTable();
  /** 1 for pages in the index. */
  private inside = new Uint8Array(0);

  get bytes(): number {
    return 13 * this.inside.length + this.table.bucketBytes;
  }

  /** A page that had this content, or `NONE`. */
  find(content: number): number {
    return this.table.find(content);
  }

  /** Puts a page in, or under another content. */
  set(page: number, content: number): void {
    if (page >= this.inside.length) this.grow(page + 1);
    this.remove(page);
    this.table.content[page] = content;
    this.table.link(page);
    this.inside[page] = 1;
  }

  remove(page: number): void {
    if (page >= this.inside.length || this.inside[page] === 0) return;
    this.table.unlink(page);
    this.inside[page] = 0;
  }

  private grow(needed: number): void {
    const length = Math.max(needed, 2 * this.inside.length, FIRST_PAGES);
    this.table.resize(length);
    this.inside = grown(this.inside, length);
  }
}
