import type { SharedObject } from './vma.js';

/** A hole that was made in an object, and what was there. */
export interface Hole {
  readonly kind: 'hole';
  readonly object: SharedObject;
  readonly index: number;
  readonly count: number;
  /** Pages that were there. */
  readonly present: number;
  /** Page table entries, in any space, that were cleared. */
  readonly unmapped: number;
}

/** Contents that a program made again. */
export interface Regeneration {
  readonly kind: 'regeneration';
  readonly space: number;
  readonly page: number;
  readonly count: number;
  readonly ns: number;
}

/**
 * What a discard policy did to memory: policies that follow the replay of another are held against it. `other` is what none
 * can follow.
 */
export type Effect = Hole | Regeneration | { readonly kind: 'other' };
