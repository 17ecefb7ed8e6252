import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './input/package-root.js';
import { reclaim } from './testing/cli.js';
import { OPS } from './trace/op.js';

/** A command that the README shows, and the lines it shows below; a line `[...]` stands for any number of lines. */
interface Shown {
  readonly args: readonly string[];
  readonly output: readonly string[];
}

const README = readFileSync(packageFile('README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    (match) => match[1] as string,
  );
}

function shownCommands(): Shown[] {
  return blocks('console').flatMap((block) =>
    block
      .split(/^\$ reclaim /m)
      .slice(1)
      .map((part) => {
        const [command, ...output] = part.trimEnd().split('\n');
        return { args: (command as string).split(' '), output };
      }),
  );
}

/** Whether lines are what is shown, where `[...]` matches any lines. */
function matches(lines: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return lines.length === 0;
  if (first !== '[...]') return lines[0] === first && matches(lines.slice(1), rest);
  return lines.some((_, i) => matches(lines.slice(i), rest)) || matches([], rest);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-readme-'));
  // The files the README shows, under the names its commands use.
  writeFileSync(join(folder, 'pool.csv'), blocks('csv')[0] as string);
  writeFileSync(join(folder, 'pool.yaml'), blocks('yaml')[0] as string);
  writeFileSync(join(folder, 'newest.mjs'), blocks('js')[0] as string);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the README', () => {
  const commands = shownCommands();
  it('shows commands', () => expect(commands.length).toBeGreaterThan(8));

  for (const { args, output } of commands) {
    it(`reclaim ${args.join(' ')}`, () => {
      const { code, stdout, stderr } = reclaim(args, folder);
      expect(code, stderr).toBe(0);
      const lines = stdout.trimEnd() === '' ? [] : stdout.trimEnd().split('\n');
      if (!matches(lines, output)) expect(stdout.trimEnd()).toBe(output.join('\n'));
    });
  }
});

describe('the format in traces/README.md', () => {
  const text = readFileSync(packageFile('traces', 'README.md'), 'utf8');
  for (const { name } of OPS) {
    it(`has ${name}`, () => {
      expect(text).toMatch(new RegExp(`^\\| ([a-z]+, )?${name}(, [a-z]+)? \\|`, 'm'));
    });
  }
});
