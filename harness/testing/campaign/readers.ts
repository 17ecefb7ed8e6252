import { READERS } from '../../trace/readers/registry.js';
import { checkInput } from '../fuzz-readers/check.js';
import type { PartResult } from './part.js';
import { rounds } from './rounds.js';

const INPUTS = 4;

/** Mutated logs for every reader: each line is counted once, or the log is refused in one line. */
export function readers(seeds: Iterable<number>, goOn: () => boolean): Promise<PartResult> {
  return rounds(seeds, goOn, async (seed) => {
    const failures: string[] = [];
    for (const reader of READERS)
      for (let number = 0; number < INPUTS; number++) {
        const { wrong } = await checkInput(reader, seed, number);
        if (wrong !== undefined)
          failures.push(
            `npm run fuzz:readers -- --reader ${reader.name} --seed ${seed} --first ${number}: ${wrong}`,
          );
      }
    return { tried: INPUTS * READERS.length, failures };
  });
}
