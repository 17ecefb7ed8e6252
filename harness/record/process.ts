import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { InputError } from '../base/errors.js';
import { startOf, statOf } from '../base/processes.js';
import type { AttachedProcess, Ended } from './manifest.js';

/** A program that is recorded. */
export interface Program {
  readonly pid: number;
  /** Lets a program that was started stopped begin. */
  release(): void;
  /** Resolves when it has ended; of a program that ran already, how is not known. */
  readonly ended: Promise<Ended | undefined>;
  /** Waits for its end no longer: it may go on when this process ends. */
  forget(): void;
  /** Ends a program that has been started and not released. */
  cancel(): void;
}

/** How often a process that is not our child is looked at. */
const POLL_MS = 20;

/**
 * Waits for a line on descriptor 3, then becomes the program. Where the recorder is killed first, the line never comes, and the
 * program goes on: the descriptor is at its end.
 */
const GATE = 'read -r _ <&3; exec 3<&-; exec "$@"';

/** The arguments of /bin/sh that start a command stopped. */
function gated(command: readonly string[]): string[] {
  return ['/bin/sh', '-c', GATE, 'sh', ...command];
}

/**
 * Where a command is, as the shell finds it.
 *
 * @throws InputError where there is none
 */
export function findProgram(name: string): string {
  const path = lookUp(name);
  if (path !== undefined) return path;
  if (!name.includes('/')) throw new InputError(`no such program: ${name}`);
  throw new InputError(`${name}: ${whyNotRun(name)}`);
}

/** Why a named file cannot be run. */
function whyNotRun(name: string): string {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat === undefined) return 'no such program';
  return stat.isFile() ? 'this user may not execute it, expected a program (chmod +x)' : 'is not a program';
}

/** The path of a program in PATH, or of a named file that can be run. Undefined where there is none. */
export function lookUp(name: string): string | undefined {
  const paths = name.includes('/')
    ? [resolve(name)]
    : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return paths.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isAbsolute(path) && statSync(path).isFile();
  } catch {
    return false;
  }
}

/** How a child ended. */
function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (status, signal) => done(signal === null ? { status: status! } : { signal }));
  });
}

/**
 * Starts a command stopped, until `release`.
 *
 * @param around what starts it: a command before it, as `strace …`, which must become the program or its parent
 */
export function startStopped(command: readonly string[], around: readonly string[] = []): Program {
  const [file, ...args] = [...around, ...gated(command)];
  const child = spawn(file!, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  const gate = child.stdio[3] as Writable;
  // The program may be gone already.
  gate.on('error', () => undefined);
  const forget = () => {
    gate.destroy();
    child.unref();
  };
  const cancel = () => {
    child.kill('SIGKILL');
    forget();
  };
  return { pid: child.pid!, release: () => gate.end('go\n'), ended: endOf(child), forget, cancel };
}

/** A program that runs already. @throws InputError where there is none of this number */
export function runningProgram(pid: number): Program {
  const started = startOf(pid);
  if (started === undefined) throw new InputError(`no process has the number ${pid}`);
  let timer: NodeJS.Timeout | undefined;
  const forget = () => clearInterval(timer);
  const ended = new Promise<undefined>((done) => {
    timer = setInterval(() => {
      if (startOf(pid) === started) return;
      forget();
      done(undefined);
    }, POLL_MS);
  });
  return { pid, release: () => undefined, ended, forget, cancel: forget };
}

/** A file of /proc; undefined where the process is gone or it may not be read. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A process and all its descendants. */
export function treeOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? statOf(Number(name))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = [pid];
  for (const each of tree) for (const [child, parent] of parents) if (parent === each) tree.push(child);
  return tree;
}

/** Whether this process, which records, is of the tree of another one. */
export function isOurAncestor(pid: number): boolean {
  for (let each = process.pid; each > 0; each = Number(statOf(each)?.[1] ?? 0)) if (each === pid) return true;
  return false;
}

/** The threads of a process. */
function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** The processes of threads, each once; threads that have ended are of none. */
export function processesOf(threads: readonly number[]): number[] {
  const groups = threads.map(
    (thread) => /^Tgid:\s+(\d+)$/m.exec(readProc(`/proc/${thread}/status`) ?? '')?.[1],
  );
  return [...new Set(groups)]
    .filter((group) => group !== undefined)
    .map(Number)
    .filter((pid) => startOf(pid) !== undefined);
}

/** The processes of a tree as they are now, parents first. */
export function processTree(pid: number): AttachedProcess[] {
  return treeOf(pid).flatMap((each) => {
    const maps = readProc(`/proc/${each}/maps`);
    if (maps === undefined) return [];
    return [
      {
        pid: each,
        parent: Number(statOf(each)?.[1] ?? 0),
        name: (readProc(`/proc/${each}/comm`) ?? '').trim(),
        threads: threadsOf(each),
        maps_before: maps,
      },
    ];
  });
}

/** The same processes with their maps now. */
export function withMapsAfter(processes: readonly AttachedProcess[]): AttachedProcess[] {
  return processes.map((each) => ({ ...each, maps_after: readProc(`/proc/${each.pid}/maps`) }));
}

/** The file of a program that runs; undefined where it is gone. */
export function fileOf(pid: number): string | undefined {
  try {
    return realpathSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

/** The process that traces another one; 0: none. Undefined where the process is gone. Source: proc_pid_status(5). */
export function tracerOf(pid: number): number | undefined {
  const tracer = /^TracerPid:\s+(\d+)$/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1];
  return tracer === undefined ? undefined : Number(tracer);
}

/** The processes that another one traces. */
export function tracedBy(tracer: number): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => startOf(pid) !== undefined && tracerOf(pid) === tracer);
}

/** The current folder of a program that runs; undefined where it is gone. */
export function folderOf(pid: number): string | undefined {
  try {
    return realpathSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Bytes of a page of this host. Source: getconf(1). */
export function pageSize(): number {
  return Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
}
