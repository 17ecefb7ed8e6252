import { grown } from '../base/arrays.js';
import { InputError } from '../base/errors.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import type { Backend } from './backend.js';
import { makeCell, type SweepCount, type SweepUnit, unitsOf } from './cells.js';
import { GROUP_REQUESTS, type Group, grouped } from './groups.js';
import { MemoryReference, type ReferenceBatch, type ReferenceString } from './reference.js';
import { SweepThreads } from './sweep-threads.js';

/** Reference strings up to this are kept in memory when they are read more than once: 256 MiB of ids. */
const KEEP_REQUESTS = 64 * 2 ** 20;

/** Misses of one policy at one size. */
export interface SweepResult extends SweepCount {
  readonly policy: Chosen<ReclaimPolicyInfo>;
  readonly size: number;
}

export interface SweepOptions {
  readonly policies: readonly Chosen<ReclaimPolicyInfo>[];
  /** Sizes in pages, given the distinct pages of the string. */
  readonly sizes: (distinct: number) => readonly number[];
  /** Whether `sizes` looks at the distinct pages: the string is read twice then. */
  readonly relative: boolean;
  readonly seed: number;
  /** What is to run the policies; by default WebAssembly where a policy has a module. */
  readonly backend?: Backend | undefined;
  /** Threads that simulate, besides the one that reads, where that is quicker: one by default. The results are the same. */
  readonly threads?: number;
  /** Called now and then with the requests done. */
  readonly progress?: (requests: number) => void;
}

/**
 * Misses of every policy at every size. The string is read once, and once more before where sizes are relative to its
 * distinct pages; all policies and sizes are simulated side by side, part by part. A policy that needs the future keeps
 * the whole string in memory.
 *
 * @throws InputError when a stream would have to be read twice
 */
export async function sweep(reference: ReferenceString, options: SweepOptions): Promise<SweepResult[]> {
  const { policies } = options;
  const future = policies.some(({ info }) => info.needsFuture);
  if ((future || options.relative) && !reference.rereadable) throw streamError(reference, policies, future);
  const kept = future || options.relative ? await keep(reference, future) : undefined;
  const string = kept?.reference ?? reference;
  const distinct = kept?.distinct ?? 0;
  const next = future ? knowFuture(string as MemoryReference) : undefined;
  const units = unitsOf(policies, options.sizes(distinct), options.backend);
  const task = { batches: string.batches(), units, options, distinct, next };
  const counts = await countsOf(task);
  return units.flatMap(({ policy, sizes }, unit) =>
    sizes.map((size, i) => ({
      policy,
      size: policy.info.unbounded ? Number.POSITIVE_INFINITY : size,
      ...counts[unit]![i]!,
    })),
  );
}

function streamError(
  reference: ReferenceString,
  policies: readonly Chosen<ReclaimPolicyInfo>[],
  future: boolean,
): InputError {
  const clairvoyant = policies.find(({ info }) => info.needsFuture)?.info.name;
  return new InputError(
    future
      ? `policy ${clairvoyant} must know the future, and ${reference.name} can be read only once, expected a file`
      : `sizes in % are of the distinct pages, and ${reference.name} can be read only once, expected a file or sizes in pages`,
  );
}

/** Reads the string a first time, and keeps it if it is small enough or must be. */
async function keep(
  reference: ReferenceString,
  always: boolean,
): Promise<{ reference: MemoryReference | undefined; distinct: number }> {
  if (reference instanceof MemoryReference) return { reference, distinct: reference.distinct };
  let ids: Int32Array | undefined = new Int32Array(1 << 16);
  let requests = 0;
  let distinct = 0;
  for await (const batch of reference.batches()) {
    distinct = batch.distinct;
    if (ids && !always && requests + batch.length > KEEP_REQUESTS) ids = undefined;
    if (ids) {
      if (requests + batch.length > ids.length)
        ids = grown(ids, Math.max(requests + batch.length, ids.length * 2));
      ids.set(batch.ids.subarray(0, batch.length), requests);
    }
    requests += batch.length;
  }
  const whole = ids && new MemoryReference(reference.name, ids.subarray(0, requests), distinct);
  return { reference: whole, distinct };
}

/** For each request the next one for the same page, infinity for none: one pass backwards over the string. */
export function knowFuture(reference: MemoryReference): Float64Array {
  const { ids, distinct } = reference;
  const next = new Float64Array(ids.length);
  const seen = new Float64Array(distinct).fill(Number.POSITIVE_INFINITY);
  for (let i = ids.length - 1; i >= 0; i--) {
    const id = ids[i]!;
    next[i] = seen[id]!;
    seen[id] = i;
  }
  return next;
}

/** What is simulated, and on what. */
interface SweepTask {
  readonly batches: AsyncIterable<ReferenceBatch>;
  readonly units: readonly SweepUnit[];
  readonly options: SweepOptions;
  readonly distinct: number;
  readonly next: Float64Array | undefined;
}

/** Units from which on each runs a large part of the string at a time, and from which on threads are worth their start. */
const MANY_UNITS = 8;
const THREAD_UNITS = 4;

/** The counts of each unit. */
async function countsOf(task: SweepTask): Promise<SweepCount[][]> {
  const { batches, units, options } = task;
  // Of a policy from outside, the time of each part is limited, and its class is in this thread only.
  const ours = options.policies.every(({ info }) => info.module === undefined);
  const threads = Math.min(options.threads ?? 1, units.length);
  if (ours && threads > 1 && units.length >= THREAD_UNITS) return countInThreads(task, threads);
  if (!ours || units.length < MANY_UNITS) return countHere(task, batches);
  const ids = new Int32Array(GROUP_REQUESTS);
  return countHere(
    task,
    grouped(batches, async () => ids),
  );
}

async function countHere(
  { units, options, distinct: known, next }: SweepTask,
  parts: AsyncIterable<ReferenceBatch>,
): Promise<SweepCount[][]> {
  const cells = [];
  for (const unit of units) cells.push(await makeCell(unit, options, known));
  let done = 0;
  for await (const { ids, length, distinct } of parts) {
    const ahead = next?.subarray(done, done + length);
    for (const cell of cells) cell.run(ids, length, distinct, ahead);
    done += length;
    options.progress?.(done);
  }
  return cells.map((cell) => cell.counts());
}

async function* only(group: Group): AsyncGenerator<Group> {
  yield group;
}

/** A string of one group is counted here: it would be done before threads have started. */
async function countInThreads(task: SweepTask, number: number): Promise<SweepCount[][]> {
  const { batches, units, options, distinct, next } = task;
  const threads = new SweepThreads(next !== undefined);
  let done = 0;
  try {
    for await (const group of grouped(batches, () => threads.room())) {
      if (done === 0) {
        if (group.length < GROUP_REQUESTS) return await countHere(task, only(group));
        threads.start(units, options, distinct, number);
      }
      threads.run(group, next?.subarray(done, done + group.length));
      done += group.length;
      options.progress?.(done);
    }
    return done === 0 ? await countHere(task, batches) : await threads.counts();
  } finally {
    await threads.close();
  }
}
