import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.js';
import { cannot, mustRun, runProgram } from './testing/system.js';

const RESULTS = ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'];
const CLI = packageFile('dist', 'harness', 'cli.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-node-'));
  mustRun(
    process.execPath,
    [CLI, 'compare', '--quiet', '--out', 'here', '--no-report', '--workers', '1'],
    folder,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the default comparison has the same bytes', () => {
  for (const version of ['20', '22', '24', '26']) {
    it(`on Node ${version}, with two workers`, ({ skip }) => {
      const found = runProgram('npx', ['--yes', '-p', `node@${version}`, 'node', '--version'], folder);
      if (found.code !== 0)
        skip(cannot(`Node ${version} cannot be had here: ${found.stderr.split('\n')[0]}`));
      expect(found.stdout).toMatch(new RegExp(`^v${version}\\.`));
      mustRun(
        'npx',
        [
          '--yes',
          '-p',
          `node@${version}`,
          'node',
          CLI,
          'compare',
          '--quiet',
          '--out',
          version,
          '--no-report',
          '--workers',
          '2',
        ],
        folder,
      );
      for (const name of RESULTS) {
        expect(
          readFileSync(join(folder, version, name), 'utf8') ===
            readFileSync(join(folder, 'here', name), 'utf8'),
          name,
        ).toBe(true);
      }
    });
  }
});
