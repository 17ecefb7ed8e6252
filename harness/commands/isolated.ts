import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import { HostError, InputError } from '../base/errors.js';
import { entryFile } from '../base/package-root.js';
import { PolicyOffence } from '../policy/border/border.js';
import type { PolicyModuleArgs } from './flags.js';

/** Workers start from built files, also when the rest runs from source (tests). */
const WORKER_FILE = entryFile('commands', 'command-worker');

/** The commands that run in a thread of their own where policies from outside take part. */
export type IsolatedName = 'replay' | 'mrc' | 'policies';

/** Whether a stream is a terminal, and how wide. */
interface StreamLook {
  readonly isTTY: boolean | undefined;
  readonly columns: number | undefined;
}

/** What the thread of a command receives. */
export interface IsolatedSetup {
  readonly name: IsolatedName;
  /** The arguments of the command, as they were parsed. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly stdout: StreamLook;
  readonly stderr: StreamLook;
}

/** How a command ended: with an exit code, for bad input, because of the host, or of another error. */
export type IsolatedEnd =
  | { readonly exitCode: number | undefined }
  | { readonly refused: string }
  | { readonly host: string }
  | { readonly death: unknown };

interface Args extends PolicyModuleArgs {
  readonly trace?: string;
  /** A module that is checked; of `replay`, whether the machine is. */
  readonly check?: string | boolean;
}

/** The modules of the user's that take part. */
function modulesOf({ policyModule, check }: Args): string[] {
  return typeof check === 'string' ? [...policyModule, check] : policyModule;
}

function lookOf({ isTTY, columns }: NodeJS.WriteStream): StreamLook {
  return { isTTY, columns };
}

/** How a thread ended: as it says itself, or the error that it died of. */
function endOf(worker: Worker): Promise<IsolatedEnd> {
  return new Promise((settle) => {
    worker.once('message', (end: IsolatedEnd) => settle(end));
    worker.on('error', (death) => settle({ death }));
    worker.once('exit', (code) => settle({ death: `exit code ${code}` }));
  });
}

/** The error for a thread that died, such as of memory that a policy has used up. An error of this package stays one. */
function deathError(death: unknown, files: readonly string[]): Error {
  if (death instanceof Error && !('code' in death)) {
    const thrower = files.find((file) => death.stack?.includes(pathToFileURL(resolve(file)).href));
    if (thrower === undefined) return death;
    const what = `it threw outside of the methods of its policies: ${death.name}: ${death.message}`;
    return new PolicyOffence(what, { file: thrower });
  }
  const reason = death instanceof Error ? death.message : String(death);
  return new PolicyOffence(`its policies ended the thread of the command: ${reason}`, {
    file: files.join(', '),
  });
}

async function runIsolated(name: IsolatedName, args: Args): Promise<void> {
  const setup: IsolatedSetup = {
    name,
    args: { ...args },
    stdout: lookOf(process.stdout),
    stderr: lookOf(process.stderr),
  };
  const readsInput = args.trace === '-';
  const worker = new Worker(WORKER_FILE, {
    workerData: setup,
    argv: process.argv.slice(2),
    stdin: readsInput,
  });
  if (readsInput) {
    worker.stdin!.on('error', () => undefined);
    process.stdin.pipe(worker.stdin!);
  }
  const end = await endOf(worker);
  if (readsInput) process.stdin.unpipe().destroy();
  await worker.terminate();
  if ('death' in end) throw deathError(end.death, modulesOf(args));
  if ('refused' in end) throw new InputError(end.refused);
  if ('host' in end) throw new HostError(end.host);
  process.exitCode = end.exitCode;
}

/**
 * The handler of a command that runs policies from outside: with `--policy-module` or `--check` all of it runs in a thread of its own, so
 * that a policy which uses up the memory, or ends the process, ends only that and is blamed.
 */
export function isolated<A extends Args>(name: IsolatedName, handler: (args: A) => Promise<void>) {
  return (args: A): Promise<void> =>
    isMainThread && modulesOf(args).length > 0 ? runIsolated(name, args) : handler(args);
}
