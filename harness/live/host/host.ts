import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../base/errors.js';
import { missingCompiler } from '../../base/native.js';
import type { Guard } from '../../guard/guard.js';
import { endChild } from '../child.js';
import { buildExecutor } from '../executor/program.js';
import { SHARED_BYTES } from '../protocol.js';
import { type Channel, LiveTimeout, Session } from '../session.js';
import { Pipes } from './pipes.js';

/** How the executor is run on the host. */
export interface HostOptions {
  /** The cache folder, for the executor. */
  readonly cache: string;
  /** The longest that it may take for what it is given at a time, in s. */
  readonly timeoutS: number;
  readonly guard: Guard;
}

/** Memory, not a disk: what is shared must not be written anywhere. */
const SHARED_MEMORY = '/dev/shm';
/** Between looks at the guard, in ms: where it is killed, all is restored within a second. */
const LOOK_MS = 100;

/** Why the host cannot be a machine; undefined where it can. */
export function missingHost(): string | undefined {
  if (process.platform !== 'linux') return 'the host machine needs Linux; --machine sim needs nothing';
  const compiler = missingCompiler();
  return compiler && `the host machine cannot be built: ${compiler}; --machine sim needs none`;
}

function memoryFolder(): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    return SHARED_MEMORY;
  } catch {
    return tmpdir();
  }
}

class HostChannel implements Channel {
  constructor(
    readonly shared: number,
    private readonly pipes: Pipes,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly options: HostOptions,
  ) {}

  exchange(): void {
    this.pipes.send();
    this.awaitTurn();
  }

  /** Waits until the executor hands over. */
  awaitTurn(): void {
    const { timeoutS, guard } = this.options;
    const start = performance.now();
    let looked = start;
    const came = this.pipes.await(() => {
      const now = performance.now();
      if (now - looked < LOOK_MS) return;
      looked = now;
      if (!guard.isAlive) throw new HostError('the process that restores settings has ended');
      if (now - start > timeoutS * 1000)
        throw new LiveTimeout(`the executor does not answer within ${timeoutS} s`);
    });
    if (!came) throw new HostError('the executor has ended');
  }

  async close(): Promise<void> {
    // Its spaces end with it.
    await endChild(this.child);
    this.pipes.close();
    closeSync(this.shared);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts the executor stopped at its first turn. */
function startExecutor(executor: string, folder: string, options: HostOptions): HostChannel {
  const path = join(folder, 'shared');
  // Written by us, so that it is on no account of the executor's.
  writeFileSync(path, Buffer.alloc(SHARED_BYTES));
  const pipes = new Pipes(folder);
  const child = spawn(executor, [path], { cwd: '/', detached: true, stdio: [...pipes.ends, 'ignore'] });
  child.on('error', () => undefined);
  pipes.handedOver();
  const channel = new HostChannel(openSync(path, 'r+'), pipes, child, folder, options);
  if (child.pid === undefined) throw new HostError(`${executor} cannot be started`);
  options.guard.journalProcess(child.pid);
  return channel;
}

/**
 * Starts the executor as a process of this host.
 *
 * @throws HostError where this host lacks something
 */
export async function startHost(options: HostOptions): Promise<Session> {
  const missing = missingHost();
  if (missing !== undefined) throw new HostError(missing);
  const executor = await buildExecutor(options.cache);
  const folder = mkdtempSync(join(memoryFolder(), 'reclaim-host-'));
  options.guard.journal({ kind: 'folder', path: folder });
  const channel = startExecutor(executor, folder, options);
  try {
    channel.awaitTurn();
  } catch (error) {
    await channel.close();
    throw error;
  }
  return new Session(channel);
}
