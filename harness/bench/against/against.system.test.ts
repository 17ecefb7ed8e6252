import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, packageFile } from '../../base/package-root.js';
import { parseCsv } from '../../metrics/csv.js';
import { reclaim } from '../../testing/cli.js';
import { cannot, mustRun } from '../../testing/system.js';

describe('reclaim bench --against', () => {
  it('builds another commit, times both in turn, and leaves no work tree behind', ({ skip }) => {
    if (!existsSync(packageFile('.git'))) skip(cannot('this is no checkout'));
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-against-system-'));
    const trees = () => mustRun('git', ['worktree', 'list'], PACKAGE_ROOT);
    const before = trees();
    try {
      const what = ['--suite', 'policies', '--filter', 'zipf/lru', '--requests', '20000', '--samples', '4'];
      const { code, stdout, stderr } = reclaim(
        ['bench', '--against', 'HEAD', ...what, '--out', 'out', '--quiet'],
        folder,
      );
      // A busy host may call either build slower.
      expect([0, 1], stderr).toContain(code);
      expect(stdout).toMatch(/policies\/zipf\/lru[\s\S]*1 wall time compared/);
      for (const side of ['base', 'head']) {
        const { rows } = parseCsv(readFileSync(join(folder, 'out', side, 'perf.csv'), 'utf8'), side);
        expect(rows.map(({ sample }) => sample)).toEqual(['1', '2', '3', '4']);
      }
      expect(trees()).toBe(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
