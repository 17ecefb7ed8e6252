import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.js';
import { type CliResult, nextOf } from './testing/cli.js';
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

/** What the commands have printed, by their arguments; whether a report is made does not matter. */
const results = new Map<string, CliResult>();
const keyOf = (args: readonly string[]) => args.filter((arg) => arg !== '--no-report').join(' ');

describe('commands shown with their output', () => {
  it('are in all these READMEs', () => {
    expect(READMES.filter((readme) => shownCommands(readme).length === 0)).toEqual([]);
  });

  for (const readme of READMES) {
    for (const shown of shownCommands(readme).filter((command) => !isLong(command))) {
      it(`${readme}: reclaim ${shown.args.join(' ')}`, () => {
        const result = cli.run(...shown.args);
        const { code, stdout, stderr } = result;
        results.set(keyOf(shown.args), result);
        expect(code, stderr).toBe(0);
        const other = differs(stdout, shown);
        if (other !== undefined) expect(other).toBe(shown.output.join('\n'));
      });
    }
  }
});

describe('reclaim init policy', () => {
  it('writes two policies that pass the conformance suite, and are compared, by what is printed', () => {
    const next = nextOf(results.get('init policy')!.stdout);
    expect(next.map(([command]) => command)).toEqual(['policies', 'replay', 'compare']);
    const outputs = next.map((args) => {
      const ran = results.get(keyOf(args));
      expect([keyOf(args), ran?.code, ran?.stderr]).toEqual([keyOf(args), 0, '']);
      return ran!.stdout;
    });
    expect(outputs[0]).toMatch(/^ {2}pass {2}ranges .*\n.*\n {2}pass {2}invariants/m);
    expect(outputs[0]).toMatch(/^\d+ checks: \d+ passed, 0 failed, \d+ skipped$/m);
    // The check names the comparison that init named, too.
    expect(nextOf(outputs[0]!)).toEqual([next[2]]);
    expect(outputs[2]).toMatch(/^mariadb-resize: reclaim second-chance, swap ssd$/m);
    expect(outputs[2]).toMatch(/^ {2}retain /m);
  });
});

describe('the format in traces/README.md', () => {
  const text = readFileSync(packageFile('traces', 'README.md'), 'utf8');
  for (const { name } of OPS) {
    it(`has ${name}`, () => {
      expect(text).toMatch(new RegExp(`^\\| ([a-z-]+, )?${name}(, [a-z-]+)? \\|`, 'm'));
    });
  }
});
