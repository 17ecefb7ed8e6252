/** Pages [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Spans by address that never overlap. */
export class Spans<T extends Span> {
  private readonly list: T[] = [];

  /** @param partOf what is left of a span between two pages of it, when the rest is taken away */
  constructor(private readonly partOf: (span: T, start: number, end: number) => T) {}

  get all(): readonly T[] {
    return this.list;
  }

  /** The span that holds a page. */
  at(page: number): T | undefined {
    const span = this.list[this.firstEndingAfter(page)];
    return span && span.start <= page ? span : undefined;
  }

  /** The spans that overlap [start, end), by address. */
  within(start: number, end: number): T[] {
    const from = this.firstEndingAfter(start);
    let to = from;
    while (to < this.list.length && this.list[to]!.start < end) to++;
    return this.list.slice(from, to);
  }

  /** Adds a span where there is none. */
  add(span: T): void {
    this.list.splice(this.firstEndingAfter(span.start), 0, span);
  }

  /** Takes [start, end) away; parts outside stay. Returns the spans that overlapped it, as they were. */
  take(start: number, end: number): T[] {
    const from = this.firstEndingAfter(start);
    const taken = this.within(start, end);
    const rest = taken.flatMap((span) => [
      ...(span.start < start ? [this.partOf(span, span.start, start)] : []),
      ...(span.end > end ? [this.partOf(span, end, span.end)] : []),
    ]);
    this.list.splice(from, taken.length, ...rest);
    return taken;
  }

  /** Index of the first span that ends above a page. */
  private firstEndingAfter(page: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle]!.end > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
