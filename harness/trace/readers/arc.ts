import { FIT, type RequestReader } from './reader.js';
import { type LineScanner, linesMatch, readLines } from './scan/lines.js';

const BLOCK_BYTES = 512;

const scan: LineScanner = (cursor, batch) => {
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  cursor.id('the first block of four numbers');
  const { low, high } = cursor;
  cursor.gap('four numbers: first block, blocks, an unused one, request');
  const blocks = cursor.number('the number of blocks');
  cursor.gap('four numbers: first block, blocks, an unused one, request');
  cursor.number('the unused third number');
  cursor.gap('four numbers: first block, blocks, an unused one, request');
  cursor.number('the number of the request');
  cursor.endLine();
  if (blocks > 0) batch.add(low, high, blocks * BLOCK_BYTES, 0, 0);
};

export const arc: RequestReader = {
  name: 'arc',
  summary:
    'traces of the ARC paper: first block, blocks of 512 bytes, unused, request; each block is a request',
  extensions: ['.lis', '.arc'],
  source: 'Megiddo and Modha, ARC (FAST 2003), the README of its traces',
  kind: 'block',
  idBytes: BLOCK_BYTES,
  blockBytes: BLOCK_BYTES,
  timed: false,
  detect: (head) => (linesMatch(head, /^\d+[ \t]+\d+[ \t]+\d+[ \t]+\d+\s*$/) ? FIT.likely : FIT.none),
  read: (bytes, file) => readLines(bytes, file, scan),
};
