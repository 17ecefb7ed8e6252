import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.js';
import { blocks, differs, exampleCommands, isLong, shownCommands } from './testing/readme.js';
import { mustRun } from './testing/system.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
/** How the figures of results/figures are drawn. */
const FIGURES = ['--figure', 'saving-stall', '--width', 'page', '--format', 'svg'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-readme-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the README shows what the default comparison prints, and the figures it draws', () => {
  const shown = shownCommands().filter(isLong);
  expect(shown).toHaveLength(1);
  for (const command of shown) {
    const stdout = mustRun(process.execPath, [CLI, ...command.args], folder);
    const other = differs(stdout, command);
    if (other !== undefined) expect(other).toBe(command.output.join('\n'));
  }
  const results = join('results', 'runs', 'default');
  mustRun(process.execPath, [CLI, 'report', results, ...FIGURES], folder);
  const committed = readdirSync(packageFile('results', 'figures'));
  expect(committed.length).toBeGreaterThan(0);
  for (const name of committed) {
    const drawn = readFileSync(join(folder, results, 'figures', name), 'utf8');
    expect(drawn === readFileSync(packageFile('results', 'figures', name), 'utf8'), name).toBe(true);
  }
});

describe('examples in the READMEs of folders, in their order', () => {
  beforeAll(() => {
    // The experiment of the reader's own that they speak of, and its trace.
    writeFileSync(join(folder, 'pool.csv'), blocks('csv')[0]!);
    for (const name of ['experiment.yaml', 'gate.yaml'])
      writeFileSync(join(folder, name), blocks('yaml')[0]!);
  });

  for (const readme of ['workloads/README.md', 'harness/report/README.md', 'harness/gate/README.md']) {
    const commands = exampleCommands(readme);
    it(`${readme} has some`, () => expect(commands.length).toBeGreaterThan(1));
    for (const args of commands) {
      it(`${readme}: reclaim ${args.join(' ')}`, () => {
        mustRun(process.execPath, [CLI, ...args], folder);
      });
    }
  }
});
