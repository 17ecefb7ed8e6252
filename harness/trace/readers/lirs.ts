import { PAGE_BYTES } from '../../base/page.js';
import { BYTE } from '../text/fields.js';
import { type Detection, FIT, type RequestReader } from './reader.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

const STAR = 0x2a;

/** Some of the paper's files have a `*` on a line of its own; it is no request. */
const scan: LineScanner = (cursor, batch) => {
  if (cursor.byte === STAR) {
    cursor.at++;
    cursor.endLine();
    return;
  }
  if (cursor.byte === BYTE.lf || cursor.byte === BYTE.cr) {
    cursor.endLine();
    return;
  }
  cursor.id('a block number, decimal');
  batch.add(cursor.low, cursor.high, 0, 0, 0);
  cursor.endLine();
};

function detect(head: Uint8Array): Detection {
  const starred = headLines(head).some(({ text }) => text.startsWith('*'));
  return detectLines(head, /^(\d+|\*)\s*$/, starred ? FIT.certain : FIT.possible, scan);
}

export const lirs: RequestReader = {
  yields: 'requests',
  name: 'lirs',
  summary: 'the LIRS paper: one block number per line; a line "*" is skipped',
  extensions: ['.lirs', '.trc'],
  source: 'Jiang and Zhang, LIRS (SIGMETRICS 2002); https://github.com/zhongch4g/LIRS2',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: PAGE_BYTES,
  timed: false,
  detect,
  read: (input) => readLines(input, scan),
};
