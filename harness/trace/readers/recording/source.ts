import type { CallLog } from '../calls/call.js';

/** Accesses that a batch holds. */
const BATCH_ACCESSES = 1 << 15;

/** Stands for the contents of a write that are not recorded. */
export const NO_CONTENT = -1;

/** A run of accesses as typed columns: row `i` of each belongs to access `i`. */
export class AccessBatch {
  length = 0;
  /** Microseconds of the recording's clock, never decreasing. */
  readonly timeUs = new Float64Array(BATCH_ACCESSES);
  /** The place in the recording: of the line, or of the record. Distinguishes what has one time. */
  readonly place = new Float64Array(BATCH_ACCESSES);
  readonly page = new Float64Array(BATCH_ACCESSES);
  readonly thread = new Int32Array(BATCH_ACCESSES);
  /** What was done: `ACCESS`. */
  readonly kind = new Uint8Array(BATCH_ACCESSES);
  /** The content id that a write leaves in the page; `NO_CONTENT` where that is not recorded. */
  readonly content = new Int32Array(BATCH_ACCESSES);

  get full(): boolean {
    return this.length === BATCH_ACCESSES;
  }

  /** Accesses that it can still take. */
  get room(): number {
    return BATCH_ACCESSES - this.length;
  }

  add(
    timeUs: number,
    place: number,
    thread: number,
    page: number,
    kind: number,
    content: number = NO_CONTENT,
  ): void {
    const at = this.length++;
    this.timeUs[at] = timeUs;
    this.place[at] = place;
    this.thread[at] = thread;
    this.page[at] = page;
    this.kind[at] = kind;
    this.content[at] = content;
  }
}

/**
 * What an access does; `unknown` where the recording does not say it. `look` is not an access: the page was looked at, and holds `content`;
 * its thread is the process.
 */
export const ACCESS = { read: 0, write: 1, unknown: 2, look: 3 } as const;

/** The calls of a recording, in order. */
export interface RecordedCalls extends CallLog {
  /** Where each call ended, as `place` of accesses: with its time it says which accesses come before it. */
  readonly places: readonly number[];
}

/** A raw recording, whatever engine made it. Its accesses are never in memory whole: they are read after the calls. */
export interface RawRecording {
  /** Which accesses it has, in the plural, as messages call them. */
  readonly called: string;
  /** Whether there are rows of the kind `look` among its accesses. */
  readonly hasLooks?: boolean;
  /** Reads all calls. Counts every line or record except those of accesses and of the calls returned. */
  calls(): Promise<RecordedCalls>;
  /** Reads the accesses in order; a batch is only valid until the next one is taken. Counts those it leaves out. */
  accesses(): AsyncGenerator<AccessBatch>;
}
