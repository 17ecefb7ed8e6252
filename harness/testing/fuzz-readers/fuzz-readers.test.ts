import { describe, expect, it } from 'vitest';
import { READERS } from '../../trace/readers/registry.js';
import { checkInput } from './check.js';

const LOGS = 200;
const SEED = 20;

describe('mutated logs', () => {
  it.each(READERS)(
    'of $name are read with every line counted once, or refused in one line',
    async (reader) => {
      let read = 0;
      for (let number = 0; number < LOGS; number++) {
        const checked = await checkInput(reader, SEED, number);
        expect(
          checked.wrong,
          `npm run fuzz:readers -- --reader ${reader.name} --seed ${SEED} --first ${number}`,
        ).toBe(undefined);
        if (checked.read) read++;
      }
      expect(read).toBeGreaterThan(0);
    },
  );
});
