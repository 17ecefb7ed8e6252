import { InputError } from '../../../base/errors.js';
import { BATCH_CAPACITY, RequestBatch } from '../../requests/batch.js';
import type { RequestInput } from '../reader.js';
import { takeLarge } from './pages.js';

/** Decodes `records` records from bytes into a batch that is empty and has room for them. `fail` as in `RecordDecoder`. */
export type ByteDecoder = (
  bytes: Buffer,
  records: number,
  batch: RequestBatch,
  fail: (index: number, what: string) => never,
) => void;

/**
 * Decodes `records` records from little-endian 32-bit words into a batch that is empty and has room for them.
 *
 * @param fail ends the read: record `index` is wrong
 */
export type RecordDecoder = (
  words: Uint32Array,
  records: number,
  batch: RequestBatch,
  fail: (index: number, what: string) => never,
) => void;

const BIG_ENDIAN_HOST = new Uint8Array(Uint32Array.of(1).buffer)[0] === 0;

/**
 * Reads records of a fixed size, which are gathered in one aligned buffer.
 *
 * @param headerBytes what comes before the first record: skipped
 * @throws InputError with the byte where a record is wrong or cut short
 */
export async function* readByteRecords(
  { bytes, file, account, pages }: RequestInput,
  recordBytes: number,
  decode: ByteDecoder,
  headerBytes = 0,
): AsyncGenerator<RequestBatch> {
  const buffer = Buffer.alloc(recordBytes * BATCH_CAPACITY);
  const batch = new RequestBatch();
  let filled = 0;
  let start = 0;
  const fail = (index: number, what: string): never => {
    throw new InputError(`record ${start / recordBytes + index + 1} ${what}`, {
      file: `${file}: byte ${headerBytes + start + index * recordBytes}`,
    });
  };
  const decoded = (): RequestBatch => {
    const records = Math.floor(filled / recordBytes);
    batch.length = 0;
    decode(buffer, records, batch, fail);
    // Where records were left out, rows are not records.
    const bytesAt = (row: number) =>
      batch.length === records ? `byte ${headerBytes + start + row * recordBytes}` : `after byte ${start}`;
    if (pages) takeLarge(pages, batch, 0, (row) => ({ file: `${file}: ${bytesAt(row)}` }));
    // A decoder counts the records that are no request.
    account.use(batch.length);
    start += records * recordBytes;
    return batch;
  };
  let toSkip = headerBytes;
  for await (const chunk of bytes) {
    let at = Math.min(toSkip, chunk.length);
    toSkip -= at;
    while (at < chunk.length) {
      const part = chunk.subarray(at, at + buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < buffer.length) continue;
      yield decoded();
      filled = 0;
    }
  }
  const rest = filled % recordBytes;
  if (filled > rest) yield decoded();
  if (rest > 0) fail(0, `is cut short: ${rest} bytes, expected ${recordBytes}`);
  if (start === 0)
    throw new InputError(`the input is empty, expected records of ${recordBytes} bytes`, { file });
}

/**
 * Reads records of whole words, whatever the chunks are.
 *
 * @param recordBytes a multiple of 4
 * @throws InputError as `readByteRecords`
 */
export function readRecords(
  input: RequestInput,
  recordBytes: number,
  decode: RecordDecoder,
): AsyncGenerator<RequestBatch> {
  let words: Uint32Array | undefined;
  return readByteRecords(input, recordBytes, (bytes, records, batch, fail) => {
    words ??= new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    if (BIG_ENDIAN_HOST) bytes.subarray(0, records * recordBytes).swap32();
    decode(words, records, batch, fail);
  });
}
