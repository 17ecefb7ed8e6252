/** Files of widely used programs that are no traces, by how they begin; what they are, and what makes lines of them. */
const FOREIGN: readonly (readonly [start: RegExp, what: string])[] = [
  [
    /^\s*(\[\s*)?\{\s*("|\})/,
    "JSON, expected a request a line: jq -r '[.time, .id, .size] | @csv' FILE | reclaim … -, with --reader csv:time=1,id=2,size=3",
  ],
  [/^PAR1/, 'Parquet, expected a request a line: duckdb -csv -c "from \'FILE\'" | reclaim … -'],
  [/^ARROW1/, 'Arrow, expected a request a line: write it as csv'],
  [/^\x89HDF\r\n/, 'HDF5, expected a request a line: write it as csv'],
  [/^\x93NUMPY/, "an array of NumPy, expected a request a line: numpy.savetxt(…, fmt='%d', delimiter=',')"],
  [
    /^SQLite format 3/,
    'a database of SQLite, expected a request a line: sqlite3 -csv -header FILE "select …" | reclaim … -',
  ],
  [/^\s*<(\?xml|!doctype|html)/i, 'XML or HTML, expected a request a line'],
  [/^[^ -~]tae/, 'a recording of blktrace, expected what blkparse prints: blkparse -i FILE | reclaim … -'],
  [
    /^PERFILE2/,
    'a recording of perf, expected what perf script prints: perf script -F +addr -i FILE | reclaim … -',
  ],
  [/^\]\0\0.\0/s, 'lzma-compressed, expected plain, .gz, .bz2, .xz, .zst or .br: xz -dc FILE | reclaim … -'],
];
/** Bytes that show how a file begins. */
const LOOKED_AT = 64;

/** What is to be said of a file of a widely used format that is not read; undefined for others. @param head its first bytes */
export function foreignFile(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, LOOKED_AT)).toString('latin1');
  const found = FOREIGN.find(([form]) => form.test(start));
  return found && `this is ${found[1]}`;
}
