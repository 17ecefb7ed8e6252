import { BYTE } from '../text/fields.js';
import { LineAccount } from './account.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

const WRITE = 1;
/** Labels of accesses are below: 0 read, 1 write, 2 instruction fetch. */
const ACCESSES = 3;
const LABELS = 5;
/** What the other labels are. */
const OTHERS: Readonly<Record<number, string>> = {
  3: 'records of unknown type (3)',
  4: 'flushes of the cache (4)',
};
/** Narrower than what is read: with more fields, it is one of many other formats. */
const LINE = /^\s*[0-4]\s+(0x)?[0-9a-f]{1,16}\s*$/i;
/** An address that is no decimal number. */
const HEXADECIMAL = /\s(0x|\d*[a-f])[0-9a-f]*\s*$/i;

/** A line is a label and an address; what follows is a comment. */
function scanner(account: LineAccount): LineScanner {
  return (cursor, batch) => {
    cursor.blanks();
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    const label = cursor.byte - BYTE.zero;
    if (!(label >= 0 && label < LABELS)) cursor.wrong('a label from 0 to 4');
    cursor.at++;
    cursor.gap('a space and a hexadecimal address');
    cursor.skipHexMark();
    cursor.hexId('a hexadecimal address');
    if (cursor.byte !== BYTE.lf && cursor.byte !== BYTE.cr) cursor.gap('a space or the end of the line');
    if (label < ACCESSES) batch.add(cursor.low, cursor.high, 0, label === WRITE ? 1 : 0, 0);
    else account.leave(OTHERS[label]!);
    cursor.skipLine();
  };
}

export const dinero: RequestReader = {
  yields: 'requests',
  name: 'dinero',
  summary:
    'Dinero, din: LABEL ADDRESS, the address in hexadecimal; labels are 0 read, 1 write, 2 instruction fetch; 3 and 4 are left out',
  extensions: ['.din'],
  source: 'Edler and Hill, Dinero IV, https://pages.cs.wisc.edu/~markhill/DineroIV/',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect(head) {
    const fit = headLines(head).some(({ text }) => HEXADECIMAL.test(text)) ? FIT.likely : FIT.possible;
    return detectLines(head, LINE, fit, scanner(new LineAccount()));
  },
  read: (input) => readLines(input, scanner(input.account)),
};
