import { shownValue } from '../policy/border/border.js';
import { TextHash } from '../trace/readers/scan/hash.js';
import type { RequestBatch } from '../trace/requests/batch.js';

const TWO_32 = 2 ** 32;
const TWO_64 = 1n << 64n;

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Writes requests of a module's reader into batches, and says what is wrong with one. */
export class RequestWriter {
  private readonly hash = new TextHash();
  private low = 0;
  private high = 0;

  /** @param timed whether each request must have a time */
  constructor(private readonly timed: boolean) {}

  /**
   * Appends a request to a batch that is not full.
   *
   * @returns what is wrong with it; undefined where it was added
   */
  add(batch: RequestBatch, request: unknown): string | undefined {
    if (typeof request !== 'object' || request === null)
      return `line returned ${shownValue(request)}, expected a request as { id }`;
    const { id, size = 0, write = false, timeUs = 0 } = request as Record<string, unknown>;
    if (!this.takeId(id))
      return `a request has the id ${shownValue(id)}, expected a whole number below 2^64 or a text`;
    if (!isWhole(size)) return `a request has the size ${shownValue(size)}, expected whole bytes`;
    if (typeof write !== 'boolean') return `a request has write ${shownValue(write)}, expected true or false`;
    const isTimed = (request as { timeUs?: unknown }).timeUs !== undefined;
    if (!isWhole(timeUs) || isTimed !== this.timed)
      return `a request has timeUs ${shownValue(isTimed ? timeUs : undefined)}, expected ${this.timed ? 'whole µs' : 'none, or timed: true in the reader'}`;
    if (typeof id === 'string') batch.hashed = true;
    batch.add(this.low, this.high, size, write ? 1 : 0, timeUs);
    return undefined;
  }

  /** Splits an id into its words. @returns false where it is not an id */
  private takeId(id: unknown): boolean {
    if (typeof id === 'string' && id !== '') {
      const bytes = Buffer.from(id);
      this.hash.of(bytes, 0, bytes.length);
      this.low = this.hash.low;
      this.high = this.hash.high;
      return true;
    }
    if (typeof id === 'bigint' && id >= 0n && id < TWO_64) {
      this.low = Number(id & 0xffff_ffffn);
      this.high = Number(id >> 32n);
      return true;
    }
    if (!isWhole(id)) return false;
    this.low = id >>> 0;
    this.high = Math.floor(id / TWO_32);
    return true;
  }
}
