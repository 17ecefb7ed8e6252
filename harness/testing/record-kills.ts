import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile } from '../base/package-root.js';
import { startOf, statOf } from '../base/processes.js';
import { readProc, tracerOf } from '../record/process.js';
import { randomStream } from '../stats/random.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
const NOBODY = 65534;
/** When something is killed: from the start of the command until after the program's end. */
const LATEST_MS = 2000;
const POLL_MS = 20;
/** What is promised is a second; a busy host may need longer for the same. */
const PATIENCE_MS = 10_000;

/** What is killed: one of the processes, or all except the program. */
export const VICTIMS = ['recorder', 'guard', 'helper', 'program', 'all'] as const;
export type Victim = (typeof VICTIMS)[number];

/** A process of a recording. */
interface Process {
  readonly pid: number;
  readonly started: string;
  readonly kind: Exclude<Victim, 'all'>;
}

/** What was found after a kill. */
export interface Killed {
  readonly victim: Victim;
  readonly seed: number;
  /** Whether there was anything to kill. */
  readonly hit: boolean;
  /** Instances, mounts, files and processes that are left. */
  readonly left: readonly string[];
  /** Whether the program did all that it does; undefined where it was not there, or was killed. */
  readonly wentOn: boolean | undefined;
  /** Milliseconds until nothing was left. */
  readonly ms: number;
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The processes of a recording that are there now. @param marker what the command line of the program has alone */
function processesOf(recorder: number, marker: string): Process[] {
  const found: Process[] = [];
  const add = (pid: number, kind: Process['kind']) => {
    const started = startOf(pid);
    if (started !== undefined && !found.some((each) => each.pid === pid)) found.push({ pid, started, kind });
  };
  add(recorder, 'recorder');
  for (const pid of pids()) {
    const line = readProc(`/proc/${pid}/cmdline`) ?? '';
    if (pid === recorder) continue;
    if (line.includes(marker)) {
      add(pid, line.startsWith('strace') ? 'helper' : 'program');
      const tracer = tracerOf(pid) ?? 0;
      if (tracer > 0) add(tracer, 'helper');
    } else if (Number(statOf(pid)?.[1]) === recorder)
      add(pid, line.includes('guard-process') ? 'guard' : 'helper');
  }
  return found;
}

function isAlive({ pid, started }: Process): boolean {
  return startOf(pid) === started;
}

/** What of a recording is there, besides the program. */
function leftOf(
  cwd: string,
  recorder: number,
  tracefs: string | undefined,
  seen: readonly Process[],
): string[] {
  const folder = join(cwd, 'cache', 'reclaim-bench', 'record');
  const instances = tracefs === undefined ? [] : readdirSync(join(tracefs, 'instances'));
  return [
    ...instances.filter((name) => name.startsWith(`reclaim-record-${recorder}-`)),
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(cwd)),
    ...(existsSync(folder) ? readdirSync(folder) : []),
    ...seen
      .filter((each) => each.kind !== 'program' && isAlive(each))
      .map(({ kind, pid }) => `${kind} ${pid}`),
  ];
}

async function until(holds: () => boolean): Promise<number> {
  const start = performance.now();
  while (!holds() && performance.now() - start < PATIENCE_MS) await sleep(POLL_MS);
  return Math.round(performance.now() - start);
}

/** Starts a recording of a program that sleeps and then says that it is done. */
function startRecording(cwd: string, user: boolean, marker: string): ChildProcess {
  const program = ['sh', '-c', `sleep 0.7; echo ${marker} > done`];
  const own = [process.execPath, CLI, 'record', 'out.csv', '--', ...program];
  const as = ['setpriv', '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
  const [file, ...args] = user ? [...as, ...own] : own;
  const env = { ...process.env, HOME: cwd, XDG_CACHE_HOME: join(cwd, 'cache') };
  return spawn(file!, args, { cwd, env, stdio: 'ignore' });
}

/**
 * Kills a process of a recording at a moment drawn from a seed, and looks at what is left.
 *
 * @param cwd a new folder for it
 * @param user whether an ordinary user records, by strace and perf
 * @param tracefs where tracefs is mounted, if it is
 */
export async function killOne(
  cwd: string,
  seed: number,
  victim: Victim,
  user: boolean,
  tracefs: string | undefined,
): Promise<Killed> {
  mkdirSync(cwd);
  chmodSync(cwd, 0o777);
  const marker = `marker-${process.pid}-${seed}`;
  const random = randomStream(seed, 'record-kills');
  const child = startRecording(cwd, user, marker);
  const recorder = child.pid!;
  const over = new Promise<void>((done) => child.once('exit', () => done()));
  await sleep(random() * LATEST_MS);
  const seen = processesOf(recorder, marker);
  const victims = seen.filter(({ kind }) => (victim === 'all' ? kind !== 'program' : kind === victim));
  // The recorder first: it would see the end of the others.
  for (const { pid } of victims) killNow(pid);
  await over;
  if (victim === 'all') await nextStart(cwd, user);
  const left = () => leftOf(cwd, recorder, tracefs, seen);
  const ms = await until(() => left().length === 0);
  const was = seen.some(({ kind }) => kind === 'program') && victim !== 'program';
  if (was) await until(() => existsSync(join(cwd, 'done')));
  const wentOn = was ? existsSync(join(cwd, 'done')) : undefined;
  return { victim, seed, hit: victims.length > 0, left: left(), wentOn, ms };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** The next recording restores what one has left that was killed with its guard. */
async function nextStart(cwd: string, user: boolean): Promise<void> {
  const child = startRecording(cwd, user, 'next');
  await new Promise<void>((done) => child.once('exit', () => done()));
}
