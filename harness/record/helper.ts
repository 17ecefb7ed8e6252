import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { Guard } from '../guard/guard.js';

/** A process that records, besides the program and us. */
export interface Helper {
  readonly pid: number;
  /** Lets it begin. Where we are killed before, it ends without having begun. */
  release(): void;
  /** Resolves with how it ended: its exit status or a signal. */
  readonly ended: Promise<string>;
}

/** Waits for a line on standard input, then becomes the command, with its output in a file. */
const GATE = 'read -r _ && out=$1 && shift && exec "$@" >"$out" 2>&1 </dev/null';

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (status, signal) => done(signal ?? `status ${status}`));
  });
}

/**
 * Starts a command that does not begin yet, so that the guard knows of it before it does anything. It is not in the terminal's
 * group: Ctrl-C is for the program and us.
 *
 * @param output the file that its output goes to
 * @param descriptors further ones for it, from 3 on
 */
export function startHelper(
  guard: Guard,
  output: string,
  command: readonly string[],
  descriptors: readonly ('pipe' | number)[] = [],
): Helper & { readonly child: ChildProcess } {
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', output, ...command], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', ...descriptors],
  });
  const gate = child.stdin as Writable;
  gate.on('error', () => undefined);
  const ended = endOf(child);
  guard.journalProcess(child.pid!);
  return { pid: child.pid!, release: () => gate.end('go\n'), ended, child };
}
