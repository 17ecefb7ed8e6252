/** Reasons or remarks with how often each came up, in the order of their first appearance. */
export type Counts = readonly (readonly [what: string, count: number])[];

/**
 * What became of the lines (or records) of one file. Each is counted exactly once: `used`, `joined` or left out for a
 * reason, so that the three add up to what was read. Complete once everything has been read.
 */
export class LineAccount {
  /** All lines counted so far. A plain field: readers of lines compare it for each of them. */
  total = 0;
  private joinedLines = 0;
  private leftLines = 0;
  private readonly reasons = new Map<string, number>();
  private readonly said = new Map<string, number>();
  private readonly aboutTimes = new Set<string>();

  /** Counts lines that the result is made of. */
  use(lines = 1): void {
    this.total += lines;
  }

  /** Counts lines that only complete others: headers, the first half of a call. */
  join(lines = 1): void {
    this.total += lines;
    this.joinedLines += lines;
  }

  /** Counts lines that are in the result in no way. @param what in the plural, as in "page faults outside the pool" */
  leave(what: string, lines = 1): void {
    if (lines === 0) return;
    this.total += lines;
    this.leftLines += lines;
    this.reasons.set(what, (this.reasons.get(what) ?? 0) + lines);
  }

  /**
   * Counts what is lost or assumed within lines that are used, as in "flags that no op has". Not part of the sum.
   *
   * @param about what it matters to: remarks on times do not to what reads no times
   */
  remark(what: string, count = 1, about: 'all' | 'times' = 'all'): void {
    if (count === 0) return;
    this.said.set(what, (this.said.get(what) ?? 0) + count);
    if (about === 'times') this.aboutTimes.add(what);
  }

  get used(): number {
    return this.total - this.joinedLines - this.leftLines;
  }

  get joined(): number {
    return this.joinedLines;
  }

  /** Lines left out, by reason. */
  get leftOut(): Counts {
    return [...this.reasons];
  }

  /** What was lost or assumed within lines that are used. */
  get remarks(): Counts {
    return [...this.said];
  }

  /** The remarks that matter where the order of requests does, and their times do not. */
  get untimedRemarks(): Counts {
    return this.remarks.filter(([what]) => !this.aboutTimes.has(what));
  }
}
