import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import type { LineAccount } from './account.js';
import { type Detection, FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

const LETTER = { instruction: 0x49, load: 0x4c, modify: 0x4d, store: 0x53 } as const;
/** What messages begin with, twice: of debugging, and of users' own requests; those of errors begin with `==`. */
const MARK = { debug: 0x2d, user: 0x2a } as const;
const ACCESS = /^(I {2}| [LSM] )[0-9a-f]+,\d+\s*$/;
/** What valgrind itself says (with the time, or not), and superblocks, of which the instructions are traced too. */
const REMARK = /^(==|--|\*\*)(\d\d:\d\d:\d\d:\d\d\.\d{3} )?\d+\1|^SB [0-9a-f]+$/;
const SUPERBLOCK = 0x42;

/** What a line is that has no access; undefined where it should have one. */
function otherThanAccess(cursor: Cursor): string | undefined {
  const { byte, bytes, at } = cursor;
  const next = bytes[at + 1];
  if (byte === LETTER.store && next === SUPERBLOCK) return 'superblocks';
  const marked = byte === BYTE.equals || byte === MARK.debug || byte === MARK.user;
  return marked && next === byte ? 'messages of valgrind' : undefined;
}

/** A modify is a load and a store of the same bytes: one write. */
function scanLine(cursor: Cursor, batch: RequestBatch, account: LineAccount | undefined): void {
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  const other = cursor.byte === BYTE.space ? undefined : otherThanAccess(cursor);
  if (other !== undefined) {
    account?.leave(other);
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
}

function scannerOf(account?: LineAccount): LineScanner {
  return (cursor, batch) => scanLine(cursor, batch, account);
}

/** With -v, valgrind says more at first than is looked at. */
function detect(head: Uint8Array): Detection {
  const lines = headLines(head);
  if (lines.length > 0 && lines.every(({ text }) => REMARK.test(text))) return { fit: FIT.likely };
  return detectLines(head, ACCESS, FIT.certain, scannerOf(), REMARK);
}

export const lackey: RequestReader = {
  yields: 'requests',
  name: 'lackey',
  summary:
    'valgrind --tool=lackey --trace-mem=yes: I|L|S|M address,size, the address in hexadecimal; M is a write; messages of valgrind and superblocks are left out',
  extensions: ['.lackey'],
  source: 'https://valgrind.org/docs/manual/lk-manual.html',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect,
  read: (input) => readLines(input, scannerOf(input.account)),
};
