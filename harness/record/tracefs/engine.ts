import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../base/errors.js';
import type { Engine, EngineContext, EngineReport, RecordRequest, Running } from '../engine.js';
import type { Guard } from '../guard.js';
import { type Helper, startHelper } from '../helper.js';
import type { AttachedProcess } from '../manifest.js';
import { processesOf, processTree, runningProgram, startStopped, withMapsAfter } from '../process.js';
import { removeAbandonedInstances } from '../restore.js';
import { Instance } from './instance.js';
import { findTracefs, whyNoTracefs } from './mount.js';
import { Observer } from './objects.js';

const EVENTS = 'trace.txt';
const OBJECTS = 'objects.txt';
const POLL_MS = 10;
/** How long nothing may be drained before the drainer is taken to wait for events that do not come. */
const IDLE_MS = 300;

/** What all parts of a recording are. */
interface Parts {
  readonly instance: Instance;
  readonly drainer: Helper;
  readonly attached: readonly AttachedProcess[];
}

/** Records threads from now on, and what they start meanwhile. Returns the processes of the tree as they are then. */
function attach(instance: Instance, pid: number): AttachedProcess[] {
  let known = -1;
  for (;;) {
    const tree = processTree(pid);
    const threads = tree.flatMap((process) => process.threads);
    // Threads that began while the list was made are in the next one.
    if (threads.length === known) return tree;
    known = threads.length;
    instance.follow(threads);
    instance.switch(true);
  }
}

/** Starts the process that reads events into a file. Returns when the file is there. */
async function startDrainer(instance: Instance, events: string, guard: Guard): Promise<Helper> {
  const drainer = startHelper(guard, events, ['cat', instance.pipe]);
  drainer.release();
  const died = drainer.ended.then((how) => {
    throw new HostError(`the process that reads the events has ended (${how})`);
  });
  while (!existsSync(events)) await Promise.race([died, sleep(POLL_MS)]);
  // Later ends are looked at by others.
  died.catch(() => undefined);
  return drainer;
}

async function start(request: RecordRequest, { raw, folder, guard }: EngineContext): Promise<Running> {
  const { target } = request;
  // Not within a folder that is removed with what it holds.
  const tracefs = await findTracefs(dirname(folder), guard);
  await removeAbandonedInstances(tracefs);
  const instance = Instance.create(tracefs, guard, request.bufferKib);
  const events = join(raw, EVENTS);
  const drainer = await startDrainer(instance, events, guard);
  const observer = new Observer(join(raw, OBJECTS), events);
  const broken = drainer.ended.then((how) => {
    observer.stop();
    return `the process that reads the events has ended (${how})`;
  });
  const program = 'pid' in target ? runningProgram(target.pid) : startStopped(target.command);
  try {
    instance.follow([program.pid]);
    instance.enable();
    const attached = 'pid' in target ? attach(instance, program.pid) : [];
    for (const { pid } of attached) observer.observeAll(pid);
    instance.switch(true);
    program.release();
    return { program, broken, stop: () => stop({ instance, drainer, attached }) };
  } catch (error) {
    program.cancel();
    throw error;
  }
}

/** Waits until all events are in the file. @throws HostError where they cannot be written */
async function drain(instance: Instance, { pid, ended }: Helper): Promise<void> {
  let hasEnded = false;
  const end = ended.then((how) => {
    hasEnded = true;
    return how;
  });
  let before = -1;
  for (let idle = 0; !hasEnded && idle < IDLE_MS; idle += POLL_MS) {
    const left = instance.count('entries');
    // Where nothing was ever recorded, the reader waits on.
    if (left !== before) idle = 0;
    before = left;
    await sleep(POLL_MS);
  }
  if (!hasEnded) process.kill(pid);
  const how = await end;
  if (how !== 'status 0' && how !== 'SIGTERM')
    throw new HostError(
      `the recorded events could not be written: the process that reads them ended (${how})`,
    );
}

async function stop({ instance, drainer, attached }: Parts): Promise<EngineReport> {
  instance.switch(false);
  const goOn = processesOf(instance.followed());
  const processes = withMapsAfter(attached);
  await drain(instance, drainer);
  return {
    files: [EVENTS, OBJECTS],
    lostEvents: instance.lost(),
    missing: instance.missing,
    accesses: 'directed-faults',
    goOn,
    attached: processes,
  };
}

/** Records by a tracing instance of the kernel: as root, without stopping the program at any call. */
export const tracefs: Engine = {
  name: 'tracefs',
  unavailable() {
    const why = whyNoTracefs();
    return why === undefined ? undefined : `tracefs: ${why}`;
  },
  start,
};
