import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const scan: LineScanner = (cursor, batch) => {
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  cursor.anyId('an object id, decimal or 0x and hexadecimal digits');
  batch.add(cursor.low, cursor.high, 0, 0, 0);
  cursor.endLine();
};

export const txt: RequestReader = {
  yields: 'requests',
  name: 'txt',
  summary: 'libCacheSim: one object id per line, decimal or 0x…',
  extensions: ['.txt'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/generalReader/txt.c',
  parameters: {},
  sides: {},
  kind: 'object',
  idBytes: 512,
  timed: false,
  detect: (head) => detectLines(head, /^(0x[0-9a-f]+|\d+)\s*$/i, FIT.possible, scan),
  read: (input) => readLines(input, scan),
};
