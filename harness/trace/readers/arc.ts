import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

const BLOCK_BYTES = 512;

const scan: LineScanner = (cursor, batch, account) => {
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
  if (blocks === 0) account.leave('requests of 0 blocks');
  else batch.add(low, high, blocks * BLOCK_BYTES, 0, 0);
};

/** Four numbers are of many formats: here the last ones count up, and the third ones are nearly always 0. */
function detect(head: Uint8Array): Detection {
  const form = detectLines(head, /^\d+[ \t]+\d+[ \t]+\d+[ \t]+\d+\s*$/, FIT.possible, scan);
  if (form.fit === FIT.none) return form;
  let last = 0;
  let unused = true;
  for (const { number, text, start } of headLines(head)) {
    const [, , third, request] = text.split(/[ \t]+/).map(Number);
    if (request! < last)
      return misfit(`line ${number} has request ${request}, expected at least ${last}`, start);
    last = request!;
    unused &&= third === 0;
  }
  return unused ? { fit: FIT.likely } : form;
}

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
  detect,
  read: (input) => readLines(input, scan),
};
