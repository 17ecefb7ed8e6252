import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';

const cli = new CliFolder();
afterEach(() => {
  vi.unstubAllEnvs();
});

/** When each file of kept code was written. */
function written(): [name: string, timeMs: number][] {
  const folder = join(cli.path, 'code');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.bin')).sort();
  return files.map((name) => [name.replace(/^.*\//, ''), statSync(join(folder, name)).mtimeMs]);
}

it('code that was kept by processes and threads is of use to the next ones', () => {
  vi.stubEnv('NODE_COMPILE_CACHE', join(cli.path, 'code'));
  const run = () => cli.run('compare', 'e.yaml', '--no-report', '--quiet', '--workers', '1').code;
  expect(run()).toBe(0);
  const first = written();
  // A thread that is ended soon keeps nothing.
  expect(first.map(([name]) => name)).toContain('cli-main-compare.bin');
  expect(run()).toBe(0);
  expect(written()).toEqual(expect.arrayContaining(first));
  expect(cli.run('--version').code).toBe(0);
  expect(written().map(([name]) => name)).toContain('cli-main.bin');
});
