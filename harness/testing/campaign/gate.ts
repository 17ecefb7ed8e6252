import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { edits, fooledBy } from '../gate-edits.js';
import type { PartResult } from './part.js';
import { rounds } from './rounds.js';

const EDITS = 100;

/** Edits of one value of the baseline or the candidate, none of which may pass as equal. */
export async function gate(seeds: Iterable<number>, goOn: () => boolean): Promise<PartResult> {
  const folder = mkdtempSync(join(tmpdir(), 'reclaim-campaign-gate-'));
  try {
    return await rounds(seeds, goOn, async (seed) => {
      const failures = fc.sample(edits, { seed, numRuns: EDITS }).flatMap((edit) => {
        const why = fooledBy(folder, edit);
        return why === undefined ? [] : [`${JSON.stringify(edit)} ${why}`];
      });
      return { tried: EDITS, failures };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
