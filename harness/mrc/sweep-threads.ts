import { Worker } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { entryFile } from '../base/package-root.js';
import type { Backend } from './backend.js';
import { type SweepCount, type SweepUnit, type UnitOptions, unitCost } from './cells.js';
import { GROUP_REQUESTS, type Group } from './groups.js';

/** Groups that are in memory: while one is read, threads may be one or two behind each other. */
const SLOTS = 4;

/** Threads start from built files, also when the rest runs from source (tests). */
const WORKER_FILE = entryFile('mrc', 'sweep-worker');

/** What a thread is given at its start. */
export interface SweepSetup extends UnitOptions {
  /** Policies as their texts, which the registry knows. */
  readonly units: readonly { readonly policy: string; readonly sizes: readonly number[] }[];
  /** Pages of the string, where they are known beforehand: else 0. */
  readonly distinct: number;
  /** The groups' requests by slot, in shared memory; and, where a policy needs the future, when their pages are used next. */
  readonly ids: readonly Int32Array[];
  readonly next: readonly Float64Array[] | undefined;
}

/** Asks a thread to run a group, or, after the last one, for its counts. */
export type SweepJob =
  | { readonly slot: number; readonly length: number; readonly distinct: number }
  | { readonly ended: true };

/** A group is done; or the counts of each unit; or why they cannot be. */
export type SweepAnswer =
  | { readonly done: true }
  | { readonly counts: readonly SweepCount[][] }
  | { readonly refused: string };

/** One thread, and what has come from it. */
class SweepThread {
  private readonly worker: Worker;
  /** Groups that it has run. */
  groups = 0;
  counts: readonly SweepCount[][] | undefined;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(setup: SweepSetup) {
    this.worker = new Worker(WORKER_FILE, { workerData: setup });
    this.worker.on('message', (answer: SweepAnswer) => this.take(answer));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a thread of the sweep ended with code ${code}`)));
  }

  private take(answer: SweepAnswer): void {
    if ('refused' in answer) this.fail(new InputError(answer.refused));
    else if ('counts' in answer) this.counts = answer.counts;
    else this.groups++;
    this.wake();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  post(job: SweepJob): void {
    this.worker.postMessage(job);
  }

  /** Waits for what it answers. @throws what has ended it */
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Units by thread: the costliest first, each to the thread that has least to do. */
export function splitUnits(
  units: readonly SweepUnit[],
  threads: number,
  backend: Backend | undefined,
): number[][] {
  const parts = Array.from({ length: threads }, () => ({ cost: 0, units: [] as number[] }));
  const costs = units.map((unit) => unitCost(unit, backend));
  const order = units.map((_, unit) => unit).sort((a, b) => costs[b]! - costs[a]! || a - b);
  for (const unit of order) {
    const part = parts.reduce((least, other) => (other.cost < least.cost ? other : least));
    part.cost += costs[unit]!;
    part.units.push(unit);
  }
  return parts.map(({ units: part }) => part);
}

/** Shared memory for the numbers of a group. */
function slots<T>(Numbers: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number }): T[] {
  const bytes = GROUP_REQUESTS * Numbers.BYTES_PER_ELEMENT;
  return Array.from({ length: SLOTS }, () => new Numbers(new SharedArrayBuffer(bytes)));
}

/**
 * Threads that simulate the units of a sweep. All run each group of the string, which is in shared memory: as it is read, one
 * group after the other comes into the next slot, once all threads are done with what was there.
 */
export class SweepThreads {
  private readonly ids = slots(Int32Array);
  private readonly next: readonly Float64Array[] | undefined;
  private threads: readonly SweepThread[] = [];
  private parts: readonly (readonly number[])[] = [];
  /** Groups that were written, the one that is being written included. */
  private written = 0;

  /** @param future whether a policy needs to know when pages are used next */
  constructor(future: boolean) {
    this.next = future ? slots(Float64Array) : undefined;
  }

  /** Starts threads; what was written before is still to be run. */
  start(units: readonly SweepUnit[], { seed, backend }: UnitOptions, distinct: number, number: number): void {
    const { ids, next } = this;
    this.parts = splitUnits(units, number, backend);
    this.threads = this.parts.map((part) => {
      const own = part.map((unit) => ({ policy: units[unit]!.policy.text, sizes: units[unit]!.sizes }));
      return new SweepThread({ units: own, seed, backend, distinct, ids, next });
    });
  }

  /** Where the next group is to be written. @throws what has ended a thread */
  async room(): Promise<Int32Array> {
    const needed = ++this.written - SLOTS;
    for (const thread of this.threads) await thread.until(() => thread.groups >= needed);
    return this.ids[(this.written - 1) % SLOTS]!;
  }

  /** Lets all threads run the group that was written last. */
  run({ length, distinct }: Group, ahead: Float64Array | undefined): void {
    const slot = (this.written - 1) % SLOTS;
    if (ahead) this.next![slot]!.set(ahead);
    for (const thread of this.threads) thread.post({ slot, length, distinct });
  }

  /** The counts of each unit, when all groups are run. */
  async counts(): Promise<SweepCount[][]> {
    const counts: SweepCount[][] = [];
    for (const thread of this.threads) thread.post({ ended: true });
    for (const [number, thread] of this.threads.entries()) {
      await thread.until(() => thread.counts !== undefined);
      for (const [i, unit] of this.parts[number]!.entries()) counts[unit] = thread.counts![i]!;
    }
    return counts;
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
