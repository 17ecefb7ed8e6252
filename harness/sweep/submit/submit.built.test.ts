import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CliFolder } from '../../testing/cli-folder.js';
import { runProgram } from '../../testing/system.js';

const cli = new CliFolder('one process');
const text = (name: string) => readFileSync(join(cli.path, name), 'utf8');

beforeAll(() => {
  cli.write(
    'sweep.yaml',
    'name: sweep\ntraces: [a.csv]\ndiscard: [keep, remove]\nreclaim: [linux, lru, fifo, arc]\n',
  );
  expect(cli.run('plan', 'sweep.yaml', '-o', "a plan's.jsonl").code).toBe(0);
});

it('writes scripts for Slurm that a shell can read, with limits and retries', () => {
  const { code, stdout, stderr } = cli.run(
    ...['submit', 'slurm', "a plan's.jsonl", '--shards', '4', '--workers', '2', '--retries', '5'],
    ...[
      '--jobs',
      'j',
      '--option=--partition=long',
      '--option=--account=a b',
      '--traces',
      'https://example.org/t',
    ],
  );
  expect([code, stderr, stdout]).toEqual([
    0,
    '',
    'j/array.sbatch\nj/merge.sbatch\nj/submit.sh\nTo submit: sh j/submit.sh\n',
  ]);
  for (const name of ['array.sbatch', 'merge.sbatch', 'submit.sh'])
    expect(runProgram('bash', ['-n', join('j', name)], cli.path)).toMatchObject({ code: 0, stderr: '' });
  const script = text('j/array.sbatch');
  for (const option of [
    '--array=1-4',
    '--cpus-per-task=2',
    '--mem=512M',
    '--time=10',
    '--requeue',
    '--partition=long',
    '--account=a b',
  ])
    expect(script).toContain(`#SBATCH ${option}\n`);
  expect(script).toContain(`run '${join(cli.path, `a plan'\\''s.jsonl`)}' --workers 2`);
  expect(script).toMatch(/--traces https:\/\/example\.org\/t --shard "\$SLURM_ARRAY_TASK_ID\/4" &\n/);
  expect(script).toContain('-lt 5 ]');
});

it('the script of a task runs its shard, and asks for another try unless it is done or its input is wrong', () => {
  cli.run('submit', 'slurm', "a plan's.jsonl", '--shards', '2', '--jobs', 'k', '--results', 'r');
  cli.write('bin-scontrol', '#!/bin/sh\necho "$@" >> requeued\n');
  const env = (more: Record<string, string>) => ({
    ...process.env,
    ...more,
    SLURM_JOB_ID: '7',
    PATH: `${cli.path}/bin:${process.env.PATH}`,
  });
  runProgram(
    'sh',
    [
      '-c',
      'mkdir bin && mv bin-scontrol bin/scontrol && printf "#!/bin/sh\\n" > bin/sleep && chmod +x bin/*',
    ],
    cli.path,
  );
  const task = (more: Record<string, string>, script = 'k/array.sbatch') =>
    runProgram('bash', [script], cli.path, env(more));
  expect(task({ SLURM_ARRAY_TASK_ID: '1' })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/cells in .*\/r\n$/),
  });
  // A shard that there is not: bad input.
  expect(task({ SLURM_ARRAY_TASK_ID: '3' }).code).toBe(2);
  const broken = text('k/array.sbatch').replace(/^.* run .*&$/m, '(exit 3) &');
  cli.write('broken.sbatch', broken);
  expect(task({ SLURM_ARRAY_TASK_ID: '1', SLURM_RESTART_COUNT: '2' }, 'broken.sbatch').code).toBe(3);
  expect(text('requeued')).toBe('requeue 7\n');
  expect(task({ SLURM_ARRAY_TASK_ID: '1', SLURM_RESTART_COUNT: '3' }, 'broken.sbatch').code).toBe(3);
  expect(text('requeued')).toBe('requeue 7\n');
});

it('writes an Indexed Job and the Job that merges', () => {
  const flags = [
    '--shards',
    '3',
    '--retries',
    '2',
    '--image',
    'r.example/reclaim:1',
    '--claim',
    'c',
    '--namespace',
    'n',
    '--jobs',
    'j',
  ];
  expect(cli.run('submit', 'kubernetes', "a plan's.jsonl", ...flags).stdout).toBe(
    'j/jobs.yaml\nTo submit: kubectl apply -f j/jobs.yaml\n',
  );
  const [array, merge] = parseAllDocuments(text('j/jobs.yaml')).map((document) => document.toJS());
  expect(array).toMatchObject({
    kind: 'Job',
    metadata: { name: 'reclaim-sweep', namespace: 'n' },
    spec: {
      completionMode: 'Indexed',
      completions: 3,
      backoffLimitPerIndex: 2,
      podFailurePolicy: {
        rules: [{ action: 'FailIndex', onExitCodes: { values: [2] } }, { action: 'Ignore' }],
      },
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ image: 'r.example/reclaim:1', args: expect.arrayContaining(['--shards', '3']) }],
        },
      },
    },
  });
  expect(merge.spec.template.spec.containers[0].args).toEqual([
    'merge',
    "/sweep/a plan's.jsonl",
    '--wait',
    '--out',
    "/sweep/a plan's.merged",
    '--workers',
    '1',
    '--quiet',
  ]);
});

it('what is wrong ends with one line', () => {
  const fails = (args: string[], code: number, message: RegExp) => {
    const result = cli.run('submit', ...args);
    expect([result.code, result.stdout]).toEqual([code, '']);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  };
  fails(['slurm', "a plan's.jsonl", '--shards', '400'], 2, /--shards 400, and the plan has \d+ runs/);
  fails(['slurm', "a plan's.jsonl", '--option', 'x\ny'], 2, /is not an option of sbatch/);
  fails(['lsf', "a plan's.jsonl"], 2, /Choices: "slurm", "kubernetes"/);
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    fails(
      ['kubernetes', "a plan's.jsonl", '--go'],
      3,
      /^reclaim: not submitted: kubectl apply -f .*: spawnSync kubectl ENOENT/,
    );
  } finally {
    process.env.PATH = PATH;
  }
});
