import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.js';
import { reclaim } from './testing/cli.js';
import { blocks, differs, isLong, shownCommands } from './testing/readme.js';
import { OPS } from './trace/op.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-readme-'));
  // The files the README shows, under the names its commands use.
  writeFileSync(join(folder, 'pool.csv'), blocks('csv')[0]!);
  writeFileSync(join(folder, 'pool.yaml'), blocks('yaml')[0]!);
  writeFileSync(join(folder, 'newest.mjs'), blocks('js')[0]!);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the README', () => {
  const commands = shownCommands();
  it('shows commands', () => expect(commands.length).toBeGreaterThan(8));

  for (const shown of commands.filter((command) => !isLong(command))) {
    it(`reclaim ${shown.args.join(' ')}`, () => {
      const { code, stdout, stderr } = reclaim(shown.args, folder);
      expect(code, stderr).toBe(0);
      const other = differs(stdout, shown);
      if (other !== undefined) expect(other).toBe(shown.output.join('\n'));
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
