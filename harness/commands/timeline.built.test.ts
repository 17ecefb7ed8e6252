import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliFolder, TRACE } from '../testing/cli-folder.js';

const cli = new CliFolder('one process');

it('reclaim replay --timeline writes a file for a viewer, and prints the same metrics', () => {
  const args = ['replay', 'a.csv', '--discard', 'remove', '--format', 'csv'];
  const { code, stdout, stderr } = cli.run(...args, '--timeline', 't.json');
  expect(code).toBe(0);
  expect(stderr).toBe(
    'timeline: t.json: 2 events that stalled; open it in ui.perfetto.dev or chrome://tracing\n',
  );
  expect(stdout).toBe(cli.run(...args).stdout);
  const { traceEvents, otherData } = JSON.parse(readFileSync(join(cli.path, 't.json'), 'utf8'));
  expect(otherData).toMatchObject({ trace: 'a', discard: 'remove', slices: '2' });
  expect(new Set(traceEvents.map(({ ph }: { ph: string }) => ph))).toEqual(new Set(['M', 'C', 'i', 'X']));
});

it('reclaim replay --timeline is refused where it is not known what an event stalls', () => {
  cli.write('sample.csv', `# sample: 1/4\n${TRACE}`);
  const { code, stderr } = cli.run('replay', 'sample.csv', '--timeline', 'u.json');
  expect([code, existsSync(join(cli.path, 'u.json'))]).toEqual([2, false]);
  expect(stderr).toMatch(/sample\.csv: --timeline needs all pages, and this trace is a sample of one in 4/);
});
