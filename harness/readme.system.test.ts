import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from './base/errors.js';
import { packageFile } from './base/package-root.js';
import { differs, exampleCommands, exampleFiles, isLong, shownCommands } from './testing/readme.js';
import { cannot, mustRun, runProgram } from './testing/system.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
/** How the figures of results/figures are drawn. */
const FIGURES = ['--figure', 'glance,saving-stall', '--width', 'page', '--format', 'svg'];

/** The reader's own program: it fills 32 MiB and uses them again. */
const APP = `#!/bin/sh
exec '${process.execPath}' -e 'const pages = new Uint8Array(32 << 20).fill(1); pages.fill(2)'
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-readme-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('READMEs show what the default comparison prints, and the figures it draws', () => {
  const shown = ['README.md', 'harness/report/README.md'].flatMap(shownCommands).filter(isLong);
  expect(shown).toHaveLength(2);
  const stdout = mustRun(process.execPath, [CLI, 'compare'], folder);
  for (const command of shown) {
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
    const files = exampleFiles();
    for (const name of ['app', 'pool-test']) {
      writeFileSync(join(folder, name), APP);
      chmodSync(join(folder, name), 0o755);
    }
    writeFileSync(join(folder, 'pool.csv'), files['pool.csv']!);
    writeFileSync(join(folder, 'pool.yaml'), files['pool.yaml']!.replace('pool.csv', 'pool.rtrace'));
    for (const name of ['experiment.yaml', 'gate.yaml'])
      writeFileSync(join(folder, name), files['pool.yaml']!);
  });

  const READMES = ['README.md', 'workloads/README.md', 'harness/report/README.md', 'harness/gate/README.md'];
  it('are in all these READMEs', () => {
    expect(READMES.filter((readme) => exampleCommands(readme).length === 0)).toEqual([]);
  });

  for (const readme of READMES) {
    const commands = exampleCommands(readme);
    /** Why this host cannot record: the commands that follow are skipped too. */
    let unrecorded: string | undefined;
    for (const args of commands) {
      it(`${readme}: reclaim ${args.join(' ')}`, (context) => {
        if (unrecorded) context.skip(unrecorded);
        if (args[0] !== 'record') {
          mustRun(process.execPath, [CLI, ...args], folder);
          return;
        }
        const { code, stderr } = runProgram(process.execPath, [CLI, ...args], folder);
        if (code === EXIT.hostCannot) {
          unrecorded = cannot(stderr.trim());
          context.skip(unrecorded);
        }
        expect(code, stderr).toBe(0);
      });
    }
  }
});
