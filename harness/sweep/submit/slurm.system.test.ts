import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliFolder } from '../../testing/cli-folder.js';
import { cannot, runProgram } from '../../testing/system.js';

/** A cluster of one node, all of it in a folder. Source of the settings: slurm.conf(5), munged(8). */
class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'reclaim-slurm-'));
  private readonly daemons: ChildProcess[] = [];
  private node: ChildProcess | undefined;
  private readonly env = { ...process.env, SLURM_CONF: this.path('slurm.conf') };

  path(name: string): string {
    return join(this.folder, name);
  }

  start(): void {
    for (const name of ['state', 'spool', 'munge']) mkdirSync(this.path(name));
    writeFileSync(this.path('munge/key'), randomBytes(1024), { mode: 0o600 });
    const port = 20_000 + (process.pid % 20_000);
    writeFileSync(
      this.path('slurm.conf'),
      `ClusterName=reclaim
SlurmctldHost=${hostname()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${this.path('munge/socket')}
CredType=cred/munge
SlurmctldPort=${port}
SlurmdPort=${port + 1}
StateSaveLocation=${this.path('state')}
SlurmdSpoolDir=${this.path('spool')}
SlurmctldPidFile=${this.path('slurmctld.pid')}
SlurmdPidFile=${this.path('slurmd.pid')}
SlurmctldLogFile=${this.path('slurmctld.log')}
SlurmdLogFile=${this.path('slurmd.log')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SlurmdTimeout=10
ReturnToService=2
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
NodeName=${hostname()} CPUs=${availableParallelism()} RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
    );
    const munge = (name: string) => this.path(`munge/${name}`);
    this.daemons.push(
      this.spawn('munged', [
        '--foreground',
        '--force',
        `--key-file=${munge('key')}`,
        `--socket=${munge('socket')}`,
        `--pid-file=${munge('pid')}`,
        `--log-file=${munge('log')}`,
        `--seed-file=${munge('seed')}`,
      ]),
      this.spawn('slurmctld', ['-D']),
    );
    this.startNode();
  }

  startNode(): void {
    this.node = this.spawn('slurmd', ['-D']);
  }

  /** Kills the node: its daemon, and all that it has started. */
  killNode(): void {
    const spared = new Set([process.pid, ...this.daemons.map(({ pid }) => pid)]);
    for (const pid of this.processes()) if (!spared.has(pid)) process.kill(pid, 'SIGKILL');
  }

  /** Processes of the cluster, by their environment. */
  private processes(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(
            `SLURM_CONF=${this.path('slurm.conf')}`,
          );
        } catch {
          return false;
        }
      });
  }

  tool(name: string, ...args: string[]) {
    return runProgram(name, args, this.folder, this.env);
  }

  stop(): void {
    this.killNode();
    for (const daemon of [...this.daemons, this.node]) daemon?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(name: string, args: string[]): ChildProcess {
    return spawn(name, args, { env: this.env, stdio: 'ignore' });
  }
}

const cli = new CliFolder();
const tools = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'scontrol', 'squeue'];
const lacking = tools.filter((tool) => runProgram('sh', ['-c', `command -v ${tool}`], '/').code !== 0);
let cluster: Cluster | undefined;

beforeAll(() => {
  if (lacking.length > 0 || process.getuid?.() !== 0) return;
  cluster = new Cluster();
  process.env.SLURM_CONF = cluster.path('slurm.conf');
});
afterAll(() => {
  cluster?.stop();
  delete process.env.SLURM_CONF;
});

async function until(what: string, reached: () => boolean): Promise<void> {
  for (let tries = 0; !reached(); tries++) {
    if (tries > 2400) throw new Error(`${what}: never`);
    await sleep(100);
  }
}

it('runs a sweep on Slurm; a node that is killed in the middle costs the cells that were running', async (context) => {
  const nodes = cluster;
  if (!nodes)
    return context.skip(
      cannot(
        lacking.length > 0
          ? `there is no ${lacking.join(', ')} (slurm-wlm, munge)`
          : 'a cluster of one node is started by root only',
      ),
    );
  const tool = nodes.tool.bind(cluster);
  nodes.start();
  await until('the node is idle', () => tool('sinfo', '-h', '-o', '%T').stdout.trim() === 'idle');
  cli.write(
    'sweep.yaml',
    'name: sweep\ntraces: [{ workload: zipf, params: { events: 1000000, pages: 20000 } }]\ndiscard: [keep, remove]\nreclaim: [linux, lru, fifo, arc]\nlimits: [none, 50%, 25%]\n',
  );
  expect(cli.run('plan', 'sweep.yaml', '-o', 'p.jsonl').code).toBe(0);
  const submitted = cli.run('submit', 'slurm', 'p.jsonl', '--shards', '3', '--retries', '2', '--go');
  expect([submitted.code, submitted.stderr]).toEqual([0, '']);
  const [, array, merge] = /array job (\d+), merge job (\d+)/.exec(submitted.stdout)!;
  const cells = () => {
    const folder = join(cli.path, 'p.results');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).length : 0;
  };
  await until('cells are finished', () => cells() >= 2);
  nodes.killNode();
  const kept = cells();
  expect(kept).toBeLessThan(24);
  nodes.startNode();
  const running = () => tool('squeue', '-h', '-j', `${array},${merge}`, '-o', '%i %T %r').stdout.trim();
  let requeued = false;
  const merged = join(cli.path, 'p.merged', 'manifest.json');
  await until('the sweep is merged', () => {
    const jobs = running();
    // Slurm lets a job that a node has lost wait for two minutes.
    for (const [, id] of jobs.matchAll(/^(\S+) PENDING BeginTime$/gm)) {
      requeued = true;
      tool('scontrol', 'update', `JobId=${id}`, 'StartTime=now');
    }
    return existsSync(merged);
  });
  expect(requeued).toBe(true);
  await until('the jobs are done', () => running() === '');
  const log = readFileSync(join(cli.path, 'p.jobs', 'merge.log'), 'utf8');
  expect(log).toMatch(/host +│ cells │[\s\S]*│ +24 │/);
  expect(cli.run('compare', 'sweep.yaml', '--out', 'whole', '--no-report', '--quiet').code).toBe(0);
  for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv', 'calls.csv'])
    expect(readFileSync(join(cli.path, 'p.merged', name)), name).toEqual(
      readFileSync(join(cli.path, 'whole', name)),
    );
  const logs = [1, 2, 3].map((shard) => readFileSync(join(cli.path, 'p.jobs', `shard-${shard}.log`), 'utf8'));
  expect(logs.join('')).toMatch(/of them were finished before/);
});

it('what is wrong with a submission ends with one line', (context) => {
  if (!cluster) context.skip(cannot('there is no cluster'));
  expect(
    cli.run('submit', 'slurm', 'p.jsonl', '--shards', '3', '--option=--partition=none', '--go'),
  ).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/^reclaim: not submitted: sh p\.jobs\/submit\.sh: sbatch: error: .*\n$/),
  });
});
