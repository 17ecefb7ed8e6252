import { READERS } from '../../trace/readers/registry.js';
import { checkInput } from '../fuzz-readers/check.js';
import type { Part } from './part.js';

const INPUTS = 4;

/** Mutated logs for every reader: each line is counted once, or the log is refused in one line. */
export async function readers(): Promise<Part> {
  return async (seed) => {
    const failures: string[] = [];
    for (const reader of READERS)
      for (let number = 0; number < INPUTS; number++) {
        const { wrong } = await checkInput(reader, seed, number);
        if (wrong === undefined) continue;
        const again = `npm run fuzz:readers -- --reader ${reader.name} --seed ${seed} --first ${number} --inputs 1`;
        failures.push(`${wrong}; ${again}`);
      }
    return { tried: INPUTS * READERS.length, failures };
  };
}
