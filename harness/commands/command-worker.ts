import { parentPort, workerData } from 'node:worker_threads';
import { HostError, InputError } from '../base/errors.js';
import { limitExpansion } from '../trace/io/decompress.js';
import { limitLargePages } from '../trace/page-budget.js';
import type { Command } from './flags.js';
import type { IsolatedEnd, IsolatedName, IsolatedSetup } from './isolated.js';

/** The commands that can be run here. */
const COMMANDS: Readonly<Record<IsolatedName, () => Promise<Command>>> = {
  replay: async () => (await import('./replay.js')).replay,
  mrc: async () => (await import('./mrc.js')).mrc,
  policies: async () => (await import('./lists.js')).policies,
};

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

function endOfError(error: unknown): IsolatedEnd {
  if (error instanceof InputError) return { refused: error.message };
  if (error instanceof HostError) return { host: error.message };
  return { death: error instanceof Error ? error : String(error) };
}

// The command goes on otherwise, and prints its results.
process.on('uncaughtException', (error: unknown) => {
  port.postMessage(endOfError(error));
  process.exit();
});
Object.assign(process.stdout, stdout);
Object.assign(process.stderr, stderr);
if (typeof args.maxExpansion === 'number') limitExpansion(args.maxExpansion);
if (typeof args.maxPages === 'number') limitLargePages(args.maxPages);

async function run(): Promise<void> {
  const { handler } = await COMMANDS[name]();
  try {
    await handler(args as never);
    await end({ exitCode: process.exitCode as number | undefined });
  } catch (error) {
    await end(endOfError(error));
  }
}

void run();
