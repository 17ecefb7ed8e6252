import type { PartResult } from './part.js';

/** What one round of a part came to. */
export interface Round {
  /** Inputs, traces or edits tried. */
  readonly tried: number;
  /** What failed, one text each, with the command or seed that shows it again. */
  readonly failures: readonly string[];
  /** Counts for the summary. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** Runs rounds, a seed each, until there are no more seeds or time is over. */
export async function rounds(
  seeds: Iterable<number>,
  goOn: () => boolean,
  round: (seed: number) => Promise<Round>,
): Promise<PartResult> {
  const notes: string[] = [];
  const failed: number[] = [];
  const counts: Record<string, number> = {};
  let tried = 0;
  for (const seed of seeds) {
    if (!goOn()) break;
    const done = await round(seed);
    tried += done.tried;
    for (const [name, count] of Object.entries(done.counts ?? {})) counts[name] = (counts[name] ?? 0) + count;
    if (done.failures.length === 0) continue;
    failed.push(seed);
    for (const failure of done.failures) notes.push(`seed ${seed}: ${failure}`);
  }
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return {
    tried,
    failed: failed.length,
    seeds: failed,
    notes: counted.length > 0 ? [counted.join(', '), ...notes] : notes,
  };
}
