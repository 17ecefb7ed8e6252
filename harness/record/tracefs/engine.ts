import { dirname, join } from 'node:path';
import { removeAbandonedInstances } from '../../guard/tracing.js';
import type { Engine, EngineContext, EngineReport, RecordRequest, Running } from '../engine.js';
import type { AttachedProcess } from '../manifest.js';
import { processesOf, processTree, runningProgram, startStopped, withMapsAfter } from '../process.js';
import { is32Bit } from '../program-file.js';
import { Drain } from './drain.js';
import { CALLS_ALONE, TRACEPOINTS } from './events.js';
import { Instance } from './instance.js';
import { findTracefs, whyNoTracefs } from './mount.js';
import { Observer } from './objects.js';

const EVENTS = 'trace.txt';
const OBJECTS = 'objects.txt';

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

async function start(request: RecordRequest, { raw, folder, guard }: EngineContext): Promise<Running> {
  const { target } = request;
  // Not within a folder that is removed with what it holds.
  const tracefs = await findTracefs(dirname(folder), guard);
  await removeAbandonedInstances(tracefs);
  const instance = Instance.create(tracefs, guard, request.bufferKib);
  const observer = new Observer(join(raw, OBJECTS));
  const program = 'pid' in target ? runningProgram(target.pid) : startStopped(target.command);
  const drain = new Drain(instance.pipe, join(raw, EVENTS), (text) => observer.observe(text));
  try {
    instance.follow([program.pid]);
    instance.enable(request.callsAlone ? CALLS_ALONE : TRACEPOINTS);
    const attached = 'pid' in target ? attach(instance, program.pid) : [];
    for (const { pid } of attached) observer.observeAll(pid);
    instance.switch(true);
    program.release();
    return {
      program,
      broken: drain.broken,
      abandon: () => drain.close(),
      stop: async () => stop(request, instance, drain, attached),
    };
  } catch (error) {
    drain.close();
    program.cancel();
    throw error;
  }
}

function stop(
  { callsAlone }: RecordRequest,
  instance: Instance,
  drain: Drain,
  attached: readonly AttachedProcess[],
): EngineReport {
  instance.switch(false);
  const goOn = processesOf(instance.followed());
  const processes = withMapsAfter(attached);
  drain.drain();
  drain.close();
  return {
    files: [EVENTS, OBJECTS],
    lostEvents: instance.lost(),
    missing: instance.missing,
    accesses: callsAlone ? 'none' : 'directed-faults',
    goOn,
    attached: processes,
  };
}

/** Records by a tracing instance of the kernel: as root, without stopping the program at any call. */
export const tracefs: Engine = {
  name: 'tracefs',
  unavailable({ target }: RecordRequest) {
    const why = is32Bit(target) ? 'it does not show the calls of 32-bit programs' : whyNoTracefs();
    return why === undefined ? undefined : `tracefs: ${why}`;
  },
  start,
};
