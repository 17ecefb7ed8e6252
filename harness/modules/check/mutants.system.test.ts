import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.js';
import { MUTANTS } from '../../testing/module-mutants.js';
import { checkModule } from './suite.js';

const folder = temporaryFolder('reclaim-mutants-');

describe('a module that is wrong in one way fails the checks that are meant for it', () => {
  it.each(MUTANTS.map((mutant, i) => [...mutant, i] as const))(
    '%s',
    async (_what, text, failing, said, i) => {
      const file = join(folder(), `${i}.mjs`);
      writeFileSync(file, text.replaceAll('NAME', `mutant-${i}`));
      const failed = (await checkModule(file, 20)).filter(({ outcome }) => outcome === 'fail');
      expect(
        failed.map(({ check }) => check),
        failed[1]?.detail,
      ).toEqual(failing);
      expect(failed[0]!.detail).toMatch(said);
    },
  );
});
