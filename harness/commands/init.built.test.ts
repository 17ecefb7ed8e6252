import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'rolldown/experimental';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nextOf } from '../testing/cli.js';
import { CliFolder } from '../testing/cli-folder.js';
import { runProgram } from '../testing/system.js';

const cli = new CliFolder('one process');

// What comes after `init policy` is in harness/policy/README.md, and run by readme.built.test.ts.
describe('reclaim init', () => {
  it('experiment: a file whose first line names its schema, and that runs', () => {
    const { code, stdout } = cli.run('init', 'experiment', 'mine.yaml');
    expect(code).toBe(0);
    const text = readFileSync(join(cli.path, 'mine.yaml'), 'utf8');
    expect(text.split('\n')[0]).toMatch(/^# yaml-language-server: \$schema=.*experiment\.schema\.json$/);
    for (const args of nextOf(stdout)) {
      const ran = cli.run(...args, ...(args.includes('--dry-run') ? [] : ['--no-report']));
      expect([args.join(' '), ran.code, ran.stderr]).toEqual([args.join(' '), 0, '']);
    }
  });

  it('policy in TypeScript: loaded as it is where Node does that, compiled elsewhere', () => {
    const { stdout } = cli.run('init', 'policy', 'typed.mts');
    expect(stdout).toMatch(/^ {2}npm install --save-dev reclaim-bench typescript$/m);
    const [check] = nextOf(stdout);
    const file = check!.at(-1)!;
    if (file === 'typed.mjs') {
      expect(stdout).toMatch(/^ {2}npx tsc typed\.mts --target es2022 --module esnext /m);
      const refused = cli.run('policies', '--check', 'typed.mts');
      expect([refused.code, refused.stdout]).toEqual([
        1,
        expect.stringMatching(/FAIL {2}loads +Node [\d.]+ does not load TypeScript, expected Node 22\.18/),
      ]);
      const source = readFileSync(join(cli.path, 'typed.mts'), 'utf8');
      cli.write(file, transformSync('typed.mts', source, { target: 'es2022' }).code);
    }
    const checked = JSON.parse(cli.run(...check!, '--format', 'json').stdout);
    expect(checked.filter(({ outcome }: { outcome: string }) => outcome === 'fail')).toEqual([]);
    expect(checked.length).toBeGreaterThan(10);
  });

  it('policy: a name that Node does not load as a module in a package of commonjs is refused', () => {
    mkdirSync(join(cli.path, 'package'));
    cli.write('package/package.json', '{ "type": "commonjs" }');
    const { code, stderr } = cli.run('init', 'policy', 'package/mine.ts');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^reclaim: package\/mine\.ts: the package\.json here says "type": "commonjs", .* \.mts or \.mjs\n$/,
      ),
    ]);
    cli.write('package/mine.js', 'export const discard = [];');
    expect(cli.run('policies', '--policy-module', 'package/mine.js').stderr).toMatch(
      /^reclaim: package\/mine\.js: cannot be loaded as a module: Unexpected token 'export'; its package\.json says commonjs: expected/,
    );
  });

  it('policies --check: exit code 1 and what to do next where a check fails', () => {
    const says = "summary: 's', source: 's', parameters: {}";
    cli.write(
      'bad.mjs',
      `export const purge = [{ name: 'bad', ${says}, rules: () => ({ unit: 'pages' }) }];\n`,
    );
    const { code, stdout, stderr } = cli.run('policies', '--check', 'bad.mjs');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/FAIL {2}rules +bad\.mjs: purge policy bad: rules returned unit "pages",/);
    expect(stdout).toMatch(/Next: mend what failed, then again:\n {2}reclaim policies --check bad\.mjs\n$/);
    expect(cli.run('policies', '--check', 'bad.mjs', '--format', 'csv').stdout).toMatch(
      /^module,kind,name,check,outcome,detail\nbad\.mjs,module,,loads,pass,/,
    );
    expect(cli.run('policies', '--check', 'none.mjs')).toMatchObject({
      code: 2,
      stderr: 'reclaim: none.mjs: no such file\n',
    });
  });

  it('policy: retain keeps what it is told to, and gives back above that', () => {
    cli.run('init', 'policy', 'retain.mjs');
    // 6 MiB, given back in eight parts over four seconds.
    const parts = Array.from({ length: 8 }, (_, i) => `${(i + 1) * 500_000},discard,1,${i * 192},192,`);
    const events = [
      '0,spawn,1,,,',
      '0,map,1,0,1536,anon',
      '1,write,1,0,1536,',
      ...parts,
      '5000000,mark,,,,end',
    ];
    cli.write('parts.csv', `time_us,op,space,page,count,arg\n${events.join('\n')}\n`);
    const replay = (discard: string) => {
      const flags = ['--policy-module', 'retain.mjs', '--discard', discard, '--format', 'json'];
      return JSON.parse(cli.run('replay', 'parts.csv', ...flags).stdout);
    };
    const all = replay('dontneed');
    const { discard_pages, resident_pages_end } = replay('retain:keep=0');
    expect(discard_pages).toBe(all.discard_pages);
    expect(resident_pages_end).toBe(all.resident_pages_end);
    expect(replay('retain:keep=1GiB').discard_calls).toBe(0);
    // What waited for a second is given back anyway, by a timer on the clock of the trace.
    const later = replay('retain:keep=1GiB,after=1s').discard_pages;
    expect(later).toBeGreaterThan(0);
    expect(later).toBeLessThanOrEqual(all.discard_pages);
    const between = replay('retain:keep=1MiB').discard_pages;
    expect(between).toBeGreaterThan(0);
    expect(between).toBeLessThan(all.discard_pages);
  });

  it('workload: a program that prints a trace, which is valid and compared', () => {
    const { code, stdout } = cli.run('init', 'workload');
    expect(code).toBe(0);
    const made = runProgram(process.execPath, ['workload.mjs'], cli.path);
    expect([made.code, made.stderr]).toEqual([0, '']);
    cli.write('workload.csv', made.stdout);
    const [validate, compare] = nextOf(stdout).map((args) =>
      cli.run(...args, ...(args[0] === 'compare' ? ['--no-report'] : [])),
    );
    expect(validate!.stdout).toMatch(/^valid: \d+ events, \d+ touches, 0 warnings\n$/);
    expect(compare!.code).toBe(0);
    expect(compare!.stdout).toMatch(/^Use: memory saved/);
  });

  it('ci: a workflow that records, compares and gates, which gate/own-program.system.test.ts runs', () => {
    const { code, stderr } = cli.run('init', 'ci');
    expect([code, stderr]).toEqual([0, '']);
    const workflow = parse(readFileSync(join(cli.path, '.github', 'workflows', 'reclaim.yml'), 'utf8'));
    const names = workflow.jobs.gate.steps.flatMap(({ name }: { name?: string }) => name ?? []);
    expect(names).toEqual(['record', 'compare', 'gate', 'summary']);
  });

  it('overwrites nothing, and knows what it can begin', () => {
    cli.write('there.yaml', 'mine');
    const { code, stderr } = cli.run('init', 'experiment', 'there.yaml');
    expect([code, stderr]).toEqual([
      2,
      'reclaim: there.yaml: is there already, expected the name of a new file\n',
    ]);
    expect(readFileSync(join(cli.path, 'there.yaml'), 'utf8')).toBe('mine');
    expect(cli.run('init', 'nothing').stderr).toMatch(/Choices: "experiment", "policy", "workload", "ci"/);
  });
});
