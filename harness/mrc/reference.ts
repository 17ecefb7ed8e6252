import type { LineAccount } from '../trace/readers/account.js';

/** A part of a reference string. The array is reused: it has meaning until the next batch is asked for. */
export interface ReferenceBatch {
  /** Page ids, dense, in order of first appearance. */
  readonly ids: Int32Array;
  /** Requests in the batch. */
  readonly length: number;
  /** Distinct ids so far, this batch included: all ids are below. */
  readonly distinct: number;
  /** By request: bytes of its object; absent where the string was not opened with `bytes`. */
  readonly sizes?: Float64Array | undefined;
}

/** A sequence of page numbers: what replacement policies are compared on. Can be read more than once unless it is a stream. */
export interface ReferenceString {
  /** For messages. */
  readonly name: string;
  /** Whether it can be read a second time: not so for standard input. */
  readonly rereadable: boolean;
  /** One in this number of the pages is in it; absent: all are. */
  readonly sample?: number;
  /** What became of the file's lines in the last reading, complete at its end; absent where it is not a file of requests. */
  readonly account?: LineAccount;
  /** @throws InputError with the place of what cannot be read */
  batches(): AsyncIterable<ReferenceBatch>;
}

/** Requests a batch at most; measured: 256 are enough to make what is done between batches free. */
export const BATCH_REQUESTS = 65_536;

/** A reference string that is in memory. */
export class MemoryReference implements ReferenceString {
  readonly rereadable = true;

  /**
   * @param ids dense ids in order of first appearance
   * @param distinct how many there are
   */
  constructor(
    readonly name: string,
    readonly ids: Int32Array,
    readonly distinct: number,
  ) {}

  async *batches(): AsyncIterable<ReferenceBatch> {
    for (let at = 0; at < this.ids.length; at += BATCH_REQUESTS) {
      const ids = this.ids.subarray(at, at + BATCH_REQUESTS);
      yield { ids, length: ids.length, distinct: this.distinct };
    }
  }
}
