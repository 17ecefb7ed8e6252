import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { CliFolder } from '../testing/cli-folder.js';
import { CliSession } from '../testing/cli-session.js';

const cli = new CliFolder('one process');

/** Runs commands as Node on another platform does, as far as `process.platform` says. */
const elsewhere = new Map<string, CliSession>();
function on(platform: string, ...args: string[]) {
  const said = `Object.defineProperty(process,'platform',{value:'${platform}'})`;
  const session =
    elsewhere.get(platform) ??
    new CliSession(['--import', `data:text/javascript,${encodeURIComponent(said)}`]);
  elsewhere.set(platform, session);
  return session.run(args, cli.path);
}
afterAll(() => {
  for (const session of elsewhere.values()) session.close();
});

describe('on Windows and macOS', () => {
  it('what needs Linux says so before anything else', () => {
    cli.write('live.yaml', 'name: live\ntraces: [a.csv]\ndiscard: keep\nmachine: vm\n');
    for (const [what, args] of [
      ['reclaim record', ['record', 'no/such/folder/app.rtrace', '--', './none']],
      ['reclaim calibrate', ['calibrate', '--rounds', '0']],
      ['reclaim fidelity', ['fidelity', 'none.csv', '--runs', '0']],
      ['--machine vm', ['replay', 'none.csv', '--machine', 'vm']],
      ['--machine host', ['replay', 'none.csv', '--machine', 'host']],
      ['machine: vm', ['compare', 'live.yaml']],
    ] as const)
      expect(on('darwin', ...args)).toEqual({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(
          new RegExp(`^reclaim: ${what} needs Linux, and this is macOS: replay, .*\\n$`),
        ),
      });
  });

  it('traces are replayed and compared, and results read, with the same bytes', () => {
    cli.run('compare', 'e.yaml', '--out', 'here', '--no-report', '--quiet');
    const there = on('darwin', 'compare', 'e.yaml', '--out', 'there', '--no-report', '--quiet');
    expect([there.code, there.stderr]).toEqual([0, '']);
    const runs = (folder: string) => readFileSync(`${cli.path}/${folder}/runs.csv`, 'utf8');
    expect(runs('there')).toBe(runs('here'));
    for (const args of [
      ['replay', 'a.csv'],
      ['report', 'there', '--figure', 'glance', '--format', 'svg'],
      ['diff', 'here', 'there'],
      ['gate', 'here', 'there'],
      ['trace', 'info', 'a.csv'],
    ])
      expect([args, on('darwin', ...args).code]).toEqual([args, 0]);
  });
});

describe('package.json', () => {
  const { os, scripts } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    os: string[];
    scripts: Record<string, string>;
  };

  it('names the platforms on which results can be read', () => {
    expect(os).toEqual(['linux', 'darwin', 'win32']);
  });

  it('has scripts that any shell can run: programs of Node, one after the other', () => {
    const programs = ['node', 'npm', 'tsc', 'vitest', 'biome', 'knip', 'typedoc'];
    for (const [name, script] of Object.entries(scripts))
      for (const command of script.split(' && ')) {
        expect([name, programs.includes(command.split(' ')[0]!)]).toEqual([name, true]);
        expect([name, /[<>|;$`'"*[\]]/.test(command)]).toEqual([name, false]);
      }
  });
});
