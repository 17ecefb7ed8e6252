import { listed } from './format.js';
import type { Selectable } from './selection.js';
import { verdictOf } from './verdict.js';

/** What is best, by trace and kind of memory. */
function answersOf(results: Selectable): Map<string, string> {
  const answers = new Map<string, string>();
  for (const { kind, use } of verdictOf(results).parts)
    for (const { traces, names } of use)
      for (const trace of traces) answers.set(`${trace}|${kind}`, listed([...names].sort()));
  return answers;
}

type Answers = ReadonlyMap<string, string>;

/** How answers differ, in one line. @param mine under a cost table of the user, by trace and kind of memory */
export function changedAnswers(mine: Answers, standard: Answers): string {
  const keys = [...new Set([...mine.keys(), ...standard.keys()])];
  const changed = keys.filter((key) => mine.get(key) !== standard.get(key));
  if (changed.length === 0) return 'Costs: under the default cost table the answer is the same.';
  const said = changed.map(
    (key) =>
      `${key.split('|')[0]} ${mine.get(key) ?? 'nothing'} (default: ${standard.get(key) ?? 'nothing'})`,
  );
  return `Costs: under the default cost table the answer differs for ${changed.length} of ${keys.length}: ${said.join('; ')}.`;
}

/**
 * Whether a cost table changes the answer.
 *
 * @param own results under the table
 * @param standard those of the same cells under the default table
 * @returns one line
 */
export function costsLine(own: Selectable, standard: Selectable): string {
  return changedAnswers(answersOf(own), answersOf(standard));
}
