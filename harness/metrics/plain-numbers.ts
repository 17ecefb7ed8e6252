import { InputError } from '../base/errors.js';
import { parseValue } from './columns.js';
import { COMMA, type Column, EXACT_DIGITS, isNumeric, LINE_END, NINE, ZERO } from './plain-table.js';

const QUOTE = 34;
const RETURN = 13;

/** The numbers of a file of results by the names of their columns, a number a row; NaN where there is none. */
export type NumberColumns = ReadonlyMap<string, Float64Array>;

function linesFrom(bytes: Buffer, start: number, end: number): number {
  let lines = end > start ? 1 : 0;
  for (let at = bytes.indexOf(LINE_END, start); at >= 0 && at < end; at = bytes.indexOf(LINE_END, at + 1))
    lines++;
  return lines;
}

/** Reads the records of CSV without quotes into columns of numbers: no row is an object. */
class PlainNumbers {
  private at: number;
  private readonly mayBeEmpty: readonly boolean[];

  constructor(
    private readonly bytes: Buffer,
    start: number,
    private readonly end: number,
    private readonly columns: readonly Column[],
  ) {
    this.at = start;
    this.mayBeEmpty = columns.map(([, kind]) => kind.endsWith('?'));
  }

  /** All columns; undefined where a record has more or fewer fields. @throws InputError for a value that its column cannot hold */
  read(): NumberColumns | undefined {
    const { columns } = this;
    const rows = linesFrom(this.bytes, this.at, this.end);
    const values = columns.map(([, kind]) => (isNumeric(kind) ? new Float64Array(rows) : undefined));
    for (let row = 0; row < rows; row++) if (!this.readRow(row, values)) return undefined;
    return new Map(
      columns.flatMap(([name], i) => {
        const numbers = values[i];
        return numbers ? [[name, numbers] as const] : [];
      }),
    );
  }

  /** Reads a record. @returns whether it has a field for each column */
  private readRow(row: number, values: readonly (Float64Array | undefined)[]): boolean {
    const { bytes, end } = this;
    const last = values.length - 1;
    let at = this.at;
    for (let i = 0; i <= last; i++) {
      const numbers = values[i];
      const from = at;
      let value = 0;
      let code = LINE_END;
      for (; at < end; at++) {
        code = bytes[at]!;
        if (code < ZERO || code > NINE) break;
        value = 10 * value + (code - ZERO);
      }
      if (at === end) code = LINE_END;
      const ended = code === COMMA || code === LINE_END;
      if (numbers && at === from && ended && this.mayBeEmpty[i]) numbers[row] = Number.NaN;
      else if (!numbers || at === from || at - from > EXACT_DIGITS || !ended) {
        const other = this.other(i, from);
        if (numbers) numbers[row] = typeof other === 'number' ? other : Number.NaN;
        at = this.at;
        code = at >= end ? LINE_END : bytes[at]!;
      } else numbers[row] = value;
      if ((code === LINE_END) !== (i === last)) return false;
      at++;
    }
    this.at = at;
    return true;
  }

  /** The value of a field that is no whole number; `at` is behind it then. */
  private other(column: number, from: number) {
    const { bytes, columns, end } = this;
    let to = from;
    for (; to < end; to++) {
      const code = bytes[to];
      if (code === COMMA || code === LINE_END) break;
    }
    this.at = to;
    const [name, kind] = columns[column]!;
    // No text is refused there.
    if (kind === 'text?') return null;
    return parseValue(name, kind, bytes.toString('utf8', from, to));
  }
}

/**
 * The numbers of a file of results without quotes, as nearly all are. A long timeline takes a sixth of the time that it takes as
 * rows.
 *
 * @param columnsOf the columns that a header line names, once they are checked; undefined where it lacks some
 * @returns undefined where it is not so simple, or something is wrong: reading it as CSV says what
 */
export function plainNumbers(
  bytes: Buffer,
  columnsOf: (header: string) => readonly Column[] | undefined,
): NumberColumns | undefined {
  const header = bytes.indexOf(LINE_END);
  const endsTwice = bytes.at(-1) === LINE_END && bytes.at(-2) === LINE_END;
  if (header <= 0 || endsTwice || bytes.includes(QUOTE) || bytes.includes(RETURN)) return undefined;
  const columns = columnsOf(bytes.toString('utf8', 0, header));
  if (!columns) return undefined;
  const end = bytes.at(-1) === LINE_END ? bytes.length - 1 : bytes.length;
  try {
    return new PlainNumbers(bytes, header + 1, Math.max(end, header + 1), columns).read();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
