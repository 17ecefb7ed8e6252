import { dirname } from 'node:path';
import { HostError, InputError, type Place } from '../base/errors.js';
import type { Origin } from '../base/provenance.js';
import type { Touches } from '../base/touches.js';
import { STDIN } from '../trace/io/input.js';
import type { TraceHandle } from '../trace/trace.js';
import type { PlannedTrace } from './axes.js';
import type { Experiment, ExperimentTrace, TraceEntry } from './file.js';
import type { GivesBack } from './gives-back.js';
import type { ReadJob, ReadTrace, WorkerAnswer, WorkerJob } from './jobs.js';
import type { Pool } from './pool.js';
import { resolveTrace, traceSource } from './traces.js';
import { replicateSeed } from './workload.js';

/** A trace of an experiment, and what its first replay found. */
export interface LoadedTrace extends PlannedTrace {
  readonly label: string;
  readonly family: string | undefined;
  readonly sha256: string;
  readonly events: number;
  readonly touches: Touches;
  /** One in this number of pages is in it; 1: all. */
  readonly sample: number;
  readonly origin: Origin;
  /** From its first event to its last, in µs. */
  readonly durationUs: number;
  readonly givesBack: GivesBack;
}

/** A trace that cells can run on. */
export interface PreparedTrace extends LoadedTrace, ReadTrace {
  readonly source: TraceEntry;
  /** From 1: a generated trace is there once for each replicate, under one label. */
  readonly replicate: number;
}

/** The traces of an experiment, each once: of those that were generated several times the first. */
export function firstReplicates<T extends { readonly replicate: number }>(traces: readonly T[]): T[] {
  return traces.filter(({ replicate }) => replicate === 1);
}

/** Throws what a worker answered instead of a result; `place` is where the experiment names what it read. */
export function refused(answer: WorkerAnswer, place?: Place): never {
  if ('host' in answer) throw new HostError(answer.host);
  throw new InputError('refused' in answer ? answer.refused : 'the worker answered something else', place);
}

interface LabelledJob extends ReadJob {
  /** Its trace in the experiment. */
  readonly at: number;
  readonly label: string;
  readonly replicate: number;
}

/** Compiles standard input, which workers do not have, until `signal` is aborted. */
async function compileInput(compile: () => Promise<TraceHandle>, signal?: AbortSignal): Promise<TraceHandle> {
  const stop = () => void process.stdin.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await compile();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** What is to be read, in the order of the experiment. @throws InputError for two traces of one name */
async function readJobs(
  { traces, replicates, file }: Experiment,
  signal: AbortSignal | undefined,
): Promise<LabelledJob[]> {
  const folder = dirname(file);
  const jobs: LabelledJob[] = [];
  for (const [at, { entry, place = { file } }] of traces.entries()) {
    const { label, compile } = resolveTrace(entry, folder);
    if (jobs.some((job) => job.label === label))
      throw new InputError(`two traces are called ${label}, expected different names`, place);
    const handle = entry === STDIN ? await compileInput(compile, signal) : undefined;
    for (let replicate = 1; replicate <= (typeof entry === 'string' ? 1 : replicates); replicate++)
      jobs.push({ at, label, replicate, read: { entry: replicated(entry, replicate), folder, handle } });
  }
  return jobs;
}

/** What a replicate of a trace is generated from; what was recorded has one. */
function replicated(entry: TraceEntry, replicate: number): TraceEntry {
  return typeof entry === 'string' ? entry : { ...entry, seed: replicateSeed(entry.seed, replicate) };
}

function prepared(
  { label, replicate, read: { entry, folder } }: LabelledJob,
  { family }: ExperimentTrace,
  read: ReadTrace,
): PreparedTrace {
  return { ...read, label, replicate, family, source: traceSource(entry, folder) };
}

/**
 * Reads the traces of an experiment and replays each once, in workers.
 *
 * @param reading is told of each trace that is begun
 * @param signal is aborted when the pool is closed
 * @returns undefined where that was so
 * @throws InputError or HostError of the first trace, in the order of the experiment, that cannot be used
 */
export async function prepareTraces(
  experiment: Experiment,
  pool: Pool<WorkerJob, WorkerAnswer>,
  reading: (label: string) => void,
  signal?: AbortSignal,
): Promise<PreparedTrace[] | undefined> {
  const jobs = await readJobs(experiment, signal).catch((error) => {
    if (signal?.aborted !== true) throw error;
    return [] as LabelledJob[];
  });
  const traces = new Map<LabelledJob, PreparedTrace>();
  const failures = new Map<number, WorkerAnswer>();
  await pool.run(jobs, {
    // Those before one that failed have begun already: one of them may still be the first that fails.
    wanted: () => failures.size === 0,
    started: ({ label }) => reading(label),
    answered(job, answer) {
      if ('read' in answer) traces.set(job, prepared(job, experiment.traces[job.at]!, answer.read));
      else failures.set(jobs.indexOf(job), answer);
    },
    died(job, reason) {
      const { label } = job;
      failures.set(jobs.indexOf(job), { host: `trace ${label} cannot be read: its worker died: ${reason}` });
    },
  });
  if (signal?.aborted) return undefined;
  const first = Math.min(...failures.keys());
  if (failures.size > 0) refused(failures.get(first)!, experiment.traces[jobs[first]!.at]!.place);
  return jobs.flatMap((job) => traces.get(job) ?? []);
}
