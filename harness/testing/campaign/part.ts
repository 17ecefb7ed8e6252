/** What a part of the campaign has tried. */
export interface PartResult {
  /** How many inputs, kills or runs. */
  readonly tried: number;
  readonly failed: number;
  /** The seeds of those that failed; each can be tried again by itself. */
  readonly seeds: readonly number[];
  /** What else to know, in lines. */
  readonly notes: readonly string[];
}
