import { PAGE_BYTES } from '../../base/page.js';
import { BYTE } from '../text/fields.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const scan: LineScanner = (cursor, batch) => {
  if (cursor.byte < BYTE.zero) {
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    cursor.blanks();
  }
  cursor.anyId('a page number, decimal or 0x and hexadecimal digits');
  batch.add(cursor.low, cursor.high, 0, 0, 0);
  cursor.endLine();
};

export const pages: RequestReader = {
  yields: 'requests',
  name: 'pages',
  summary: 'one page number per line, decimal or 0x…; lines that begin with # are comments',
  family: 'lists of numbers',
  extensions: ['.pages'],
  source: 'harness/trace/readers/README.md',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: PAGE_BYTES,
  timed: false,
  detect: (head) => detectLines(head, /^\s*(0x[0-9a-f]+|\d+)\s*$/i, FIT.possible, scan),
  read: (input) => readLines(input, scan),
};
