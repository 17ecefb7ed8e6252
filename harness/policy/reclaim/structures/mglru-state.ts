import { ANON, FILE, tierOf } from './mglru-control.js';

/**
 * State of a page on a list: bits 0 and 1 its generation, then flags. The generation may be younger than the list the
 * page is on: aging writes only here, and eviction sorts the page when it meets it.
 */
export const GEN_MASK = 3;
export const FILE_TYPE = 4;
export const ON_LIST = 8;
export const REFERENCED = 16;
const REFS_SHIFT = 5;
/** One access in `REFS_MASK`. */
const ONE_REF = 1 << REFS_SHIFT;
/** Accesses through descriptors after the first; has meaning only with `REFERENCED`. */
export const REFS_MASK = 3 << REFS_SHIFT;
export const REFS_FLAGS = REFERENCED | REFS_MASK;
export const WORKINGSET = 128;
/** What a page keeps where it goes to another generation. */
export const KEPT_FLAGS = REFS_FLAGS | WORKINGSET;

/** Instead of a generation, of a page on no list: evicted, with its eviction on record; the links hold min_seq. */
export const SHADOW = 1;
/** Waits to be put on a list (the kernel's lru_add batch); one more when it is active. */
export const ADDING = 2;
export const ADDING_ACTIVE = 3;

/** folio_lru_refs: accesses through descriptors, 0 to 4. */
export function refsOf(state: number): number {
  return state & REFERENCED ? ((state & REFS_MASK) >> REFS_SHIFT) + 1 : 0;
}

/** lru_gen_inc_refs: one access through a descriptor more. */
export function withAccess(state: number): number {
  if ((state & REFERENCED) === 0) return (state & ~REFS_MASK) | REFERENCED;
  return (state & REFS_MASK) === REFS_MASK ? state | WORKINGSET : state + ONE_REF;
}

export function stateTier(state: number): number {
  return tierOf(refsOf(state), (state & WORKINGSET) !== 0);
}

export function stateType(state: number): number {
  return state & FILE_TYPE ? FILE : ANON;
}
