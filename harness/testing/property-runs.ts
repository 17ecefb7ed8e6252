/** How much less `npm cit` tries of costly properties. */
const PART = 4;

/**
 * How many inputs a costly property tries: a quarter in `npm cit`, whose seed is always the same, and all of them with
 * `FC_SEED`, with which `npm run campaign` tries one seed after the other.
 *
 * @param all runs with `FC_SEED`
 */
export function propertyRuns(all: number): number {
  return process.env.FC_SEED === undefined ? Math.ceil(all / PART) : all;
}
