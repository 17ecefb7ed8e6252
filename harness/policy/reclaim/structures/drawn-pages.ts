import { grown } from '../../../base/arrays.js';
import type { RandomStream } from '../../../stats/random.js';
import type { Pages } from '../contract.js';
import { PlacedPages } from './placed-pages.js';

/**
 * What policies that draw their candidates have in common: the last page of the array fills the place of one that goes.
 * Each policy says only which page goes (`choose`) and what a use does.
 *
 * Draws have 32 bits, so a page's chance differs from another's by less than one in 2^32 / pages.
 */
export abstract class DrawnPages extends PlacedPages {
  private ids: Int32Array;

  constructor(
    pages: Pages,
    protected readonly random: RandomStream,
  ) {
    super(pages);
    this.ids = new Int32Array(pages.count);
  }

  override get bytes(): number {
    return super.bytes + this.ids.byteLength;
  }

  insert(id: number): void {
    this.stand(id);
  }

  /** The next draw is independent of where it stands. */
  reject(id: number): void {
    this.stand(id);
  }

  override grow(count: number): void {
    super.grow(count);
    this.ids = grown(this.ids, count);
  }

  /** Any page of the array, each with the same probability. */
  protected draw(): number {
    return this.ids[Math.floor(this.random() * this.size)]!;
  }

  /** Brings a demoted page that was used back into the array; one that is not demoted stays where it is. */
  protected restore(id: number): void {
    if (this.takeDemoted(id)) this.stand(id);
  }

  protected close(at: number): void {
    const last = this.ids[--this.size]!;
    if (at === this.size) return;
    this.ids[at] = last;
    this.place[last] = at;
  }

  private stand(id: number): void {
    this.ids[this.size] = id;
    this.place[id] = this.size++;
  }
}
