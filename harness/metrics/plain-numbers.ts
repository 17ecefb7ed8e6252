import { InputError } from '../base/errors.js';
import { parseValue } from './columns.js';
import { COMMA, type Column, EXACT_DIGITS, isNumeric, LINE_END, NINE, ZERO } from './plain-table.js';

const QUOTE = 34;
const RETURN = 13;

/** The numbers of a file of results by the names of their columns, a number a row; NaN where there is none. */
export type NumberColumns = ReadonlyMap<string, Float64Array>;

function linesFrom(bytes: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = start; at < end; at++) if (bytes[at] === LINE_END) lines++;
  return end > start ? lines + 1 : 0;
}

/** Reads the records of CSV without quotes into columns of numbers: no row is an object. */
class PlainNumbers {
  private at: number;

  constructor(
    private readonly bytes: Buffer,
    start: number,
    private readonly end: number,
    private readonly columns: readonly Column[],
  ) {
    this.at = start;
  }

  /** All columns; undefined where a record has more or fewer fields. @throws InputError for a value that its column cannot hold */
  read(): NumberColumns | undefined {
    const { bytes, columns, end } = this;
    const rows = linesFrom(bytes, this.at, end);
    const values = columns.map(([, kind]) => (isNumeric(kind) ? new Float64Array(rows) : undefined));
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns.length; i++) {
        const numbers = values[i];
        if (numbers) numbers[row] = this.number(i);
        else this.other(i, this.at);
        const over = this.at >= end || bytes[this.at] === LINE_END;
        if (over !== (i === columns.length - 1)) return undefined;
        this.at++;
      }
    }
    return new Map(
      columns.flatMap(([name], i) => {
        const numbers = values[i];
        return numbers ? [[name, numbers] as const] : [];
      }),
    );
  }

  private number(column: number): number {
    const { bytes, end } = this;
    const from = this.at;
    let value = 0;
    let to = from;
    let code = LINE_END;
    for (; to < end; to++) {
      code = bytes[to]!;
      if (code < ZERO || code > NINE) break;
      value = 10 * value + (code - ZERO);
    }
    if (to === end) code = LINE_END;
    if (to === from || to - from > EXACT_DIGITS || (code !== COMMA && code !== LINE_END)) {
      const other = this.other(column, from);
      return typeof other === 'number' ? other : Number.NaN;
    }
    this.at = to;
    return value;
  }

  private other(column: number, from: number) {
    const { bytes, columns, end } = this;
    let to = from;
    for (; to < end; to++) {
      const code = bytes[to];
      if (code === COMMA || code === LINE_END) break;
    }
    this.at = to;
    const [name, kind] = columns[column]!;
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
