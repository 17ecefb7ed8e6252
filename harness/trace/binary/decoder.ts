import { crc32 } from 'node:zlib';
import { InputError, type Place } from '../../base/errors.js';
import { BLOCK_EVENTS, blockColumns, EVENT_BYTES, type EventBlock, type StringTable } from '../block.js';
import { TraceMeta } from '../meta.js';
import { OPS, PAGE_LIMIT } from '../op.js';
import {
  BLOCK_CRC_AT,
  BLOCK_HEADER_BYTES,
  BLOCK_TAG,
  END_MAGIC,
  FOOTER_BYTES,
  HEADER_BYTES,
  INDEX_CRC_AT,
  INDEX_ENTRY_BYTES,
  INDEX_HEADER_BYTES,
  INDEX_TAG,
  MAGIC,
  MAX_STRING_BYTES,
  padded,
  type TraceTotals,
  VERSION,
} from './layout.js';

/** Whether bytes begin as a binary trace does. */
export function isBinaryTrace(start: Uint8Array): boolean {
  return start.length >= MAGIC.length && MAGIC.every((byte, i) => start[i] === byte);
}

function broken(file: string, what: string): InputError {
  const place: Place = { file };
  return new InputError(`${what}; expected a whole .rtrace file (is it truncated or damaged?)`, place);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sizes that follow from a header's fixed part. */
export function headerJsonBytes(fixed: Uint8Array, file: string): number {
  if (fixed.length < HEADER_BYTES || !isBinaryTrace(fixed)) throw broken(file, 'this is not a binary trace');
  const view = viewOf(fixed);
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new InputError(
      `version ${version} of the binary form is not known, expected ${VERSION}: convert the trace again`,
      { file },
    );
  }
  if (view.getUint32(20, true) !== EVENT_BYTES) throw broken(file, 'the header is damaged');
  return view.getUint32(12, true);
}

/** Decodes the header: `bytes` begins with the fixed part, then the JSON. */
export function decodeHeader(bytes: Uint8Array, file: string): TraceMeta {
  const length = headerJsonBytes(bytes, file);
  const json = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (json.length < length || crc32(json) !== viewOf(bytes).getUint32(16, true))
    throw broken(file, 'the header is damaged');
  try {
    return new TraceMeta(metaPairs(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))));
  } catch (error) {
    if (error instanceof InputError) throw error.at({ file });
    throw broken(file, 'the header is not JSON');
  }
}

/** The pairs of a header's JSON. @throws InputError where it has another shape */
function metaPairs(json: unknown): [string, string][] {
  const pairs = (json as { meta?: unknown } | null)?.meta;
  const right =
    Array.isArray(pairs) &&
    pairs.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((one) => typeof one === 'string'),
    );
  if (!right) throw new InputError('the header has no metadata, expected {"meta": [[key, value], …]}');
  return pairs as [string, string][];
}

/** The fixed part of a block. */
export interface BlockHeader {
  readonly events: number;
  readonly stringBytes: number;
  readonly strings: number;
  readonly payloadBytes: number;
}

/** Reads a block's fixed part; undefined when the index begins here instead. */
export function decodeBlockHeader(bytes: Uint8Array, file: string): BlockHeader | undefined {
  const view = viewOf(bytes);
  const tag = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (tag === INDEX_TAG) return undefined;
  if (tag !== BLOCK_TAG || bytes.length < BLOCK_HEADER_BYTES)
    throw broken(file, 'a block does not begin where it should');
  const events = view.getUint32(4, true);
  const stringBytes = view.getUint32(8, true);
  if (events === 0 || events > BLOCK_EVENTS || stringBytes > MAX_STRING_BYTES)
    throw broken(file, "a block's header is damaged");
  const payloadBytes = padded(stringBytes) + padded(events * EVENT_BYTES);
  return { events, stringBytes, strings: view.getUint32(12, true), payloadBytes };
}

/**
 * Decodes a block in place: its columns are views of `bytes`, which holds fixed part and payload and lies at a
 * multiple of 8 in its buffer. New strings are appended to the table when `strings` is given.
 */
export function decodeBlock(
  bytes: Uint8Array,
  header: BlockHeader,
  file: string,
  strings?: StringTable,
): EventBlock {
  const whole = BLOCK_HEADER_BYTES + header.payloadBytes;
  if (bytes.length < whole) throw broken(file, 'the file ends inside a block');
  const view = viewOf(bytes);
  const crc = crc32(bytes.subarray(BLOCK_HEADER_BYTES, whole), crc32(bytes.subarray(0, BLOCK_CRC_AT)));
  if (crc !== view.getUint32(BLOCK_CRC_AT, true)) throw broken(file, 'the checksum of a block is wrong');
  if (strings) readStrings(bytes.subarray(BLOCK_HEADER_BYTES), header, strings, file);
  const columnsAt = bytes.byteOffset + BLOCK_HEADER_BYTES + padded(header.stringBytes);
  const block = blockColumns(bytes.buffer, columnsAt, header.events);
  block.length = header.events;
  block.firstLine = view.getFloat64(16, true);
  if (!Number.isSafeInteger(block.firstLine) || block.firstLine < 1)
    throw broken(file, "a block's first line is no line number");
  return block;
}

function readStrings(bytes: Uint8Array, header: BlockHeader, table: StringTable, file: string): void {
  const view = viewOf(bytes);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let at = 0;
  for (let i = 0; i < header.strings; i++) {
    const length = at + 4 <= header.stringBytes ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > header.stringBytes) throw broken(file, "a block's strings are damaged");
    try {
      table.intern(decoder.decode(bytes.slice(at + 4, at + 4 + length)));
    } catch {
      throw broken(file, "a block's strings are not UTF-8");
    }
    at += 4 + length;
  }
}

/** Where the index begins, from the last bytes of a file. */
export function indexOffset(footer: Uint8Array, fileBytes: number, file: string): number {
  const magicOk = footer.length === FOOTER_BYTES && END_MAGIC.every((byte, i) => footer[8 + i] === byte);
  const offset = magicOk ? viewOf(footer).getFloat64(0, true) : -1;
  const valid =
    Number.isInteger(offset) &&
    offset >= HEADER_BYTES &&
    offset <= fileBytes - FOOTER_BYTES - INDEX_HEADER_BYTES;
  if (!valid) throw broken(file, 'the file does not end with an index');
  return offset;
}

/** Decodes the index; `bytes` begins with it. */
export function decodeIndex(
  bytes: Uint8Array,
  file: string,
): TraceTotals & { readonly blockOffsets: Float64Array } {
  const view = viewOf(bytes);
  if (bytes.length < INDEX_HEADER_BYTES || view.getUint32(0, true) !== INDEX_TAG)
    throw broken(file, 'the index is damaged');
  const blocks = view.getUint32(4, true);
  const size = INDEX_HEADER_BYTES + blocks * INDEX_ENTRY_BYTES;
  const intact =
    bytes.length >= size &&
    crc32(bytes.subarray(INDEX_HEADER_BYTES, size), crc32(bytes.subarray(0, INDEX_CRC_AT))) ===
      view.getUint32(INDEX_CRC_AT, true);
  if (!intact) throw broken(file, 'the index is damaged');
  const blockOffsets = Float64Array.from({ length: blocks }, (_, i) =>
    view.getFloat64(INDEX_HEADER_BYTES + i * INDEX_ENTRY_BYTES, true),
  );
  return {
    events: view.getFloat64(8, true),
    firstTimeUs: view.getFloat64(16, true),
    lastTimeUs: view.getFloat64(24, true),
    sha256: Buffer.from(bytes.slice(32, 64)).toString('hex'),
    blockOffsets,
  };
}

/**
 * Checks that a decoded block holds numbers that a replay ends with: known ops, texts that are in the table, whole pages and
 * times that do not run backwards. A checksum alone does not say that the writer was right; `verifyTrace` checks the rest.
 */
export function checkBlock(block: EventBlock, strings: StringTable, lastTime: number, file: string): void {
  let last = lastTime;
  for (let i = 0; i < block.length; i++) {
    const time = block.time[i]!;
    const page = block.page[i]!;
    if (!(time >= last)) throw broken(file, `time runs backwards at line ${block.firstLine + i}`);
    if (time > Number.MAX_SAFE_INTEGER || time !== Math.floor(time))
      throw broken(file, `time ${time} is no whole number of microseconds at line ${block.firstLine + i}`);
    if (!(page >= 0 && page < PAGE_LIMIT) || page !== Math.floor(page))
      throw broken(file, `page ${page} is no page number below 2^45 at line ${block.firstLine + i}`);
    if (block.op[i]! >= OPS.length) throw broken(file, `unknown op at line ${block.firstLine + i}`);
    if (block.text[i]! < 0 || block.text[i]! >= Math.max(1, strings.length))
      throw broken(file, `unknown text at line ${block.firstLine + i}`);
    last = time;
  }
}
