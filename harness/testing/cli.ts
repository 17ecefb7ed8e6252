import { spawn, spawnSync } from 'node:child_process';
import { packageFile } from '../base/package-root.js';

const CLI = packageFile('dist', 'harness', 'cli.js');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line in a folder. */
export function reclaim(args: readonly string[], cwd: string, input?: string | Uint8Array): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd,
    input,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

/** Starts the built command line in a folder. */
export function startReclaim(args: readonly string[], cwd: string) {
  return spawn(process.execPath, [CLI, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The commands that the output of one says come next, each as its arguments. */
export function nextOf(stdout: string): string[][] {
  return [...stdout.matchAll(/^ {2}reclaim (.*)$/gm)].map((match) => match[1]!.split(' '));
}
