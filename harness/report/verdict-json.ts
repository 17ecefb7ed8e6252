/** The verdict for programs. */
import type { Selectable } from './selection.js';
import { type Verdict, verdictOf } from './verdict.js';

/** The version of the fields of verdict.json: raised where one changes its meaning or goes. */
export const VERDICT_SCHEMA = 1;

/** What verdict.json holds: the verdict that `reclaim compare` prints, and report.html begins with. Memory in bytes, times in ns. */
export interface VerdictFile extends Verdict {
  readonly schema: typeof VERDICT_SCHEMA;
}

/** The text of verdict.json. Fields that are undefined in a verdict are not there. */
export function verdictJson(results: Selectable): string {
  const file: VerdictFile = { schema: VERDICT_SCHEMA, ...verdictOf(results) };
  return `${JSON.stringify(file, null, 2)}\n`;
}
