import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.js';
import { CliFolder } from './testing/cli-folder.js';
import { differs, exampleFiles, isLong, shownCommands } from './testing/readme.js';
import { OPS } from './trace/op.js';

/** READMEs that show commands with their output, in the order in which examples build on each other. */
const READMES = [
  'README.md',
  'traces/README.md',
  'harness/mrc/README.md',
  'harness/policy/README.md',
  'workloads/README.md',
  'harness/report/README.md',
  'harness/gate/README.md',
  'harness/diff/README.md',
];

const cli = new CliFolder('one process');
beforeAll(() => {
  for (const [name, text] of Object.entries(exampleFiles())) cli.write(name, text);
});

describe('commands shown with their output', () => {
  it('are in all these READMEs', () => {
    expect(READMES.filter((readme) => shownCommands(readme).length === 0)).toEqual([]);
  });

  for (const readme of READMES) {
    for (const shown of shownCommands(readme).filter((command) => !isLong(command))) {
      it(`${readme}: reclaim ${shown.args.join(' ')}`, () => {
        const { code, stdout, stderr } = cli.run(...shown.args);
        expect(code, stderr).toBe(0);
        const other = differs(stdout, shown);
        if (other !== undefined) expect(other).toBe(shown.output.join('\n'));
      });
    }
  }
});

describe('the format in traces/README.md', () => {
  const text = readFileSync(packageFile('traces', 'README.md'), 'utf8');
  for (const { name } of OPS) {
    it(`has ${name}`, () => {
      expect(text).toMatch(new RegExp(`^\\| ([a-z-]+, )?${name}(, [a-z-]+)? \\|`, 'm'));
    });
  }
});
