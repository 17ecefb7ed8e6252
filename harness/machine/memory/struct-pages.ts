/**
 * Pages of an XIP image that have a struct page (`xip+struct`): how many entries map each. Pages without one are not
 * counted (VM_MIXEDMAP counts where pfn_valid says that there is a struct page).
 */
export class StructPages {
  private readonly mappings = new Map<number, number>();

  has(page: number): boolean {
    return this.mappings.has(page);
  }

  add(page: number): void {
    this.mappings.set(page, 0);
  }

  remove(page: number): void {
    this.mappings.delete(page);
  }

  mapcount(page: number): number {
    return this.mappings.get(page) ?? 0;
  }

  addMapping(page: number): void {
    this.mappings.set(page, this.mapcount(page) + 1);
  }

  dropMapping(page: number): void {
    this.mappings.set(page, this.mapcount(page) - 1);
  }

  /** Pages with a struct page and how many entries map them. */
  [Symbol.iterator](): IterableIterator<[page: number, mappings: number]> {
    return this.mappings.entries();
  }
}
