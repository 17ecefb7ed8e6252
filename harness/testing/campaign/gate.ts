import fc from 'fast-check';
import { edits, fooledBy } from '../gate-edits.js';
import type { Part } from './part.js';

const EDITS = 100;

/** Edits of one value of the baseline or the candidate, none of which may pass as equal. */
export async function gate(folder: string): Promise<Part> {
  return async (seed) => {
    const failures = fc.sample(edits, { seed, numRuns: EDITS }).flatMap((edit) => {
      const why = fooledBy(folder, edit);
      return why === undefined ? [] : [`${JSON.stringify(edit)} ${why}`];
    });
    return { tried: EDITS, failures };
  };
}
