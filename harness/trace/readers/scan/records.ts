import { InputError } from '../../../base/errors.js';
import { BATCH_CAPACITY, RequestBatch } from '../../requests/batch.js';
import type { InputFile } from '../reader.js';

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
 * Reads records of a fixed size. They are gathered in one aligned buffer, so that a decoder reads whole words whatever
 * the chunks are.
 *
 * @param recordBytes a multiple of 4
 * @throws InputError with the byte where a record is wrong or cut short
 */
export async function* readRecords(
  { bytes, file, account }: InputFile,
  recordBytes: number,
  decode: RecordDecoder,
): AsyncGenerator<RequestBatch> {
  const buffer = Buffer.alloc(recordBytes * BATCH_CAPACITY);
  const words = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
  const batch = new RequestBatch();
  let filled = 0;
  let start = 0;
  const fail = (index: number, what: string): never => {
    throw new InputError(`record ${start / recordBytes + index + 1} ${what}`, {
      file: `${file}: byte ${start + index * recordBytes}`,
    });
  };
  const decoded = (): RequestBatch => {
    const records = Math.floor(filled / recordBytes);
    if (BIG_ENDIAN_HOST) buffer.subarray(0, records * recordBytes).swap32();
    batch.length = 0;
    decode(words, records, batch, fail);
    // A decoder counts the records that are no request.
    account.use(batch.length);
    start += records * recordBytes;
    return batch;
  };
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
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
