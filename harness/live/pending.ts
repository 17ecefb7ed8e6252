import type { LiveObject } from './layout.js';
import { MOST_OPS } from './protocol.js';

/** What an op in a request stands for. */
export const PENDING = {
  /** Nothing of the trace. */
  none: 0,
  touch: 1,
  call: 2,
  object: 3,
  exit: 4,
  /** Its page is the id of the child. */
  fork: 5,
  limit: 6,
} as const;
type Pending = (typeof PENDING)[keyof typeof PENDING];

/** By index in the request: what the ops that wait are of the trace. */
export class PendingOps {
  readonly kind = new Uint8Array(MOST_OPS);
  readonly row = new Int32Array(MOST_OPS);
  readonly space = new Int32Array(MOST_OPS);
  readonly page = new Float64Array(MOST_OPS);
  readonly count = new Int32Array(MOST_OPS);
  /** Pages from `page` on that the program will not access where the call fails. */
  readonly denied = new Int32Array(MOST_OPS);
  /** The call, as calls.csv names it. */
  readonly name: string[] = [];
  /** The object that is made. */
  readonly object: LiveObject[] = [];

  note(index: number, kind: Pending, row: number, space: number, page: number, count: number): void {
    this.kind[index] = kind;
    this.row[index] = row;
    this.space[index] = space;
    this.page[index] = page;
    this.count[index] = count;
  }
}
