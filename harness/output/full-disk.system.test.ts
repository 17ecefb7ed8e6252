import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';
import { SmallDisk } from '../testing/small-disk.js';
import { cannot } from '../testing/system.js';

const cli = new CliFolder();
const disk = new SmallDisk(cli, '100k');

it('a full disk ends compare with exit code 3 and one line; with space again, --resume writes the same bytes', (context) => {
  if (!disk.isMounted) context.skip(cannot('a file system in memory can be mounted by root only'));
  expect(cli.run('compare', 'many.yaml', '--out', 'whole', '--no-report').code).toBe(0);
  const full = cli.run('compare', 'many.yaml', '--out', 'small/out', '--no-report');
  expect(full).toMatchObject({ code: 3, stdout: '' });
  expect(full.stderr).toMatch(
    /^reclaim: small\/out\/unfinished\/.*: no space left on the device; finished cells are kept, --resume continues from there\n$/,
  );
  expect(readdirSync(join(disk.path, 'out'))).toEqual(['unfinished']);
  disk.resize('20m');
  expect(cli.run('compare', 'many.yaml', '--out', 'small/out', '--no-report', '--resume').code).toBe(0);
  for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'])
    expect(readFileSync(join(disk.path, 'out', name), 'utf8')).toBe(
      readFileSync(join(cli.path, 'whole', name), 'utf8'),
    );
});
