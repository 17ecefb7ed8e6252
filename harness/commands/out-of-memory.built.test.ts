import { beforeAll, expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';

const cli = new CliFolder('one process');
/** Private memory of ten pages: without swap it cannot go. */
const ANON =
  '# page_size: 4096\ntime_us,op,space,page,count,arg\n0,spawn,1,,,\n0,map,1,0,10,anon\n1,write,1,0,10,\n';
beforeAll(() => cli.write('anon.csv', ANON));

it('a replay that runs out of memory says so, and ends with exit code 4', () => {
  const { code, stdout, stderr } = cli.run('replay', 'anon.csv', '--limit', '3');
  expect(code).toBe(4);
  expect(stdout).toMatch(/outcome[ │]+oom\b/);
  expect(stderr).toBe(
    'reclaim: anon.csv: out of memory (limit 3 pages): the limit could not be met: no page was left that could go; the metrics are of the events before that\n',
  );
});

it('a comparison ends with 4 only where every cell ran out of memory', () => {
  const yaml = (limits: string) =>
    `name: oom\ntraces: [anon.csv]\ndiscard: [keep, dontneed]\nswap: none\nlimits: ${limits}\n`;
  cli.write('all.yaml', yaml('3p'));
  cli.write('some.yaml', yaml('[3p, none]'));
  const all = cli.run('compare', 'all.yaml', '--no-report', '--out', 'all');
  expect(all.code).toBe(4);
  expect(all.stderr).toContain('reclaim: all 2 cells ran out of memory: there is nothing to compare\n');
  expect(cli.run('compare', 'some.yaml', '--no-report', '--out', 'some')).toMatchObject({
    code: 0,
    stderr: '',
  });
});
