import type { RequestBatch } from '../requests/batch.js';
import { FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const LOAD = 0x6c;
const STORE = 0x73;

/** Reads `l|s 0xADDRESS n` into a batch, up to what follows. */
export function addAccess(cursor: Cursor, batch: RequestBatch): void {
  const write = cursor.readOrWrite(LOAD, STORE, 'l or s');
  cursor.gap('a space and an address');
  cursor.skipHexMark();
  cursor.hexId('a hexadecimal address');
  const { low, high } = cursor;
  cursor.gap('a space and a number of instructions');
  cursor.number('a number of instructions');
  batch.add(low, high, 0, write, 0);
}

const scan: LineScanner = (cursor, batch) => {
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  addAccess(cursor, batch);
  cursor.endLine();
};

export const address: RequestReader = {
  yields: 'requests',
  name: 'address',
  summary: 'UC San Diego: l|s 0xADDRESS n: a load or a store, n instructions after the one before',
  extensions: ['.address', '.trace'],
  source: 'UC San Diego, CSE 240A (2007), https://cseweb.ucsd.edu/classes/fa07/cse240a/project1.html',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect: (head) => detectLines(head, /^[ls] 0x[0-9a-f]+ \d+\s*$/i, FIT.certain, scan),
  read: (input) => readLines(input, scan),
};
