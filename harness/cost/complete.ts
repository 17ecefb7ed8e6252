import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';

type Rows = Readonly<Record<string, unknown>>;

/** What people read and nothing computes with: a table may leave it out. */
const TEXTS: readonly string[] = ['name', 'provenance', 'source'];
/** Rows below it are whole: the mean of one device does not fit the quantiles of another. */
const WHOLE_ROWS = 'devices';

/** A table with the rows that it lacked. */
export interface CompletedRows {
  readonly rows: Rows;
  /** The rows, groups of rows and fields that were taken from the other table, such as `faults.cow_ksm`. */
  readonly fromDefault: readonly string[];
}

function isRows(value: unknown): value is Rows {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Completes a cost table with the rows of another: a group (`faults`), a row (`faults.cow_ksm`) or a field of a row
 * (`calls.free.absent`) that it lacks is taken from there. What it has stays as it is, of any type and value.
 *
 * @throws InputError for a row that the other table does not have: the product would never use it
 */
export function completeRows(given: unknown, standard: Rows): CompletedRows {
  if (!isRows(given)) throw new InputError('the table is not a JSON object, expected rows by their names');
  const fromDefault: string[] = [];
  return { rows: complete(given, standard, [], fromDefault), fromDefault };
}

function complete(given: Rows, standard: Rows, path: readonly string[], fromDefault: string[]): Rows {
  const named = (key: string) => [...path, key].join('.');
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(standard, key))
      throw unknownName('row of a cost table', named(key), Object.keys(standard).map(named));
  }
  const whole = path[0] === WHOLE_ROWS && path.length === 2;
  const rows: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(standard)) {
    const own = given[key];
    if (own !== undefined)
      rows[key] = isRows(own) && isRows(value) ? complete(own, value, [...path, key], fromDefault) : own;
    else if (TEXTS.includes(key)) rows[key] = 'not stated';
    else if (!whole) {
      rows[key] = value;
      fromDefault.push(named(key));
    }
  }
  return rows;
}
