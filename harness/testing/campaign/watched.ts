import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Told } from './child.js';
import type { Round } from './part.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const POLL_MS = 500;
/** A round that takes longer never ends. */
const MOST_SILENCE_MS = 600_000;
const MOST_KIB = 2 ** 20;
const STDERR_CHARACTERS = 1000;

/** What a process of a part is given. */
export interface Task {
  readonly part: string;
  readonly first: number;
  readonly seeds: number;
  /** When no further seed is begun, in ms since 1970. */
  readonly end: number;
  /** Where the process makes its own temporary folder. */
  readonly folder: string;
  /** Is told of each round. */
  readonly round: (seed: number, round: Round) => void;
}

/** The resident set of a process, in KiB; 0 where the kernel does not say. */
function resident(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Ends a process and all that it has started. */
function end(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

const running = new Set<ChildProcess>();

/** Ends all processes of the campaign. */
export function endAll(): void {
  for (const child of running) end(child);
}

/**
 * Runs a part in a process of its own, which is ended when a round does not end or takes too much memory. Returns the seed
 * at which it went wrong and how; undefined where it ended by itself.
 */
export function watched(task: Task): Promise<{ seed: number; wrong: string } | undefined> {
  const { part, first, seeds } = task;
  const folder = mkdtempSync(join(task.folder, `${part}-`));
  // What is left in the system's folder of temporary files belongs to the campaign, too.
  const child = fork(CHILD, [part, folder, first, seeds, task.end].map(String), {
    detached: true,
    env: { ...process.env, TMPDIR: folder, XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  running.add(child);
  let [seed, heard, wrong, stderr] = [first, Date.now(), '', ''];
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS);
  });
  child.on('message', (told: Told) => {
    heard = Date.now();
    seed = told.seed;
    if ('round' in told) task.round(seed, told.round);
  });
  const poll = setInterval(() => {
    const kib = resident(child.pid);
    if (kib > MOST_KIB) wrong = `the process had ${kib} KiB`;
    if (Date.now() - heard > MOST_SILENCE_MS) wrong = `it did not end in ${MOST_SILENCE_MS / 1000} s`;
    if (wrong !== '') end(child);
  }, POLL_MS);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearInterval(poll);
      running.delete(child);
      if (code === 0) resolve(undefined);
      else resolve({ seed, wrong: wrong || `the process ended with ${signal ?? code}: ${stderr}` });
    });
  });
}
