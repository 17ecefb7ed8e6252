import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HostError } from '../../input/errors.js';

/** How a process ended and what it said on standard error. */
export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/**
 * Runs a program, without what it prints.
 *
 * @throws HostError when there is no such program; the error of `signal` when that is aborted
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const child = spawn(command, args, { cwd, signal, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    const [code] = await once(child, 'close');
    return { code, stderr };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new HostError(`there is no ${command} here`);
    throw error;
  }
}

/** The last line of a text that says something. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
