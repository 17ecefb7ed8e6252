// CSV by columns: values of one column are alike, and compress to a fraction of what they do by rows. It is made of bytes: as
// strings, the fields of a large timeline take a second.

const TAB = 9;
const LINE_END = 10;
const COMMA = 44;

/** How many fields the header of CSV has; 0 where no line ends. */
function widthOf(csv: Uint8Array): number {
  const end = csv.indexOf(LINE_END);
  return end < 0 ? 0 : csv.subarray(0, end).reduce((fields, code) => fields + Number(code === COMMA), 1);
}

/** The bytes of each column of CSV, with what ends each value; undefined where its rows are not all the same number of fields. */
function columnBytes(csv: Uint8Array): Uint32Array | undefined {
  const bytes = new Uint32Array(widthOf(csv));
  let column = 0;
  let from = 0;
  for (let at = 0; at < csv.length; at++) {
    const code = csv[at]!;
    // Most bytes are digits, which are above both.
    if (code > COMMA || (code !== COMMA && code !== LINE_END && code !== TAB)) continue;
    if (code === TAB || column === bytes.length) return undefined;
    bytes[column] = bytes[column]! + at + 1 - from;
    from = at + 1;
    column++;
    if (code === COMMA) continue;
    if (column !== bytes.length) return undefined;
    column = 0;
  }
  return from === csv.length && from > 0 ? bytes : undefined;
}

/** The columns of CSV in UTF-8, one after the other; undefined where its rows are not all the same number of fields. */
export function columnsOf(csv: Uint8Array): Uint8Array | undefined {
  const bytes = columnBytes(csv);
  if (!bytes) return undefined;
  // Where the next value of each column goes. What ends it is a line end, or after the last one what stands between columns.
  const next = new Uint32Array(bytes.length);
  for (let column = 1; column < bytes.length; column++) next[column] = next[column - 1]! + bytes[column - 1]!;
  const columns = new Uint8Array(csv.length);
  let column = 0;
  let to = 0;
  for (let at = 0; at < csv.length; at++) {
    const code = csv[at]!;
    if (code > COMMA || (code !== COMMA && code !== LINE_END)) {
      columns[to++] = code;
      continue;
    }
    columns[to++] = LINE_END;
    next[column] = to;
    column = code === COMMA ? column + 1 : 0;
    to = next[column]!;
  }
  for (const end of next) columns[end - 1] = TAB;
  return columns.subarray(0, columns.length - 1);
}
