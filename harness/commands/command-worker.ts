import { parentPort, workerData } from 'node:worker_threads';
import { HostError, InputError } from '../base/errors.js';
import { limitExpansion } from '../trace/io/decompress.js';
import type { Command } from './flags.js';

/** The commands that run in a thread of their own where policies from outside take part. */
export const ISOLATED = {
  replay: async (): Promise<Command> => (await import('./replay.js')).replay,
  mrc: async (): Promise<Command> => (await import('./mrc.js')).mrc,
} as const;
export type IsolatedName = keyof typeof ISOLATED;

/** What the thread of a command receives. */
export interface IsolatedSetup {
  readonly name: IsolatedName;
  /** The arguments of the command, as they were parsed. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Whether standard output and standard error are terminals, and how wide. */
  readonly stdout: StreamLook;
  readonly stderr: StreamLook;
}

export interface StreamLook {
  readonly isTTY: boolean | undefined;
  readonly columns: number | undefined;
}

/** How a command ended: with an exit code, for bad input, or because of the host. */
export type IsolatedEnd =
  | { readonly exitCode: number | undefined }
  | { readonly refused: string }
  | { readonly host: string };

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const { name, args, stdout, stderr } = workerData as IsolatedSetup;

/** Waits until the main thread has taken all that was written. */
function written(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

async function end(how: IsolatedEnd): Promise<void> {
  await written(process.stdout);
  await written(process.stderr);
  port!.postMessage(how);
}

function fail(error: unknown): void {
  if (error instanceof InputError) void end({ refused: error.message });
  else if (error instanceof HostError) void end({ host: error.message });
  else
    setImmediate(() => {
      process.off('uncaughtException', fail);
      throw error;
    });
}

process.on('uncaughtException', fail);
Object.assign(process.stdout, stdout);
Object.assign(process.stderr, stderr);
if (typeof args.maxExpansion === 'number') limitExpansion(args.maxExpansion);
const { handler } = await ISOLATED[name]();
try {
  await handler(args as never);
  await end({ exitCode: process.exitCode as number | undefined });
} catch (error) {
  fail(error);
}
