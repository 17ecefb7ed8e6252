import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Ends a process that this one has started, if it runs, and waits for that. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
