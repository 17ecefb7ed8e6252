import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

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
  yields: 'requests',
  name: 'arc',
  summary: 'the ARC paper: START BLOCKS UNUSED REQUEST, blocks of 512 bytes; each block counts as a request',
  extensions: ['.lis', '.arc'],
  source: 'Megiddo and Modha, ARC (FAST 2003), the README of its traces',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: BLOCK_BYTES,
  blockBytes: BLOCK_BYTES,
  timed: false,
  detect: (head) => detectLines(head, /^\d+[ \t]+\d+[ \t]+\d+[ \t]+\d+\s*$/, FIT.likely, scan),
  read: (input) => readLines(input, scan),
};
