import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import type { LineAccount } from './account.js';
import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { headLines, type LineScanner, noLines, readLines } from './scan/lines.js';

const COLON = 0x3a;
const LESS = 0x3c;
const THREAD = 0x54;
const READ = 0x72;
const WRITE = 0x77;

/** The first line of each form. */
const FORMS = {
  view: /^Output format:\s*$/,
  simple: /^Format: <data address>: <data size>, <\(r\)ead\/\(w\)rite\/opcode>/,
  memtrace: /^Format: <instr address>,<\(r\)ead\/\(w\)rite>,<data size>,<data address>/,
} as const;
type Form = keyof typeof FORMS;

/** The lines above the records, and between threads. */
const HEADER = /^(Output format:|Format: |<-*record#|-{20,}$)/;
/** A line of each form, where the first one is missing. */
const LINES: Readonly<Record<Form, RegExp>> = {
  view: /^\s*\d+(\s+\d+)?: +T?\d+ +(<marker: |<thread |[a-z][\w-]* +\d+ byte\(s\) @ 0x)/i,
  simple: /^0x[0-9a-f]+: +\d+, \S+\s*$/i,
  memtrace: /^0x[0-9a-f]+,[rw],\d+,0x[0-9a-f]+\s*$/i,
};
const TIMESTAMP = /^<marker: timestamp (\d+)>/;

function isDigit(byte: number): boolean {
  return byte >= BYTE.zero && byte <= BYTE.zero + 9;
}

/** The form that a line shows; undefined where it shows none. */
function formOf(line: string): Form | undefined {
  return (Object.keys(FORMS) as Form[]).find((form) => FORMS[form].test(line) || LINES[form].test(line));
}

/** Reads lines once one has shown the form: a program's own output may come first. */
class DrmemtraceScanner {
  private form: Form | undefined;
  /** The first time, in microseconds since 1601: too many for a float. */
  private firstTime: bigint | undefined;
  private nowUs = 0;

  constructor(private readonly account: LineAccount) {}

  readonly scan: LineScanner = (cursor, batch) => {
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    this.form ??= formOf(cursor.text());
    batch.timed = this.form === 'view';
    if (this.form === 'view') this.record(cursor, batch);
    else if (cursor.byte !== BYTE.zero) this.other(cursor);
    else if (this.form === 'simple') this.simple(cursor, batch);
    else this.memtrace(cursor, batch);
  };

  /** `0xADDRESS: SIZE, r|w|OPCODE`; an opcode is an instruction, at its own address. */
  private simple(cursor: Cursor, batch: RequestBatch): void {
    cursor.skipHexMark();
    cursor.hexId('a hexadecimal address');
    const { low, high } = cursor;
    cursor.expect(COLON, 'a colon');
    cursor.gap('a space and a size');
    const size = cursor.number('a size in bytes');
    cursor.comma();
    const end = cursor.tokenEnd();
    if (end === cursor.at) cursor.wrong('r, w or an opcode');
    const isWrite = cursor.byte === WRITE && end === cursor.at + 1;
    cursor.at = end;
    batch.add(low, high, size, isWrite ? 1 : 0, 0);
    cursor.endLine();
  }

  /** `0xINSTRUCTION,r|w,SIZE,0xADDRESS` */
  private memtrace(cursor: Cursor, batch: RequestBatch): void {
    cursor.skipHexMark();
    cursor.hexId('the address of an instruction');
    cursor.comma();
    const write = cursor.readOrWrite(READ, WRITE, 'r or w');
    cursor.comma();
    const size = cursor.number('a size in bytes');
    cursor.comma();
    cursor.skipHexMark();
    cursor.hexId('a hexadecimal address');
    batch.add(cursor.low, cursor.high, size, write, 0);
    cursor.endLine();
  }

  /** `RECORD [INSTRUCTION]: [T]THREAD KIND SIZE byte(s) @ 0xADDRESS …`, or a marker in place of the kind. */
  private record(cursor: Cursor, batch: RequestBatch): void {
    if (!this.toDetails(cursor)) {
      this.other(cursor);
      return;
    }
    if (cursor.byte === LESS) {
      this.marker(cursor);
      return;
    }
    const end = cursor.wordEnd();
    const kind = cursor.at;
    const letter = cursor.byte;
    const isAccess =
      (letter === READ && end === kind + 4) ||
      (letter === WRITE && end === kind + 5) ||
      (letter === 0x69 && cursor.bytes[kind + 1] === 0x66 && end === kind + 6);
    if (!isAccess) {
      this.leave(cursor, `records of kind ${cursor.word()}`);
      return;
    }
    cursor.at = end;
    cursor.gap('a space and a size');
    const size = cursor.number('a size in bytes');
    cursor.gap('a space and "byte(s) @ 0xADDRESS"');
    cursor.at = cursor.wordEnd();
    cursor.gap('a space and "@ 0xADDRESS"');
    cursor.at = cursor.wordEnd();
    cursor.gap('a space and an address');
    cursor.skipHexMark();
    cursor.hexId('a hexadecimal address');
    batch.add(cursor.low, cursor.high, size, letter === WRITE ? 1 : 0, this.nowUs);
    cursor.skipLine();
  }

  /** Moves past the numbers of a record and its thread. False where the line is not a record. */
  private toDetails(cursor: Cursor): boolean {
    cursor.blanks();
    if (!isDigit(cursor.byte)) return false;
    while (isDigit(cursor.byte)) cursor.at++;
    cursor.blanks();
    while (isDigit(cursor.byte)) cursor.at++;
    if (cursor.byte !== COLON) return false;
    cursor.at++;
    cursor.blanks();
    if (cursor.bytes[cursor.at] === THREAD) cursor.at++;
    if (!isDigit(cursor.byte)) return false;
    cursor.number('a thread');
    cursor.gap('a space and a record');
    return true;
  }

  private marker(cursor: Cursor): void {
    const end = cursor.bytes.indexOf(BYTE.lf, cursor.at);
    const text = Buffer.from(cursor.bytes.subarray(cursor.at, end)).toString('latin1');
    const time = TIMESTAMP.exec(text)?.[1];
    if (time === undefined) {
      this.leave(cursor, 'markers');
      return;
    }
    this.firstTime ??= BigInt(time);
    this.nowUs = Number(BigInt(time) - this.firstTime);
    this.account.join();
    cursor.skipLine();
  }

  /** A header, or what is not of the format: what a program prints, the summary. */
  private other(cursor: Cursor): void {
    if (!HEADER.test(cursor.text())) {
      this.leave(cursor, 'lines that are no records');
      return;
    }
    this.account.join();
    cursor.skipLine();
  }

  private leave(cursor: Cursor, reason: string): void {
    this.account.leave(reason);
    cursor.skipLine();
  }
}

function detect(head: Uint8Array): Detection {
  const lines = headLines(head);
  const [first] = lines;
  if (!first) return noLines(head);
  const marked = lines.some(({ text }) => Object.values(FORMS).some((form) => form.test(text)));
  if (marked || formOf(first.text)) return { fit: FIT.certain };
  return misfit(
    `line ${first.number} is no record of drmemtrace's view tool, and no access of a sample of DynamoRIO`,
  );
}

export const drmemtrace: RequestReader = {
  yields: 'requests',
  name: 'drmemtrace',
  summary:
    'DynamoRIO: the view tool of drmemtrace (drrun -t drcachesim -simulator_type view), instructions fetched included, or the samples memtrace_simple and memtrace',
  extensions: ['.drmemtrace', '.memtrace'],
  source: 'https://dynamorio.org/sec_drcachesim_tools.html; https://dynamorio.org/API_samples.html',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: true,
  detect,
  read: (input) => readLines(input, new DrmemtraceScanner(input.account).scan),
};
