import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

const LETTER_R = 0x72;
const LETTER_W = 0x77;
const MEMORY_LINE = /^\s*0x[0-9a-f]+\s+[RW]\s*$/i;
const CPU_LINE = /^\s*\d+\s+(0x[0-9a-f]+|\d+)(\s+(0x[0-9a-f]+|\d+))?\s*$/i;

/** Reads lines of either kind: which one, the first line shows. */
class RamulatorScanner {
  private memory: boolean | undefined;
  /** Whether the read of the line at hand is in a batch that was full before its write. */
  private readDone = false;

  readonly scan: LineScanner = (cursor, batch) => {
    cursor.blanks();
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    this.memory ??= MEMORY_LINE.test(cursor.text());
    if (this.memory) this.request(cursor, batch);
    else this.instructions(cursor, batch);
  };

  /** `0xADDRESS R|W` */
  private request(cursor: Cursor, batch: RequestBatch): void {
    cursor.skipHexMark();
    cursor.hexId('a hexadecimal address');
    const { low, high } = cursor;
    cursor.gap('a space and R or W');
    batch.add(low, high, 0, cursor.readOrWrite(LETTER_R, LETTER_W, 'R or W'), 0);
    cursor.endLine();
  }

  /** `INSTRUCTIONS READ [WRITEBACK]` */
  private instructions(cursor: Cursor, batch: RequestBatch): void {
    cursor.number('a number of instructions');
    cursor.gap('a space and an address');
    cursor.anyId('an address');
    if (!this.readDone) batch.add(cursor.low, cursor.high, 0, 0, 0);
    cursor.blanks();
    if (cursor.byte !== BYTE.lf && cursor.byte !== BYTE.cr) {
      this.readDone = batch.full;
      if (this.readDone) {
        cursor.rewind();
        return;
      }
      cursor.anyId('the address of a write-back');
      batch.add(cursor.low, cursor.high, 0, 1, 0);
    }
    this.readDone = false;
    cursor.endLine();
  }
}

function detect(head: Uint8Array): Detection {
  const memory = detectLines(head, MEMORY_LINE, FIT.certain, new RamulatorScanner().scan);
  if (memory.fit !== FIT.none) return memory;
  const cpu = detectLines(head, CPU_LINE, FIT.possible, new RamulatorScanner().scan);
  if (cpu.fit === FIT.none) return cpu;
  // With three numbers in every line, it is one of many other formats.
  const two = headLines(head).find(({ text }) => text.trim().split(/\s+/).length === 2);
  return two ? cpu : misfit('line 1 is read only where the reader is named: each line has three numbers');
}

export const ramulator: RequestReader = {
  yields: 'requests',
  name: 'ramulator',
  summary:
    'Ramulator, memory traces: 0xADDRESS R|W; CPU traces: INSTRUCTIONS READ [WRITEBACK], addresses decimal or 0x…, the write-back is a write',
  extensions: ['.trace', '.cputrace'],
  source: 'https://github.com/CMU-SAFARI/ramulator, README',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect,
  read: (input) => readLines(input, new RamulatorScanner().scan),
};
