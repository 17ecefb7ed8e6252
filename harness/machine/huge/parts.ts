import type { Folio, Folios } from '../memory/folios.js';
import type { LeafPart } from '../state/page-table.js';
import type { State } from '../state/state.js';
import type { Tmpfs } from '../state/tmpfs.js';
import type { Pmds } from './pmds.js';

/** What the functions of this folder work on: the machine's state, and what is known of huge pages. */
export interface HugeParts {
  readonly state: State;
  readonly folios: Folios;
  readonly pmds: Pmds;
  /** Whether the huge page of zeros has been allocated; it stays. */
  zeroAllocated: boolean;
  /** Returns whether it is split: what a device has pinned of shared memory stays whole. */
  split(folio: Folio): boolean;
  /** Entries of a part of a leaf are about to be emptied, and are empty. */
  zapping(part: LeafPart): void;
  zapped(): void;
  /** Splits folios that reach beyond the end of their object, of a tmpfs or of all. Returns how many pages are free. */
  shrinkBeyondEnd(tmpfs?: Tmpfs): number;
  /** A folio that nothing has mapped yet is not needed. */
  unmade(folio: Folio): void;
}
