import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HostError } from '../../base/errors.js';

/** Runs a program to its end, and writes the times of the shell and of the program to descriptor 3. */
const TIMED = '"$@"; code=$?; times >&3; exit $code';
/** The second line of what `times` of a POSIX shell writes: user and system time of what it ran. */
const CHILD_TIMES = /\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s/;

/** A program that has ended well. */
export interface TimedProgram {
  readonly stdout: string;
  readonly wallNs: number;
  /** User and system time of all its threads, in steps of a clock tick (10 ms). */
  readonly cpuNs: number;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}

function cpuNsOf(times: string): number {
  const found = CHILD_TIMES.exec(times);
  if (!found) throw new HostError(`the shell's times are "${times.trim()}", expected minutes and seconds`);
  const [user, userSeconds, system, systemSeconds] = found.slice(1).map(Number);
  return 1e9 * (60 * (user! + system!) + userSeconds! + systemSeconds!);
}

/**
 * Runs a program and measures it whole, its start included.
 *
 * @throws HostError where it cannot be run or fails, with the first line of what it said that is an error, or the last
 */
export async function timeProgram(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<TimedProgram> {
  const started = process.hrtime.bigint();
  const child = spawn('sh', ['-c', TIMED, 'sh', command, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const [stdout, stderr, times] = await Promise.all([
    textOf(child.stdout!),
    textOf(child.stderr!),
    textOf(child.stdio[3] as NodeJS.ReadableStream),
  ]);
  const [code] = await closed;
  const wallNs = Number(process.hrtime.bigint() - started);
  if (code !== 0) {
    const lines = `${stdout}${stderr}`.trimEnd().split('\n');
    const said = lines.find((line) => /error/i.test(line)) ?? lines.at(-1);
    throw new HostError(`${command} ended with exit code ${code}: ${said}`);
  }
  return { stdout, wallNs, cpuNs: cpuNsOf(times) };
}
