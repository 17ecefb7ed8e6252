import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import { type Backend, backendFor, wasmRefusal } from './backend.js';
import { ReuseDistances } from './reuse.js';
import { loadSimulate, type Simulate, Simulation } from './simulation.js';
import { WasmSimulation } from './wasm-simulation.js';

/**
 * From these numbers of sizes on, exact LRU comes from reuse distances, one pass for all of them: in place of simulations as
 * WebAssembly, and in JavaScript. Measured with 100 k and 2 M pages.
 */
const CURVE_SIZES = { wasm: 20, js: 6 };

/** What is simulated as one: a policy at one size, or exact LRU at all of them. */
export interface SweepUnit {
  readonly policy: Chosen<ReclaimPolicyInfo>;
  /** Pages. */
  readonly sizes: readonly number[];
}

/** Misses of one policy at one size. */
export interface SweepCount {
  readonly requests: number;
  readonly misses: number;
  /** What counted them. */
  readonly backend: Backend;
}

/** How units are simulated. */
export interface UnitOptions {
  readonly seed: number;
  /** What is to run the policies; by default WebAssembly where a policy has a module. */
  readonly backend?: Backend | undefined;
}

/** A unit, however its misses are found. */
export interface SweepCell {
  /** @param next by request: when its page is used next; where a policy needs the future */
  run(ids: Int32Array, length: number, distinct: number, next: Float64Array | undefined): void;
  /** Of each of its sizes. */
  counts(): SweepCount[];
}

/** Policies and sizes as units, in their order. */
export function unitsOf(
  policies: readonly Chosen<ReclaimPolicyInfo>[],
  sizes: readonly number[],
  backend: Backend | undefined,
): SweepUnit[] {
  const curveSizes = CURVE_SIZES[backend ?? 'wasm'];
  return policies.flatMap((policy) =>
    policy.info.name === 'lru' && sizes.length >= curveSizes && backend !== 'wasm'
      ? [{ policy, sizes }]
      : sizes.map((size) => ({ policy, sizes: [size] })),
  );
}

/** Measured, in units of a policy in WebAssembly. */
const CURVE_COST = 16;
const JS_COST = 2;

/** What a unit takes, compared with others. */
export function unitCost({ policy, sizes }: SweepUnit, backend: Backend | undefined): number {
  if (sizes.length > 1) return CURVE_COST;
  return backendFor(policy, sizes[0]!, backend) === 'js' ? JS_COST : 1;
}

/**
 * @param distinct pages of the string, where they are known beforehand: else 0
 * @throws InputError where WebAssembly was asked for and cannot run it
 */
export async function makeCell(
  { policy, sizes }: SweepUnit,
  { backend, seed }: UnitOptions,
  distinct: number,
): Promise<SweepCell> {
  if (sizes.length > 1) return new CurveCell(sizes);
  const size = sizes[0]!;
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

  counts(): SweepCount[] {
    const { requests, misses } = this.simulation;
    return [{ requests, misses, backend: 'wasm' }];
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

  counts(): SweepCount[] {
    const { requests, misses } = this.simulation;
    return [{ requests, misses, backend: 'js' }];
  }
}

/** Exact LRU at many sizes: read off one curve. */
class CurveCell implements SweepCell {
  private readonly curve = new ReuseDistances();

  constructor(private readonly sizes: readonly number[]) {}

  run(ids: Int32Array, length: number, distinct: number): void {
    this.curve.record(ids, length, distinct);
  }

  counts(): SweepCount[] {
    const { curve } = this;
    return this.sizes.map((size) => ({
      requests: curve.requests,
      misses: curve.misses(size),
      backend: 'js',
    }));
  }
}
