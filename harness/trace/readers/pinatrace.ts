import { BYTE } from '../text/fields.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const COLON = 0x3a;
const LETTER_R = 0x72;
const LETTER_W = 0x77;
const ACCESS = /^0x[0-9a-f]+: [RW] 0x[0-9a-f]+\s*$/i;

/** The last line is "#eof", which is a comment. */
const scan: LineScanner = (cursor, batch) => {
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  cursor.skipHexMark();
  cursor.hexId('the address of an instruction');
  cursor.expect(COLON, 'a colon');
  cursor.gap('a space and R or W');
  const write = cursor.readOrWrite(LETTER_R, LETTER_W, 'R or W');
  cursor.gap('a space and an address');
  if (cursor.byte === BYTE.zero) cursor.skipHexMark();
  cursor.hexId('a hexadecimal address');
  batch.add(cursor.low, cursor.high, 0, write, 0);
  cursor.endLine();
};

export const pinatrace: RequestReader = {
  yields: 'requests',
  name: 'pinatrace',
  summary: 'pinatrace of Intel Pin: 0xINSTRUCTION: R|W 0xADDRESS; instructions fetched are not in it',
  extensions: ['.out', '.pinatrace'],
  source:
    'https://software.intel.com/sites/landingpage/pintool/docs/98830/Pin/doc/html/, Memory Reference Trace',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect: (head) => detectLines(head, ACCESS, FIT.certain, scan),
  read: (input) => readLines(input, scan),
};
