/** Requests a batch holds at most. */
export const BATCH_CAPACITY = 65_536;

/**
 * A run of requests as typed columns; row `i` of each belongs to request `i`. Readers fill one batch again and again: its
 * rows have meaning until the next batch is asked for.
 */
export class RequestBatch {
  length = 0;
  /** Lower 32 bits of the id: an object, a block or an address, in the unit of the format. */
  readonly low = new Uint32Array(BATCH_CAPACITY);
  /** Upper 32 bits of the id. */
  readonly high = new Uint32Array(BATCH_CAPACITY);
  /** Which disk or device the id is on; 0 where the format knows one only. */
  readonly volume = new Int32Array(BATCH_CAPACITY);
  /** Bytes; 0 where the format has no sizes. */
  readonly size = new Float64Array(BATCH_CAPACITY);
  /** Microseconds, whole, from an origin of the format's own; 0 where it has no times. Not always sorted. */
  readonly time = new Float64Array(BATCH_CAPACITY);
  /** 1 for a write, 0 for a read. */
  readonly write = new Uint8Array(BATCH_CAPACITY);
  /** Bytes that one unit of an id stands for, where that depends on the file: else as the reader says. */
  idBytes: number | undefined;
  /** Whether ids are hashes of texts, which have no neighbours. */
  hashed = false;
  /** Whether rows have times, where that depends on the file. */
  timed = true;

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
