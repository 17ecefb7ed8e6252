import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { printable } from '../base/printable.js';
import type { Value } from './csv.js';
import { NOT_APPLICABLE, OUTCOMES, type Outcome } from './schema.js';

/** What the columns of result files hold, by kind; `?` is for columns that may be empty. */
export interface KindValues {
  readonly text: string;
  readonly 'text?': string | null;
  readonly number: number;
  readonly 'number?': number | null;
  /** A number that does not apply where the trace lacks the accesses it would need. */
  readonly 'applicable?': number | typeof NOT_APPLICABLE | null;
  /** A limit in pages; `trace` where the trace itself sets it, empty without one. */
  readonly limit: number | 'trace' | null;
  readonly outcome: Outcome;
}
export type Kind = keyof KindValues;

/** The columns of a result file, in their order. */
export type Columns = Readonly<Record<string, Kind>>;
/** A row of a result file with these columns. */
export type RowOf<C extends Columns> = { readonly [N in keyof C]: KindValues[C[N]] };

/** The columns of a row that hold numbers. */
export type NumberColumn<R> = { [N in keyof R]: Extract<R[N], number> extends never ? never : N }[keyof R];

/** The names of columns, in their order. */
export function columnNames<C extends Columns>(columns: C): readonly Extract<keyof C, string>[] {
  return Object.keys(columns) as Extract<keyof C, string>[];
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;

/** What is expected of columns that are not text, for messages. */
const EXPECTED: Readonly<Record<Exclude<Kind, 'text' | 'text?' | 'outcome'>, string>> = {
  number: 'a number',
  'number?': 'a number or nothing',
  'applicable?': `a number, nothing or ${NOT_APPLICABLE}`,
  limit: 'a number, nothing or trace',
};

/**
 * Parses the text of a value.
 *
 * @throws InputError when a column of this kind cannot hold it
 */
export function parseValue(column: string, kind: Kind, text: string): Value {
  if (kind === 'outcome') {
    if (!(OUTCOMES as readonly string[]).includes(text)) throw unknownName(column, text, OUTCOMES);
    return text;
  }
  if (kind === 'text' || kind === 'text?') {
    if (text !== '') return printable(text);
    if (kind === 'text?') return null;
    throw new InputError(`${column} is empty, expected a text`);
  }
  if (text === '' && kind !== 'number') return null;
  if ((text === NOT_APPLICABLE && kind === 'applicable?') || (text === 'trace' && kind === 'limit'))
    return text;
  if (NUMBER.test(text) && Number.isFinite(Number(text))) return Number(text);
  throw new InputError(`${column} is "${text}", expected ${EXPECTED[kind]}`);
}
