// CSV by columns: values of one column are alike, and compress to a fraction of what they do by rows. It is made of bytes: as
// strings, the fields of a large timeline take a second.

const TAB = 9;
const LINE_END = 10;
const COMMA = 44;

/** The bytes of each column of CSV, with what ends each value; undefined where its rows are not all the same number of fields. */
function columnBytes(csv: Uint8Array): number[] | undefined {
  const bytes: number[] = [];
  let column = 0;
  let from = 0;
  let width: number | undefined;
  for (let at = 0; at < csv.length; at++) {
    const code = csv[at]!;
    if (code === TAB) return undefined;
    if (code !== COMMA && code !== LINE_END) continue;
    bytes[column] = (bytes[column] ?? 0) + at + 1 - from;
    from = at + 1;
    column++;
    if (code === COMMA) continue;
    width ??= column;
    if (column !== width) return undefined;
    column = 0;
  }
  return from === csv.length && width !== undefined ? bytes : undefined;
}

/** The columns of CSV in UTF-8, one after the other; undefined where its rows are not all the same number of fields. */
export function columnsOf(csv: Uint8Array): Uint8Array | undefined {
  const bytes = columnBytes(csv);
  if (!bytes) return undefined;
  // Where the next value of each column goes. What ends it is a line end, or after the last one what stands between columns.
  const next = bytes.map((_, column) => bytes.slice(0, column).reduce((sum, one) => sum + one, 0));
  const columns = new Uint8Array(csv.length);
  let column = 0;
  let to = 0;
  for (const code of csv) {
    columns[to++] = code === COMMA ? LINE_END : code;
    if (code !== COMMA && code !== LINE_END) continue;
    next[column] = to;
    column = code === COMMA ? column + 1 : 0;
    to = next[column]!;
  }
  for (const end of next) columns[end - 1] = TAB;
  return columns.subarray(0, columns.length - 1);
}
