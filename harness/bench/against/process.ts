import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HostError } from '../../base/errors.js';

/** How a process ended and what it said on standard error. */
export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Ends a process group, unless it has ended already. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Runs a program, without what it prints.
 *
 * @param signal ends it with all it started, and waits for that: what they write must not come after the clean-up
 * @throws HostError when there is no such program; the error of `signal` when that is aborted
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  // Detached: a process group of its own, so that npm and what it runs end together.
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = () => endGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    const [code] = await once(child, 'close');
    signal.throwIfAborted();
    return { code, stderr };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new HostError(`there is no ${command} here`);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The last line of a text that says something. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
