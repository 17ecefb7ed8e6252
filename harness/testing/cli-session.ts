import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, read, readSync, rmSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { entryFile, packageFile } from '../base/package-root.js';
import type { CliResult } from './cli.js';

const SESSION = packageFile('harness', 'testing', 'cli-session.mjs');

/** What a session says of a command. */
interface Answer extends CliResult {
  /** What would have kept its process from ending. */
  readonly active: readonly string[];
}

/**
 * The built command line in one process for many commands, which saves the start of each, which is most of what a short one takes. Not for those that read
 * standard input, get signals, or change what a process keeps: see `CliFolder` for modules of policies.
 *
 * Calls wait: two FIFOs, since Node's own pipes cannot be read without its event loop. Of each the other side sees the end
 * when a process goes.
 */
export class CliSession {
  private readonly child: ChildProcess;
  private readonly requests: number;
  private readonly answers: number;

  /** @param flags of Node */
  constructor(flags: readonly string[] = []) {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-session-'));
    const paths = ['requests', 'answers'].map((name) => join(folder, name)) as [string, string];
    execFileSync('mkfifo', paths);
    // An end that reads and writes opens without waiting, and lets the others open.
    const held = paths.map((path) => openSync(path, constants.O_RDWR));
    const [input, output] = [openSync(paths[0], 'r'), openSync(paths[1], 'w')];
    this.requests = openSync(paths[0], 'w');
    this.answers = openSync(paths[1], 'r');
    this.child = spawn(process.execPath, [...flags, SESSION, entryFile('cli')], {
      stdio: [input, 'pipe', 'pipe', output],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.pipe(process.stderr);
    // It does not keep the tests from ending, and ends itself when nothing can ask it any more.
    for (const handle of [this.child, this.child.stdout, this.child.stderr])
      (handle as ChildProcess | Socket).unref();
    for (const file of [...held, input, output]) closeSync(file);
    rmSync(folder, { recursive: true });
  }

  /** Runs a command in a folder, with the variables of the environment as they are now. @throws where the process of the session ends, or something stays active after the command */
  run(args: readonly string[], cwd: string): CliResult {
    this.ask(args, cwd);
    const line = new AnswerLine();
    while (!line.text) line.take(readSync(this.answers, line.buffer));
    return resultOf(args, line.text);
  }

  /** The same, where this process has other things to do meanwhile. */
  async runMeanwhile(args: readonly string[], cwd: string): Promise<CliResult> {
    this.ask(args, cwd);
    const line = new AnswerLine();
    while (!line.text)
      line.take((await readLater(this.answers, line.buffer, 0, line.buffer.length, null)).bytesRead);
    return resultOf(args, line.text);
  }

  /** Ends its process, which otherwise goes with this one. */
  close(): void {
    closeSync(this.requests);
    closeSync(this.answers);
  }

  private ask(args: readonly string[], cwd: string): void {
    writeSync(this.requests, `${JSON.stringify({ args, cwd, env: process.env })}\n`);
  }
}

const readLater = promisify(read);

/** The line of an answer, as it comes. */
class AnswerLine {
  /** What is read next. */
  readonly buffer: Buffer = Buffer.alloc(65_536);
  /** All of it, once it is whole. */
  text: string | undefined;
  private readonly parts: Buffer[] = [];

  /** @param length of what has been read into the buffer */
  take(length: number): void {
    if (length === 0) throw new Error('the session of the command line has ended');
    this.parts.push(Buffer.from(this.buffer.subarray(0, length)));
    if (this.buffer[length - 1] === 10) this.text = Buffer.concat(this.parts).toString();
  }
}

/** What an answer says. @throws Error where something would have kept the process of the command from ending */
function resultOf(args: readonly string[], text: string): CliResult {
  const { active, ...result } = JSON.parse(text) as Answer;
  if (active.length > 0) throw new Error(`reclaim ${args.join(' ')} does not end: ${active.join()}`);
  return result;
}
