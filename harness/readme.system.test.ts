import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFile } from './input/package-root.js';
import { differs, isLong, shownCommands } from './testing/readme.js';
import { mustRun } from './testing/system.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-readme-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the README shows what the default comparison prints', () => {
  const shown = shownCommands().filter(isLong);
  expect(shown).toHaveLength(1);
  for (const command of shown) {
    const stdout = mustRun(
      process.execPath,
      [packageFile('dist', 'harness', 'cli.js'), ...command.args],
      folder,
    );
    const other = differs(stdout, command);
    if (other !== undefined) expect(other).toBe(command.output.join('\n'));
  }
});
