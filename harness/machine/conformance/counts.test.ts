import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { csvLines, FOLDER, jsonCases, statedCounts } from '../../testing/conformance.js';

/** Data that cases are computed with, and no cases themselves. */
const NO_CASES: ReadonlySet<string> = new Set(['cgroup_prices.csv']);

it('README.md counts every case of every file, and its sum is right', () => {
  const files = readdirSync(join(FOLDER, 'expectations')).filter((file) => !NO_CASES.has(file));
  const cases = files.map((file) => (file.endsWith('.json') ? jsonCases(file) : csvLines(file).rows).length);
  const groups = [...statedCounts().values()];
  const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
  const [run, skipped] = [sum(groups.map((group) => group.run)), sum(groups.map((group) => group.skipped))];
  expect(run + skipped).toBe(sum(cases));
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  expect(readme).toContain(`${run + skipped} cases: ${run} run, ${skipped} skipped.`);
});
