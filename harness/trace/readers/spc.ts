import { BYTE } from '../text/fields.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const MAX_ASU = 2 ** 31;

const scan: LineScanner = (cursor, batch, account) => {
  cursor.blanks();
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  const asu = cursor.number('the number of an application-specific unit');
  if (asu >= MAX_ASU) cursor.wrong('a unit below 2^31');
  cursor.comma();
  cursor.id('a logical block address');
  const { low, high } = cursor;
  cursor.comma();
  const size = cursor.number('a size in bytes');
  cursor.comma();
  const write = cursor.operation('an operation, as R or W');
  cursor.comma();
  const time = cursor.seconds('a time in seconds');
  cursor.blanks();
  if (typeof write === 'string') {
    account.leave(write);
    cursor.skipLine();
    return;
  }
  batch.volume[batch.length] = asu;
  batch.add(low, high, size, write, time);
  // Fields that a site adds may follow.
  if (cursor.byte === BYTE.comma) {
    account.remark('fields after the time, which are not read');
    cursor.skipLine();
  } else cursor.endLine();
};

export const spc: RequestReader = {
  yields: 'requests',
  name: 'spc',
  summary:
    'UMass and SPC: ASU,LBA,size,R|W,time, time in s; more fields may follow, other operations are left out',
  extensions: ['.spc'],
  source: 'SPC Trace File Format Specification 1.0.1 (2002); https://traces.cs.umass.edu',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: 512,
  timed: true,
  detect: (head) =>
    detectLines(
      head,
      /^\s*\d+\s*,\s*\d+\s*,\s*\d+\s*,\s*[a-z]+\s*,\s*(\d+\.?|\.\d)\d*(e[+-]?\d+)?\s*(,.*)?$/i,
      FIT.certain,
      scan,
    ),
  read: (input) => readLines(input, scan),
};
