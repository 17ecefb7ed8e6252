import type { Errno } from '../policy/discard/contract.js';

/** What the system call of an event returned. */
export interface Returned {
  readonly errno: Errno;
  /** The return value of a call that succeeded: 1 of MADV_NONVOLATILE when pages were purged, else 0. */
  readonly value: number;
}

/** An event without a system call, or one that succeeded and has nothing to say. */
export const SUCCESS: Returned = { errno: 0, value: 0 };
