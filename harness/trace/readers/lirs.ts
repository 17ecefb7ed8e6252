import { PAGE_BYTES } from '../../base/page.js';
import { BYTE } from '../text/fields.js';
import type { LineAccount } from './account.js';
import { type Detection, FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

const STAR = 0x2a;

/** Passes an empty line, or one with a `*`, which some of the paper's files have. */
function passed(cursor: Cursor, account: LineAccount): boolean {
  const star = cursor.byte === STAR;
  if (star) cursor.at++;
  else if (cursor.byte !== BYTE.lf && cursor.byte !== BYTE.cr) return false;
  cursor.endLine();
  if (star) account.leave('lines "*"');
  return true;
}

const scan: LineScanner = (cursor, batch, account) => {
  // All that is passed begins below the digits.
  if (cursor.byte < BYTE.zero && passed(cursor, account)) return;
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
  family: 'lists of numbers',
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
