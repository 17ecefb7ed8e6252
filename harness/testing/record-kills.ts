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
/** When something is killed: at most this much after it is there. */
const LATEST_MS = 1000;
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
  /** Whether the program did all that it does; undefined where it had not begun, or was killed. */
  readonly wentOn: boolean | undefined;
  /** Milliseconds from the kill until nothing was left; with a next start, and the trace that is made after a program was killed. */
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

async function until(holds: () => boolean): Promise<void> {
  const start = performance.now();
  while (!holds() && performance.now() - start < PATIENCE_MS) await sleep(POLL_MS);
}

/** Starts a recording of a program that sleeps and then says that it is done. */
function startRecording(cwd: string, user: boolean, marker: string): ChildProcess {
  const program = ['sh', '-c', `sleep 1.2; echo ${marker} > done`];
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
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  // Some are killed before the program is there.
  const early = victim === 'all' ? 'recorder' : victim;
  const awaited = seed % 3 === 0 ? early : 'program';
  await until(() => isOver || processesOf(recorder, marker).some(({ kind }) => kind === awaited));
  await sleep(random() * LATEST_MS);
  const seen = processesOf(recorder, marker);
  const hasBegun = seen.some(({ kind, pid }) => kind === 'program' && !isStopped(pid));
  const wanted = seen.filter(({ kind }) => (victim === 'all' ? kind !== 'program' : kind === victim));
  const victims = victim === 'helper' ? wanted.slice(0, 1) : wanted;
  // The recorder first: it would see the end of the others.
  const left = () => leftOf(cwd, recorder, tracefs, seen);
  const killedAt = performance.now();
  for (const { pid } of victims) killNow(pid);
  if (victim === 'all') {
    await over;
    await nextStart(cwd, user);
  }
  // The recorder itself may go on to make a trace where it was the program that was killed.
  const isAllThere = () => isOver || victim !== 'program';
  await until(() => isAllThere() && left().length === 0);
  const ms = Math.round(performance.now() - killedAt);
  await over;
  const was = hasBegun && victim !== 'program';
  if (was) await until(() => existsSync(join(cwd, 'done')));
  const wentOn = was ? existsSync(join(cwd, 'done')) : undefined;
  return { victim, seed, hit: victims.length > 0, left: left(), wentOn, ms };
}

/** Whether a program waits for its start: where recording fails before that, it does not run at all. */
function isStopped(pid: number): boolean {
  return (readProc(`/proc/${pid}/cmdline`) ?? '').includes('read -r _');
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
