import { statSync } from 'node:fs';
import { InputError } from '../base/errors.js';
import { AXES } from '../metrics/axes.js';
import type { TraceSource } from '../trace/source.js';
import { openTrace } from '../trace/trace.js';
import { Jobs, type ReadJob, type WorkerAnswer, type WorkerJob, type WorkerSetup } from './jobs.js';
import type { Here } from './pool.js';
import type { TraceEntry } from './trace-entries.js';
import { findTrace } from './trace-names.js';
import { resolveTrace } from './traces.js';
import { chooseWorkload, generate } from './workload.js';

/** Size of traces that are read where the pool is, in bytes, and how many events they have and pages those name together. */
const SMALL_BYTES = 2 ** 16;
const SMALL_EVENTS = 2 ** 14;
const SMALL_PAGES = 2 ** 18;
/** CPU time of cells that are run there, in ns, as it is estimated, which for small ones is mostly that of code that is new to a thread. */
const SMALL_JOB_NS = 0.25e9;
const SMALL_NS = 1e9;
/** What is neither compressed nor of another form, so that its size says how much is in it. */
const PLAIN = /\.(csv|rtrace)$/;

/** Whether a generator of ours may make a small trace of these parameters. */
function mayGenerateLittle({ workload, params, seed }: Exclude<TraceEntry, string>): boolean {
  const chosen = chooseWorkload(workload, params, seed);
  const numbers = Object.values(chosen.values).filter((value) => typeof value === 'number');
  return chosen.workload.module === undefined && numbers.every((value) => value <= SMALL_PAGES);
}

/** Whether a trace may be small. */
function mayBeSmall({ read: { entry, folder, handle } }: ReadJob): boolean {
  if (handle) return handle.shared !== undefined && handle.shared.byteLength <= SMALL_BYTES;
  if (typeof entry !== 'string') return mayGenerateLittle(entry);
  if (!PLAIN.test(entry)) return false;
  const file = statSync(findTrace(entry, folder).path, { throwIfNoEntry: false });
  return file?.isFile() === true && file.size <= SMALL_BYTES;
}

/** A trace that may be small, from its start. */
async function sourceOf({ read: { entry, folder, handle } }: ReadJob): Promise<Pick<TraceSource, 'blocks'>> {
  if (typeof entry !== 'string') return generate(chooseWorkload(entry.workload, entry.params, entry.seed));
  return openTrace(handle ?? (await resolveTrace(entry, folder).compile()));
}

/** Whether a trace that may be small is, so that its replay is short. */
async function isSmallTrace(job: ReadJob): Promise<boolean> {
  let events = 0;
  let pages = 0;
  try {
    for await (const { count, length } of (await sourceOf(job)).blocks()) {
      events += length;
      for (let row = 0; row < length; row++) pages += Math.abs(count[row]!);
      if (events > SMALL_EVENTS || pages > SMALL_PAGES) return false;
    }
  } catch (error) {
    // What is wrong with it is said where it is read.
    if (!(error instanceof InputError)) throw error;
  }
  return true;
}

function isSmall(job: WorkerJob): boolean {
  if ('read' in job) return mayBeSmall(job);
  if ('heatmap' in job) return false;
  const [{ machine, merge }] = job.cells;
  // How often ksmd scans depends on how long a trace lasts.
  const isPlain = machine === AXES.machine.default && merge === AXES.merge.default;
  return isPlain && job.expectedNs <= SMALL_JOB_NS;
}

/**
 * Does what is small where the pool is. Starting a worker takes 0.2 s, and a worker runs slowly at first. A thread that
 * replays answers nothing, no signal either, so it is done there only where it is short for certain.
 */
export class SmallJobs implements Here<WorkerJob, WorkerAnswer> {
  private readonly jobs: Jobs;

  constructor(private readonly setup: WorkerSetup) {
    this.jobs = new Jobs(setup);
  }

  suits(jobs: readonly WorkerJob[]): boolean {
    // Policies from outside may do anything to their thread.
    if (this.setup.policyModules.length > 0) return false;
    const ns = jobs.reduce((sum, job) => sum + ('cells' in job ? job.expectedNs : 0), 0);
    return ns <= SMALL_NS && jobs.every(isSmall);
  }

  async answer(job: WorkerJob): Promise<WorkerAnswer | undefined> {
    if ('read' in job && !(await isSmallTrace(job))) return undefined;
    return this.jobs.answer(job);
  }
}
