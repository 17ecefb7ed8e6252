import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageFile } from '../base/package-root.js';
import { reclaim } from '../testing/cli.js';
import { TRACE } from '../testing/cli-folder.js';

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}

interface Action {
  readonly inputs: Readonly<Record<string, { description: string; required?: boolean; default?: string }>>;
  readonly outputs: Readonly<Record<string, { value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const action: Action = parse(readFileSync(packageFile('.github', 'actions', 'gate', 'action.yml'), 'utf8'));
const [gateStep, commentStep, verdictStep] = action.runs.steps as [Step, Step, Step];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-action-'));
  write('a.csv', TRACE);
  write('e.yaml', 'name: e\ntraces: [a.csv]\ndiscard: [keep, remove]\n');
  expect(reclaim(['compare', 'e.yaml', '--out', 'first', '--no-report'], folder).code).toBe(0);
  expect(reclaim(['gate', 'baseline', 'first', '--update'], folder).code).toBe(0);
  // Stands for the GitHub command line: keeps what it is asked, and knows one comment where `comments` says so.
  write('gh', '#!/bin/sh\necho "$@" >> "$GH_LOG"\n[ "$4" = --jq ] && cat "$GH_COMMENTS"\nexit "$GH_CODE"\n');
  chmodSync(join(folder, 'gh'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Runs the script of a step as the runner does, with the variables that its expressions would give. */
function run(step: Step, env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, ...env },
    },
  );
  return { code: status, stdout, stderr };
}

function runGate(experiment: string, flags = '', strict = 'true') {
  write('output', '');
  write('summary', '');
  const result = run(gateStep, {
    RUNNER_TEMP: folder,
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    RECLAIM: `${process.execPath} ${packageFile('dist', 'harness', 'cli.js')}`,
    EXPERIMENT: experiment,
    BASELINE: 'baseline',
    FLAGS: flags,
    STRICT: strict,
  });
  return { ...result, output: read('output') };
}

describe('the action', () => {
  it('is a composite action whose inputs are described, and whose scripts take nothing but variables', () => {
    expect(action.runs.using).toBe('composite');
    for (const { description } of Object.values(action.inputs))
      expect(description.length).toBeGreaterThan(10);
    for (const step of action.runs.steps) {
      expect(step.shell).toBe('bash');
      expect(step.run).not.toContain('${{');
      for (const [, name] of JSON.stringify(step).matchAll(/inputs\.(\w+)/g))
        expect(Object.keys(action.inputs)).toContain(name);
    }
    for (const { value } of Object.values(action.outputs)) {
      const [, name] = /^\$\{\{ steps\.gate\.outputs\.(\w+) \}\}$/.exec(value) ?? [];
      expect(gateStep.run).toContain(`echo "${name}=`);
    }
  });

  it('passes, with a file a format and a summary', () => {
    const { code, stdout, stderr, output } = runGate('e.yaml', '--strict --tolerance stall_ns=1%');
    expect([code, stderr]).toEqual([0, '']);
    expect(output).toBe(`verdict=pass\nfolder=${folder}/reclaim-gate/report\n`);
    expect(stdout).toMatch(/pass: 2 cells/);
    expect(read('summary')).toMatch(/^### ✅ reclaim gate/);
    for (const file of ['gate.junit.xml', 'gate.json', 'smaller-is-better.json', 'benchmarks.txt'])
      expect(existsSync(join(folder, 'reclaim-gate', 'report', file)), file).toBe(true);
    expect(run(verdictStep, { VERDICT: 'pass' }).code).toBe(0);
  });

  it('tells of a regression, and fails in its last step only, after the comment', () => {
    write('a.csv', TRACE.replace('1,write,1,0,40,', '1,write,1,0,30,'));
    const { code, stdout, output } = runGate('e.yaml');
    write('a.csv', TRACE);
    expect([code, output.split('\n')[0]]).toEqual([0, 'verdict=fail']);
    expect(stdout).toMatch(/^::error title=a discard=keep::trace-changed: /m);
    expect(read('summary')).toMatch(/^### ❌ reclaim gate/);
    expect(run(verdictStep, { VERDICT: 'fail' }).code).toBe(1);
  });

  it('is strict, unless told otherwise', () => {
    expect(action.inputs.strict?.default).toBe('true');
    write('a.csv', TRACE);
    write('more.yaml', 'name: e\ntraces: [a.csv]\ndiscard: [keep, remove, free]\n');
    expect(runGate('more.yaml').output).toMatch(/^verdict=fail/);
    expect(runGate('more.yaml', '', 'false').output).toMatch(/^verdict=pass/);
    expect(runGate('more.yaml', '', 'yes')).toMatchObject({ code: 2, output: '' });
  });

  it('ends with the exit code of bad input', () => {
    expect(runGate('none.yaml')).toMatchObject({ code: 2, output: '' });
    expect(runGate('e.yaml', '--tolerance nothing=1')).toMatchObject({ code: 2, output: '' });
  });

  it('writes one comment, changes it later, and lives without the right to', () => {
    const comment = (comments: string, code: number) => {
      write('comments', comments);
      write('log', '');
      const result = run(commentStep, {
        GH_LOG: join(folder, 'log'),
        GH_COMMENTS: join(folder, 'comments'),
        GH_CODE: String(code),
        COMMENTS: 'repos/o/r/issues/7/comments',
        COMMENT: 'repos/o/r/issues/comments',
        REPORT: join(folder, 'reclaim-gate', 'report'),
      });
      return { ...result, calls: read('log').trimEnd().split('\n').slice(1) };
    };
    runGate('e.yaml');
    const body = `--field body=@${join(folder, 'reclaim-gate', 'report', 'comment.md')}`;
    expect(comment('', 0)).toMatchObject({
      code: 0,
      calls: [`api repos/o/r/issues/7/comments --method POST ${body}`],
    });
    expect(read('reclaim-gate/report/comment.md')).toMatch(/^<!-- reclaim gate -->\n### ✅/);
    expect(comment('12\n34\n', 0)).toMatchObject({
      code: 0,
      calls: [`api repos/o/r/issues/comments/12 --method PATCH ${body}`],
    });
    expect(comment('', 1)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('::notice title=reclaim gate::no comment could be written'),
    });
  });
});

describe('the workflow in README.md', () => {
  const readme = readFileSync(packageFile('harness', 'gate', 'README.md'), 'utf8');
  const workflow = parse(/```yaml\n([\s\S]*?)```/.exec(readme)![1]!);

  it('uses the action with inputs it has, and files that are there', () => {
    const steps: { uses?: string; with?: Record<string, string> }[] = workflow.jobs.memory.steps;
    const inputs = steps.find(({ uses }) => uses === './.github/actions/gate')?.with ?? {};
    for (const [name, { required }] of Object.entries(action.inputs))
      if (required) expect(Object.keys(inputs)).toContain(name);
    for (const name of Object.keys(inputs)) expect(Object.keys(action.inputs)).toContain(name);
    for (const file of [inputs.experiment, inputs.baseline])
      expect(existsSync(packageFile(file!))).toBe(true);
    expect(workflow.permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
  });
});
