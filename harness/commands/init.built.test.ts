import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CiRepository } from '../testing/ci.js';
import { CliFolder } from '../testing/cli-folder.js';
import { runProgram } from '../testing/system.js';

const cli = new CliFolder('one process');

/** The commands that init says come next. */
function nextOf(stdout: string): string[][] {
  return [...stdout.matchAll(/^ {2}reclaim (.*)$/gm)].map((match) => match[1]!.split(' '));
}

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

  it('policy: two policies that are listed, and pass the checks of a replay and its repetition', () => {
    const { code, stdout } = cli.run('init', 'policy');
    expect(code).toBe(0);
    const next = nextOf(stdout);
    expect(next).toHaveLength(3);
    for (const args of next) {
      const ran = cli.run(...args);
      expect([args.join(' '), ran.code, ran.stderr]).toEqual([args.join(' '), 0, '']);
    }
  });

  it('policy: retain keeps what it is told to, and gives back above that', () => {
    cli.run('init', 'policy', 'retain.mjs');
    const replay = (discard: string) => {
      const flags = ['--policy-module', 'retain.mjs', '--discard', discard, '--format', 'json'];
      return JSON.parse(cli.run('replay', 'mariadb-resize', ...flags).stdout);
    };
    expect(replay('retain:keep=0').discard_pages).toBe(replay('dontneed').discard_pages);
    expect(replay('retain:keep=0').resident_pages_end).toBe(replay('dontneed').resident_pages_end);
    expect(replay('retain:keep=1GiB').discard_calls).toBe(0);
    const between = replay('retain:keep=1MiB').discard_pages;
    expect(between).toBeGreaterThan(0);
    expect(between).toBeLessThan(replay('dontneed').discard_pages);
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

/** Prints a recording of a pool that drops some blocks: as those of a real one, no two are the same. */
const POOL = `
const drops = Number(process.argv[2] ?? 100);
const lines = ['# provenance: recorded', '# touches: first-access', 'time_us,op,space,page,count,arg'];
lines.push('0,spawn,1,,,pool', '0,object,,,3200,shmem:pool', '0,map,1,0,3210,anon', '0,map,1,10000,3200,shared:pool@0');
let time = 0;
const wait = () => (time += 100 + Math.floor(Math.random() * 1900));
lines.push(\`\${time},write,1,0,\${5 + Math.floor(Math.random() * 3)},\`);
for (let block = 0; block < 200; block++) lines.push(\`\${wait()},write,1,\${10000 + block * 16},16,\`);
for (let block = 0; block < drops; block++) lines.push(\`\${wait()},discard,1,\${10000 + block * 16},16,\`);
lines.push(\`\${wait()},mark,,,,end\`);
console.log(lines.join('\\n'));
`;

describe('a gate in CI from reclaim init ci', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'reclaim-ci-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('passes when the program is recorded again, and fails with the cell, the number and the command for 5 % less given back', () => {
    const record =
      'node pool.mjs $DROPS > pool.csv && reclaim trace convert pool.csv pool.rtrace > convert.log';
    const repository = new CiRepository(folder, record);
    const made = repository.shell(`reclaim init ci && cat > pool.mjs << 'END'\n${POOL}\nEND`);
    expect([made.code, made.stderr]).toEqual([0, '']);
    repository.makeBaseline();
    // gate/own-program.system.test.ts has ten recordings.
    const again = repository.runWorkflow();
    expect([again.code, again.stdout.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/^pass: /)]);
    const worse = repository.shell('sed -i "s/?? 100/?? 95/" pool.mjs');
    expect(worse.code).toBe(0);
    const { code, stdout } = repository.runWorkflow();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /failure: changed: discard_pages 1600 → 1520 \(-5\.0 %\), tolerance 2 % or 8 pages/,
    );
    expect(stdout).toMatch(/^pool limit=none .*discard=remove$/m);
    expect(stdout).toMatch(
      /^ {2}\$ reclaim replay .*pool\.rtrace --limit none --swap ssd --discard remove$/m,
    );
  });
});
