/** What a part of the campaign made of one seed. */
export interface Round {
  /** Inputs, traces, edits, kills or tests tried. */
  readonly tried: number;
  /** What failed, one text each, with the command or seed that shows it again. */
  readonly failures: readonly string[];
  /** Counts for the summary. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** A part of the campaign: tries what a seed stands for. The same seed always stands for the same. */
export type Part = (seed: number) => Promise<Round>;

/** Makes a part ready. It writes into the given folder only, which is empty. */
export type OpenPart = (folder: string) => Promise<Part>;
