import { grown } from '../base/arrays.js';
import { InputError } from '../base/errors.js';
import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import { type Backend, backendFor, wasmRefusal } from './backend.js';
import { MemoryReference, type ReferenceBatch, type ReferenceString } from './reference.js';
import { ReuseDistances } from './reuse.js';
import { loadSimulate, type Simulate, Simulation } from './simulation.js';
import { WasmSimulation } from './wasm-simulation.js';

/** From this number of sizes on, exact LRU comes from reuse distances: one pass for all of them. */
const CURVE_SIZES = 6;
/** Reference strings up to this are kept in memory when they are read more than once: 256 MiB of ids. */
const KEEP_REQUESTS = 64 * 2 ** 20;

/** Misses of one policy at one size. */
export interface SweepResult {
  readonly policy: Chosen<ReclaimPolicyInfo>;
  readonly size: number;
  readonly requests: number;
  readonly misses: number;
  /** What counted them. */
  readonly backend: Backend;
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
  /** Called now and then with the requests done. */
  readonly progress?: (requests: number) => void;
}

/**
 * Misses of every policy at every size. The string is read once, and once more before where sizes are relative to its
 * distinct pages; all policies and sizes are simulated side by side, batch by batch. A policy that needs the future keeps
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
  const cells = await makeCells(options, options.sizes(distinct), distinct);
  // Of a policy from outside, the time of each part is limited.
  const large = cells.length >= MANY_CELLS && policies.every(({ info }) => info.module === undefined);
  const batches = large ? joined(string.batches()) : string.batches();
  await runCells(batches, cells, next, options.progress);
  return cells.map((cell) => cell.result());
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

/** One policy at one size, however its misses are found. */
interface SweepCell {
  run(ids: Int32Array, length: number, distinct: number, next: Float64Array | undefined): void;
  result(): SweepResult;
}

/** @param distinct pages of the string, where they are known beforehand: else 0 */
async function makeCells(
  options: SweepOptions,
  sizes: readonly number[],
  distinct: number,
): Promise<SweepCell[]> {
  const cells: SweepCell[] = [];
  for (const policy of options.policies) {
    if (policy.info.name === 'lru' && sizes.length >= CURVE_SIZES && options.backend !== 'wasm') {
      const curve = new ReuseDistances();
      cells.push(...sizes.map((size, i) => new CurveCell(policy, size, curve, i === 0)));
      continue;
    }
    for (const size of sizes) cells.push(await makeCell(policy, size, distinct, options));
  }
  return cells;
}

async function makeCell(
  policy: Chosen<ReclaimPolicyInfo>,
  size: number,
  distinct: number,
  { backend, seed }: SweepOptions,
): Promise<SweepCell> {
  if (backendFor(policy, size, backend) === 'wasm') {
    const simulation = WasmSimulation.withRoom(policy, size, distinct);
    if (simulation) return new WasmCell(simulation);
    if (backend === 'wasm')
      throw wasmRefusal(`no memory for ${distinct} distinct pages at ${size} pages (4 GiB at most each)`);
  }
  return new SimulatedCell(policy, size, seed, await loadSimulate(policy.info.name));
}

/** A policy that runs as WebAssembly. */
class WasmCell implements SweepCell {
  constructor(private readonly simulation: WasmSimulation) {}

  run(ids: Int32Array, length: number, distinct: number): void {
    this.simulation.grow(distinct);
    this.simulation.run(ids, length);
  }

  result(): SweepResult {
    const { chosen, capacity, requests, misses } = this.simulation;
    return { policy: chosen, size: capacity, requests, misses, backend: 'wasm' };
  }
}

class SimulatedCell implements SweepCell {
  private readonly timeLimit: TimeLimit | undefined;
  private readonly simulation: Simulation;

  constructor(
    policy: Chosen<ReclaimPolicyInfo>,
    size: number,
    seed: number,
    private readonly simulate: Simulate,
  ) {
    this.timeLimit = TimeLimit.of([policy.info]);
    this.simulation = within(this.timeLimit, () => new Simulation(policy, size, seed));
  }

  run(ids: Int32Array, length: number, distinct: number, next: Float64Array | undefined): void {
    const { simulation } = this;
    within(this.timeLimit, () => {
      simulation.grow(distinct);
      this.simulate(simulation, ids, length, simulation.nextUse && next);
    });
  }

  result(): SweepResult {
    const { chosen, capacity, requests, misses } = this.simulation;
    return { policy: chosen, size: capacity, requests, misses, backend: 'js' };
  }
}

/** Exact LRU read off the curve that all its sizes share; the first of them feeds it. */
class CurveCell implements SweepCell {
  constructor(
    private readonly policy: Chosen<ReclaimPolicyInfo>,
    private readonly size: number,
    private readonly curve: ReuseDistances,
    private readonly feeds: boolean,
  ) {}

  run(ids: Int32Array, length: number, distinct: number): void {
    if (this.feeds) this.curve.record(ids, length, distinct);
  }

  result(): SweepResult {
    const { policy, size, curve } = this;
    return { policy, size, requests: curve.requests, misses: curve.misses(size), backend: 'js' };
  }
}

/** Requests that a cell runs at once where there are many: the arrays of one push those of the others out of the caches. */
const GROUP_REQUESTS = 2 ** 20;
const MANY_CELLS = 8;

/** The batches of a string joined to larger ones; they have meaning until the next one is asked for. */
async function* joined(batches: AsyncIterable<ReferenceBatch>): AsyncGenerator<ReferenceBatch> {
  const ids = new Int32Array(GROUP_REQUESTS);
  let length = 0;
  let distinct = 0;
  for await (const batch of batches) {
    for (let from = 0; from < batch.length; ) {
      const taken = Math.min(batch.length - from, ids.length - length);
      ids.set(batch.ids.subarray(from, from + taken), length);
      from += taken;
      length += taken;
      ({ distinct } = batch);
      if (length < ids.length) continue;
      yield { ids, length, distinct };
      length = 0;
    }
  }
  if (length > 0) yield { ids, length, distinct };
}

async function runCells(
  batches: AsyncIterable<ReferenceBatch>,
  cells: readonly SweepCell[],
  next: Float64Array | undefined,
  progress: ((requests: number) => void) | undefined,
): Promise<void> {
  let done = 0;
  for await (const { ids, length, distinct } of batches) {
    const ahead = next?.subarray(done, done + length);
    for (const cell of cells) cell.run(ids, length, distinct, ahead);
    done += length;
    progress?.(done);
  }
}
