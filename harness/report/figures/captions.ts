import type { Part } from './data.js';

/** The part of a caption that says which of several pictures this is. */
export function labelOf({ label }: Part): string {
  return label === '' ? '' : ` (${label})`;
}
