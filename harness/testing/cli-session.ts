import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-session-'));
    const paths = ['requests', 'answers'].map((name) => join(folder, name)) as [string, string];
    execFileSync('mkfifo', paths);
    // An end that reads and writes opens without waiting, and lets the others open.
    const held = paths.map((path) => openSync(path, constants.O_RDWR));
    const [read, write] = [openSync(paths[0], 'r'), openSync(paths[1], 'w')];
    this.requests = openSync(paths[0], 'w');
    this.answers = openSync(paths[1], 'r');
    this.child = spawn(process.execPath, [SESSION, entryFile('cli')], {
      stdio: [read, 'pipe', 'pipe', write],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.pipe(process.stderr);
    // It does not keep the tests from ending, and ends itself when nothing can ask it any more.
    for (const handle of [this.child, this.child.stdout, this.child.stderr])
      (handle as ChildProcess | Socket).unref();
    for (const file of [...held, read, write]) closeSync(file);
    rmSync(folder, { recursive: true });
  }

  /** Runs a command in a folder, with the variables of the environment as they are now. @throws where the process of the session ends, or something stays active after the command */
  run(args: readonly string[], cwd: string): CliResult {
    writeSync(this.requests, `${JSON.stringify({ args, cwd, env: process.env })}\n`);
    const { active, ...result } = JSON.parse(this.answer()) as Answer;
    if (active.length > 0) throw new Error(`reclaim ${args.join(' ')} does not end: ${active.join()}`);
    return result;
  }

  private answer(): string {
    const parts: Buffer[] = [];
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      const read = readSync(this.answers, buffer);
      if (read === 0) throw new Error('the session of the command line has ended');
      parts.push(Buffer.from(buffer.subarray(0, read)));
      if (buffer[read - 1] === 10) return Buffer.concat(parts).toString();
    }
  }
}
