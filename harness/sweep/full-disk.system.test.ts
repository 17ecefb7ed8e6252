import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';
import { SmallDisk } from '../testing/small-disk.js';
import { cannot } from '../testing/system.js';

const cli = new CliFolder();
const disk = new SmallDisk(cli, '200k');

it('a full disk ends a shard with exit code 3 and one line; with space again it continues, and the bytes are the same', (context) => {
  if (!disk.isMounted) return context.skip(cannot('a file system in memory can be mounted by root only'));
  expect(cli.run('compare', 'many.yaml', '--out', 'whole', '--no-report').code).toBe(0);
  expect(cli.run('plan', 'many.yaml', '-o', 'p.jsonl').code).toBe(0);
  const run = () => cli.run('run', 'p.jsonl', '--results', 'small/cells', '--workers', '1', '--quiet');
  const full = run();
  expect(full).toMatchObject({ code: 3, stdout: '' });
  expect(full.stderr).toMatch(
    /^reclaim: small\/cells\/.*\.json: no space left on the device; finished cells are kept in small\/cells, the same command continues\n$/,
  );
  const kept = readdirSync(join(disk.path, 'cells'));
  expect(kept.every((name) => /^[0-9a-f]{64}\.json$/.test(name))).toBe(true);
  expect(kept.length).toBeGreaterThan(0);
  expect(cli.run('merge', 'p.jsonl', 'small/cells', '--out', 'part')).toMatchObject({
    code: 2,
    stdout: '',
  });
  disk.resize('40m');
  expect(run()).toMatchObject({
    code: 0,
    stdout: `27 cells in small/cells (${kept.length} of them were finished before)\n`,
  });
  expect(cli.run('merge', 'p.jsonl', 'small/cells', '--out', 'small/out', '--no-report').code).toBe(0);
  for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'])
    expect(readFileSync(join(disk.path, 'out', name), 'utf8')).toBe(
      readFileSync(join(cli.path, 'whole', name), 'utf8'),
    );
});
