import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.js';
import { MUTANTS } from '../../testing/module-mutants.js';
import { loadPolicyModule } from '../load.js';
import { CHECK_ENTRY, checkModule } from './suite.js';

const folder = temporaryFolder('reclaim-check-');

// All mutants and all policies of this package: mutants.system.test.ts and shipped.system.test.ts.
describe('the conformance suite', () => {
  it.each([
    ['discard', 'remove-managed'],
    ['reclaim', 's3fifo'],
    ['merge', 'ksm'],
    ['purge', 'lazyfree'],
  ] as const)('passes %s policy %s', async (kind, name) => {
    const results = await CHECK_ENTRY[kind](name, {}, {});
    expect(results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    expect(results.length).toBeGreaterThan(4);
  });

  it.each(MUTANTS.filter(([what]) => /no JavaScript|needed again|add up|takes all|not mapped/.test(what)))(
    'finds %s',
    async (what, text, failing, said) => {
      const file = join(folder(), 'mutant.mjs'.replace('mutant', what.replace(/\W+/g, '-')));
      writeFileSync(file, text.replaceAll('NAME', `mutant-${what.length}`));
      const failed = (await checkModule(file, 20)).filter(({ outcome }) => outcome === 'fail');
      expect(failed.map(({ check }) => check)).toEqual(failing);
      expect(failed[0]!.detail).toMatch(said);
    },
  );

  it('says where there is no module', async () => {
    await expect(checkModule(join(folder(), 'none.mjs'), 20)).rejects.toThrow(/none\.mjs: no such file$/);
    await expect(loadPolicyModule(join(folder(), 'none.mjs'))).rejects.toThrow(/no such file$/);
  });
});
