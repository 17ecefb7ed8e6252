import { BYTE } from '../text/fields.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const LETTER = { instruction: 0x49, load: 0x4c, modify: 0x4d, store: 0x53 } as const;
const ACCESS = /^(I {2}| [LSM] )[0-9a-f]+,\d+\s*$/;
/** What valgrind itself says. */
const REMARK = /^==\d+==/;

/** A modify is a load and a store of the same bytes: one write. */
const scan: LineScanner = (cursor, batch) => {
  if (cursor.byte === BYTE.equals || cursor.blank) {
    cursor.skipLine();
    return;
  }
  cursor.blanks();
  const letter = cursor.byte;
  const write = letter === LETTER.modify || letter === LETTER.store;
  if (!write && letter !== LETTER.instruction && letter !== LETTER.load) cursor.wrong('I, L, S or M');
  cursor.at++;
  cursor.gap('a space and an address');
  cursor.hexId('a hexadecimal address');
  const { low, high } = cursor;
  cursor.expect(BYTE.comma, 'a comma and a size');
  batch.add(low, high, cursor.number('a size in bytes'), write ? 1 : 0, 0);
  cursor.endLine();
};

export const lackey: RequestReader = {
  yields: 'requests',
  name: 'lackey',
  summary:
    'valgrind --tool=lackey --trace-mem=yes: I|L|S|M address,size, the address in hexadecimal; M is a write; ==… lines are skipped',
  extensions: ['.lackey'],
  source: 'https://valgrind.org/docs/manual/lk-manual.html',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect: (head) => detectLines(head, ACCESS, FIT.certain, scan, REMARK),
  read: (input) => readLines(input, scan),
};
