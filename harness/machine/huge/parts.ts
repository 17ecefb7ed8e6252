import type { Folio, Folios } from '../memory/folios.js';
import type { LeafPart } from '../state/page-table.js';
import type { State } from '../state/state.js';
import type { Pmds } from './pmds.js';

/** What the functions of this folder work on: the machine's state, and what is known of huge pages. */
export interface HugeParts {
  readonly state: State;
  readonly folios: Folios;
  readonly pmds: Pmds;
  /** Whether the huge page of zeros has been allocated; it stays. */
  zeroAllocated: boolean;
  split(folio: Folio): void;
  /** Entries of a part of a leaf are about to be emptied, and are empty. */
  zapping(part: LeafPart): void;
  zapped(): void;
  /** A folio that nothing has mapped yet is not needed. */
  unmade(folio: Folio): void;
}
