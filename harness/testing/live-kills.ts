import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile } from '../base/package-root.js';
import { startOf, statOf } from '../base/processes.js';
import { randomStream } from '../stats/random.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
/** When something is killed: at most this much after the executor is there. */
const LATEST_MS = 1500;
const POLL_MS = 20;
/** What is promised is a second; a busy host may need longer for the same. */
const PATIENCE_MS = 20_000;

/** What is killed: a process of a live run, or all of them. */
export const LIVE_VICTIMS = ['owner', 'guard', 'executor', 'space', 'all'] as const;
export type LiveVictim = (typeof LIVE_VICTIMS)[number];

/** What was found after a kill. */
export interface KilledRun {
  readonly victim: LiveVictim;
  readonly seed: number;
  readonly hit: boolean;
  /** How the command ended: its exit code, or the signal. */
  readonly ended: number | NodeJS.Signals | null;
  /** Processes, groups, devices, files and settings that are left. */
  readonly left: readonly string[];
}

interface Process {
  readonly pid: number;
  readonly started: string;
  readonly kind: Exclude<LiveVictim, 'all'>;
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => Number(statOf(each)?.[1]) === pid);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** The processes of a run that are there now. */
function processesOf(owner: number): Process[] {
  const found: Process[] = [];
  const add = (pid: number, kind: Process['kind']) => {
    const started = startOf(pid);
    if (started !== undefined) found.push({ pid, started, kind });
  };
  add(owner, 'owner');
  for (const pid of childrenOf(owner)) {
    const command = commandOf(pid);
    if (command.includes('guard-process')) add(pid, 'guard');
    if (!/\/executor|qemu-system/.test(command)) continue;
    add(pid, 'executor');
    for (const space of childrenOf(pid)) add(space, 'space');
  }
  return found;
}

function isAlive({ pid, started }: Process): boolean {
  return startOf(pid) === started;
}

/** Settings that a run changes, and swap, as they are now. */
function hostSettings(): string[] {
  const files = [
    '/proc/swaps',
    '/proc/sys/vm/page-cluster',
    ...['run', 'pages_to_scan', 'smart_scan', 'max_page_sharing'].map((name) => `/sys/kernel/mm/ksm/${name}`),
  ];
  return [
    ...files.map((file) => `${file}: ${readFileSync(file, 'utf8').trim()}`),
    ...readdirSync('/sys/block'),
  ];
}

/** Folders in a hierarchy of groups that a process has made. */
function groupsOf(owner: number, folder = '/sys/fs/cgroup', depth = 4): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const path = join(folder, entry.name);
    if (entry.name.startsWith(`reclaim-${owner}`)) return [path];
    return depth === 0 ? [] : groupsOf(owner, path, depth - 1);
  });
}

function leftOf(cache: string, owner: number, seen: readonly Process[], before: readonly string[]): string[] {
  const journals = join(cache, 'reclaim-bench', 'live');
  const now = hostSettings();
  return [
    ...seen.filter(isAlive).map(({ kind, pid }) => `${kind} ${pid}`),
    ...groupsOf(owner),
    ...(existsSync(journals) ? readdirSync(journals) : []),
    ...now.filter((line) => !before.includes(line)).map((line) => `changed: ${line}`),
    ...before.filter((line) => !now.includes(line)).map((line) => `was: ${line}`),
  ];
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds() && performance.now() < end) await sleep(POLL_MS);
}

/** Starts a command of the built command line in a process of its own. */
function start(cache: string, args: readonly string[]): ChildProcess {
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  return spawn(process.execPath, [CLI, ...args], { cwd: cache, env, stdio: 'ignore' });
}

/** A trace that is over at once, in a folder. Returns its path. */
function shortTrace(folder: string): string {
  const path = join(folder, 'short.csv');
  writeFileSync(path, 'time_us,op,space,page,count,arg\n0,spawn,1,,,\n1,map,1,0,4,anon\n2,write,1,0,4,\n');
  return path;
}

/**
 * Kills a process of a live run at a moment drawn from a seed, and looks at what is left.
 *
 * @param cache a folder for its cache
 * @param args of the command that runs for some seconds
 */
export async function killLiveRun(
  cache: string,
  seed: number,
  victim: LiveVictim,
  args: readonly string[],
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<KilledRun> {
  const random = randomStream(seed, 'live-kills');
  const before = hostSettings();
  const child = start(cache, args);
  const owner = child.pid!;
  const over = new Promise<KilledRun['ended']>((done) => child.once('exit', (code, by) => done(by ?? code)));
  // Some are killed before there is a space.
  const awaited = seed % 3 === 0 ? 'guard' : 'space';
  await until(() => processesOf(owner).some(({ kind }) => kind === awaited));
  await sleep(random() * LATEST_MS);
  const seen = processesOf(owner);
  const victims = victim === 'all' ? seen : seen.filter(({ kind }) => kind === victim).slice(0, 1);
  for (const { pid } of victims) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
  const ended = await over;
  if (victim === 'all') {
    // The next live run, of any trace, mends what is left.
    const next = start(cache, ['replay', shortTrace(cache), '--machine', 'host', '--quiet']);
    await new Promise<void>((done) => next.once('exit', () => done()));
  }
  const left = () => leftOf(cache, owner, seen, before);
  await until(() => left().length === 0);
  return { victim, seed, hit: victims.length > 0, ended, left: left() };
}
