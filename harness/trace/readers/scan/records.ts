import { InputError } from '../../../base/errors.js';
import { BATCH_CAPACITY, RequestBatch } from '../../requests/batch.js';
import type { WasmIds } from '../../requests/wasm-ids.js';
import type { RecordIds, RequestInput } from '../reader.js';
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

/** Whether words of records have to be turned round for typed arrays. */
export const BIG_ENDIAN_HOST = new Uint8Array(Uint32Array.of(1).buffer)[0] === 0;

/** Records of a fixed size, gathered from bytes that come in chunks of any size. */
class RecordGatherer {
  /** Bytes of the records before those that are gathered now. */
  start = 0;

  constructor(
    private readonly file: string,
    private readonly recordBytes: number,
    private readonly headerBytes: number,
  ) {}

  /** Where a gathered record is, for messages. */
  placeOf(index: number): string {
    return `byte ${this.headerBytes + this.start + index * this.recordBytes}`;
  }

  /** Ends the read: record `index` of those that are gathered is wrong. */
  readonly fail = (index: number, what: string): never => {
    throw new InputError(`record ${this.start / this.recordBytes + index + 1} ${what}`, {
      file: `${this.file}: ${this.placeOf(index)}`,
    });
  };

  /**
   * Fills a buffer again and again.
   *
   * @param room the buffer, for whole records: asked for whenever something is written to it
   * @returns how many records are in it
   * @throws InputError with the byte where a record is cut short, or where there is none
   */
  async *gather(bytes: AsyncIterable<Uint8Array>, room: () => Uint8Array): AsyncGenerator<number> {
    const { file, recordBytes } = this;
    let filled = 0;
    let toSkip = this.headerBytes;
    for await (const chunk of bytes) {
      let at = Math.min(toSkip, chunk.length);
      toSkip -= at;
      while (at < chunk.length) {
        const buffer = room();
        const part = chunk.subarray(at, at + buffer.length - filled);
        buffer.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < buffer.length) continue;
        yield filled / recordBytes;
        this.start += filled;
        filled = 0;
      }
    }
    const rest = filled % recordBytes;
    if (filled > rest) yield (filled - rest) / recordBytes;
    this.start += filled - rest;
    if (rest > 0) this.fail(0, `is cut short: ${rest} bytes, expected ${recordBytes}`);
    if (this.start === 0)
      throw new InputError(`the input is empty, expected records of ${recordBytes} bytes`, { file });
  }
}

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
  const gatherer = new RecordGatherer(file, recordBytes, headerBytes);
  for await (const records of gatherer.gather(bytes, () => buffer)) {
    batch.length = 0;
    decode(buffer, records, batch, gatherer.fail);
    // Where records were left out, rows are not records.
    const placeOf = (row: number) =>
      batch.length === records ? gatherer.placeOf(row) : `after byte ${gatherer.start}`;
    if (pages) takeLarge(pages, batch, 0, (row) => ({ file: `${file}: ${placeOf(row)}` }));
    // A decoder counts the records that are no request.
    account.use(batch.length);
    yield batch;
  }
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

/**
 * The dense ids of records as they come from a file: what a reader and a mapper give together, at half the cost.
 *
 * @param dense takes the ids of each part; there is room for `BATCH_CAPACITY`
 * @returns how many are in it, part by part
 * @throws InputError as `readByteRecords`
 */
export async function* readRecordIds(
  { bytes, file, account }: RequestInput,
  ids: RecordIds,
  table: WasmIds,
  dense: Int32Array,
): AsyncGenerator<number> {
  const gatherer = new RecordGatherer(file, ids.bytes, 0);
  for await (const records of gatherer.gather(bytes, () => table.recordRoom(ids.bytes))) {
    const { buffer, byteOffset } = table.recordRoom(ids.bytes);
    const words = new Uint32Array(buffer, byteOffset, (records * ids.bytes) / 4);
    ids.check(words, records, gatherer.start === 0, gatherer.fail);
    table.mapRecords(records, ids.bytes, ids.id, dense);
    account.use(records);
    yield records;
  }
}
