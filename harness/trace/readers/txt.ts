import { InputError } from '../../base/errors.js';
import { peekBytes } from '../io/peek.js';
import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import { type Detection, FIT, misfit, type ReaderInput, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { TextHash } from './scan/hash.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';
import { TEXT_IDS } from './table/layout.js';

/** Bytes that show what the ids are. */
const HEAD_BYTES = 1 << 16;
const NUMBER = /^\s*(0x[0-9a-f]+|\d+(\.0*)?)\s*$/i;
/** A word; the `*` of lists of the LIRS paper is not one. */
const TEXT = /^\s*(?!\*\s*$)[^\s,;|]+\s*$/;

const ID = 'an object id, decimal or 0x and hexadecimal digits, or txt:ids=text to take any';

const numbers: LineScanner = (cursor, batch) => {
  if (cursor.byte < BYTE.zero) {
    cursor.blanks();
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
  }
  cursor.anyId(ID);
  if (cursor.byte > BYTE.cr) cursor.wholeFraction(ID);
  batch.add(cursor.low, cursor.high, 0, 0, 0);
  cursor.endLine();
};

const hexadecimal: LineScanner = (cursor, batch) => {
  cursor.blanks();
  if (cursor.blank) {
    cursor.skipLine();
    return;
  }
  cursor.skipHexMark();
  cursor.hexId('an object id, hexadecimal');
  batch.add(cursor.low, cursor.high, 0, 0, 0);
  cursor.endLine();
};

/** Where the text of a line ends: before blanks and the line end. */
function textEnd({ bytes, at }: Cursor): number {
  let end = bytes.indexOf(BYTE.lf, at);
  while (end > at && bytes[end - 1]! <= BYTE.space) end--;
  return end;
}

/** Hashes what is in a line. */
function texts(): LineScanner {
  const hash = new TextHash();
  return (cursor, batch) => {
    cursor.blanks();
    const end = textEnd(cursor);
    if (end > cursor.at) {
      batch.hashed = true;
      hash.of(cursor.bytes, cursor.at, end);
      batch.add(hash.low, hash.high, 0, 0, 0);
    }
    cursor.skipLine();
  };
}

/** Texts where some of the first ids are, and all of them are a word. */
function kindOf(head: Uint8Array): 'number' | 'text' {
  const lines = headLines(head);
  const numbers = lines.every(({ text }) => NUMBER.test(text));
  return !numbers && lines.every(({ text }) => TEXT.test(text)) ? 'text' : 'number';
}

/** Texts are ids where the name says that this is a list of them: a word a line may be anything. */
function detect(head: Uint8Array): Detection {
  const numeric = detectLines(head, NUMBER, FIT.possible, numbers);
  if (numeric.fit !== FIT.none) return numeric;
  const lines = headLines(head);
  const odd = lines.find(({ text }) => !TEXT.test(text));
  if (odd || lines.length < 2) return numeric;
  const { number, text, start } = lines.find((line) => !NUMBER.test(line.text))!;
  const shown = JSON.stringify(text.slice(0, 30));
  return {
    ...misfit(`line ${number} has the id ${shown}: txt:ids=text reads texts`, start),
    ifNamed: FIT.possible,
  };
}

async function* read(input: ReaderInput): AsyncGenerator<RequestBatch> {
  const { head, all } = await peekBytes(input.bytes, HEAD_BYTES);
  if (head.length === 0) throw new InputError('the input is empty, expected ids', { file: input.file });
  const { ids } = input.values;
  const kind = ids === 'auto' ? kindOf(head) : ids;
  const scan = kind === 'number' ? numbers : kind === 'hex' ? hexadecimal : texts();
  yield* readLines({ ...input, bytes: all }, scan);
  if (kind === 'text') input.account.remark(TEXT_IDS, input.account.used);
}

export const txt: RequestReader = {
  yields: 'requests',
  name: 'txt',
  summary: 'libCacheSim: one object id per line, decimal or 0x…, or a text',
  family: 'lists of numbers',
  extensions: ['.txt'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/generalReader/txt.c',
  parameters: {
    ids: {
      kind: 'choice',
      default: 'auto',
      choices: ['auto', 'number', 'hex', 'text'],
      meaning:
        'what ids are: numbers, hexadecimal without 0x, or texts, which are hashed; auto: as the first lines show',
    },
  },
  sides: {},
  kind: 'object',
  idBytes: 512,
  timed: false,
  detect,
  read,
};
