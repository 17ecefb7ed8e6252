/** How much less `npm cit` tries of costly properties: they are most of the time of unit tests. */
const PART = 10;

/**
 * How many inputs a costly property tries: a tenth in `npm cit`, whose seed is always the same, and all of them with `FC_SEED`:
 * `npm run test:system` tries those of the same seed, `npm run campaign` one seed after the other.
 *
 * @param all runs with `FC_SEED`
 */
export function propertyRuns(all: number): number {
  return process.env.FC_SEED === undefined ? Math.ceil(all / PART) : all;
}
