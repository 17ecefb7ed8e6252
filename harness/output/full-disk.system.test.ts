import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';
import { cannot, runProgram } from '../testing/system.js';

const cli = new CliFolder();
let isMounted = false;
const mounted = () => join(cli.path, 'small');

beforeAll(() => {
  mkdirSync(mounted());
  isMounted =
    runProgram('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', mounted()], cli.path).code === 0;
});
afterAll(() => {
  if (isMounted) runProgram('umount', [mounted()], cli.path);
});

it('a full disk ends compare with exit code 3 and one line; with space again, --resume writes the same bytes', (context) => {
  if (!isMounted) context.skip(cannot('a file system in memory can be mounted by root only'));
  cli.write(
    'many.yaml',
    'name: many\ntraces: [a.csv]\ndiscard: [keep, remove, punch]\nreclaim: [linux, lru, fifo]\nlimits: [none, 75%, 50%]\n',
  );
  expect(cli.run('compare', 'many.yaml', '--out', 'whole', '--no-report').code).toBe(0);
  const full = cli.run('compare', 'many.yaml', '--out', 'small/out', '--no-report');
  expect(full).toMatchObject({ code: 3, stdout: '' });
  expect(full.stderr).toMatch(
    /^reclaim: small\/out\/unfinished\/.*: no space left on the device; finished cells are kept, --resume continues from there\n$/,
  );
  expect(readdirSync(join(mounted(), 'out'))).toEqual(['unfinished']);
  runProgram('mount', ['-o', 'remount,size=20m', mounted()], cli.path);
  expect(cli.run('compare', 'many.yaml', '--out', 'small/out', '--no-report', '--resume').code).toBe(0);
  for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'])
    expect(readFileSync(join(mounted(), 'out', name), 'utf8')).toBe(
      readFileSync(join(cli.path, 'whole', name), 'utf8'),
    );
});
