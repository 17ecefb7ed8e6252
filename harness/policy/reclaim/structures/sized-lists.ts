import type { Pages } from '../contract.js';
import { TrackedLists } from './tracked-lists.js';

/**
 * Lists that count bytes: `size` of a list is the sum of its pages' sizes. A page's size changes only while it is on no
 * list. Sums are exact below 2^53.
 */
export class SizedLists extends TrackedLists {
  override readonly size = new Float64Array(16);

  /** @param last the highest number of a list */
  constructor(
    last: number,
    private readonly pages: Pages,
  ) {
    super(last, pages.count);
  }

  override unlink(id: number): void {
    const list = this.on(id);
    super.unlink(id);
    this.add(list, 1 - this.bytesOf(id));
  }

  override take(list: number, id: number): void {
    super.take(list, id);
    this.add(list, 1 - this.bytesOf(id));
  }

  override move(from: number, to: number, id: number): void {
    super.move(from, to, id);
    const more = this.bytesOf(id) - 1;
    this.add(from, -more);
    this.add(to, more);
  }

  override popTail(list: number): number {
    const id = super.popTail(list);
    if (id >= 0) this.add(list, 1 - this.bytesOf(id));
    return id;
  }

  protected override place(list: number, id: number): void {
    super.place(list, id);
    this.add(list, this.bytesOf(id) - 1);
  }

  private bytesOf(id: number): number {
    return this.pages.sizes![id]!;
  }

  /** What a list has more than the one page that `TrackedLists` counts. */
  private add(list: number, bytes: number): void {
    this.size[list] = this.size[list]! + bytes;
  }
}
