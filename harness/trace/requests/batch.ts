import { grown } from '../../base/arrays.js';

/** Requests a batch holds at most. */
export const BATCH_CAPACITY = 65_536;

/**
 * A run of requests as typed columns; row `i` of each belongs to request `i`. Readers fill one batch again and again: its
 * rows have meaning until the next batch is asked for.
 */
export class RequestBatch {
  length = 0;
  /** Lower 32 bits of the id: an object, a block or an address, in the unit of the format. */
  low: Uint32Array;
  /** Upper 32 bits of the id. */
  high: Uint32Array;
  /** Which disk or device the id is on; 0 where the format knows one only. */
  volume: Int32Array;
  /** Bytes; 0 where the format has no sizes. */
  size: Float64Array;
  /** Microseconds, whole, from an origin of the format's own; 0 where it has no times. Not always sorted. */
  time: Float64Array;
  /** 1 for a write, 0 for a read. */
  write: Uint8Array;
  /** Bytes that one unit of an id stands for, where that depends on the file: else as the reader says. */
  idBytes: number | undefined;
  /** Whether ids are hashes of texts, which have no neighbours. */
  hashed = false;
  /** Whether rows have times, where that depends on the file. */
  timed = true;

  /** @param capacity requests that it has room for; `reserve` makes more */
  constructor(capacity = BATCH_CAPACITY) {
    this.low = new Uint32Array(capacity);
    this.high = new Uint32Array(capacity);
    this.volume = new Int32Array(capacity);
    this.size = new Float64Array(capacity);
    this.time = new Float64Array(capacity);
    this.write = new Uint8Array(capacity);
  }

  /** Makes room for this number of requests in all, `BATCH_CAPACITY` at most; those that are there stay. */
  reserve(requests: number): void {
    const capacity = Math.min(requests, BATCH_CAPACITY);
    if (capacity <= this.low.length) return;
    this.low = grown(this.low, capacity);
    this.high = grown(this.high, capacity);
    this.volume = grown(this.volume, capacity);
    this.size = grown(this.size, capacity);
    this.time = grown(this.time, capacity);
    this.write = grown(this.write, capacity);
  }

  get full(): boolean {
    return this.length === BATCH_CAPACITY;
  }

  /** Appends a request on volume 0. The batch must not be full. */
  add(low: number, high: number, size: number, write: 0 | 1, time: number): void {
    const at = this.length++;
    this.low[at] = low;
    this.high[at] = high;
    this.size[at] = size;
    this.write[at] = write;
    this.time[at] = time;
  }
}
