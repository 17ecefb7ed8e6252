import { InputError } from '../base/errors.js';
import type { Parameters, ParameterValues } from '../base/parameters.js';
import { type WasmMemory, wasmInstance } from '../base/wasm.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';

/** Requests a call: as CHUNK_REQUESTS in harness/bench/twins/module.h. */
const CHUNK_REQUESTS = 16_384;

/** What a policy's module exports: see harness/bench/twins/module.h. */
interface PolicyExports {
  readonly memory: WasmMemory;
  give(value: number): void;
  set_capacity(pages: number): void;
  chunk_at(): number;
  grow(limit: number): number;
  run(length: number): number;
}

/** The values of parameters as numbers, in their order; a choice by its place. */
function numbersOf(parameters: Parameters, values: ParameterValues): number[] {
  return Object.entries(parameters).map(([key, parameter]) =>
    parameter.kind === 'choice' ? parameter.choices.indexOf(String(values[key])) : Number(values[key]),
  );
}

/**
 * One policy at one size on a reference string, run by its WebAssembly module: an instance, with a memory that holds what
 * the ids so far need. Misses are equal to those of `Simulation`, request by request.
 */
export class WasmSimulation {
  private readonly wasm: PolicyExports;
  private chunk: Int32Array;
  private count = 0;
  requests = 0;
  misses = 0;

  /** @param capacity pages that fit, below 2^30 */
  constructor(
    readonly chosen: Chosen<ReclaimPolicyInfo>,
    readonly capacity: number,
  ) {
    this.wasm = wasmInstance<PolicyExports>(chosen.info.name);
    for (const value of numbersOf(chosen.info.parameters, chosen.values)) this.wasm.give(value);
    this.wasm.set_capacity(capacity);
    this.chunk = this.chunkNow();
  }

  /** A simulation with room for ids below `distinct`; undefined where there is no memory, or no address space, for one. */
  static withRoom(
    chosen: Chosen<ReclaimPolicyInfo>,
    capacity: number,
    distinct: number,
  ): WasmSimulation | undefined {
    try {
      const simulation = new WasmSimulation(chosen, capacity);
      return simulation.reach(distinct) ? simulation : undefined;
    } catch (error) {
      // What an instance throws whose memory cannot be reserved.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Makes room for ids below `distinct`, if its memory can be as large: false where it cannot, and nothing has changed. */
  private reach(distinct: number): boolean {
    if (distinct <= this.count) return true;
    if (this.wasm.grow(distinct) === 0) return false;
    this.count = distinct;
    this.chunk = this.chunkNow();
    return true;
  }

  /** Makes room for ids below `distinct`. @throws InputError where WebAssembly cannot have so much memory */
  grow(distinct: number): void {
    if (distinct <= this.count || this.reach(Math.max(distinct, Math.ceil(this.count * 1.5)))) return;
    if (this.reach(distinct)) return;
    const { text } = this.chosen;
    throw new InputError(
      `${text} at ${this.capacity} pages: ${distinct} distinct pages do not fit into the memory of a WebAssembly module (4 GiB at most), expected --backend js`,
    );
  }

  /** Runs a part of the string; ids are below what `grow` has made room for. */
  run(ids: Int32Array, length: number): void {
    const { wasm, chunk } = this;
    for (let at = 0; at < length; at += CHUNK_REQUESTS) {
      const end = Math.min(length, at + CHUNK_REQUESTS);
      chunk.set(ids.subarray(at, end));
      this.misses += wasm.run(end - at);
    }
    this.requests += length;
  }

  /** The chunk in the memory as it is now. */
  private chunkNow(): Int32Array {
    return new Int32Array(this.wasm.memory.buffer, this.wasm.chunk_at(), CHUNK_REQUESTS);
  }
}
