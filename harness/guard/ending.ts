import { startOf } from '../base/processes.js';
import { BUSY_MS, until } from './until.js';

/** How long a process has to end by itself. */
const GRACE_MS = 300;

/** Sends a signal to a process, which may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends a process, by force where it does not end by itself. @throws where it does not end */
export async function endProcess(pid: number, started: string): Promise<void> {
  const hasEnded = () => startOf(pid) !== started;
  if (hasEnded()) return;
  signal(pid, 'SIGTERM');
  // One that is stopped sees the signal only then.
  signal(pid, 'SIGCONT');
  if (await until(hasEnded, GRACE_MS)) return;
  signal(pid, 'SIGKILL');
  if (!(await until(hasEnded, BUSY_MS))) throw new Error(`process ${pid} does not end`);
}
