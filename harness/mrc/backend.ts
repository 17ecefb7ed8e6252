import { InputError } from '../base/errors.js';
import type { ParameterValues } from '../base/parameters.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';

/** What can run a policy on a reference string: its class, or a WebAssembly module built from its twin in C. */
export const BACKENDS = ['js', 'wasm'] as const;
export type Backend = (typeof BACKENDS)[number];

/** From this capacity on, twice as many pages are no 32-bit number. */
const CAPACITY_LIMIT = 2 ** 30;

/** Values of parameters that a module is for; of all others, any. */
type OnlyFor = ParameterValues;

/** The policies that have a module, in harness/wasm: those with a twin whose misses are equal. */
const MODULES: ReadonlyMap<string, OnlyFor> = new Map<string, OnlyFor>([
  ['fifo', {}],
  ['lru', {}],
  ['clock', {}],
  ['slru', {}],
  ['twoq', {}],
  ['arc', {}],
  ['lirs', {}],
  ['lfu', { sample: 0 }],
  ['s3fifo', {}],
  ['sieve', {}],
  ['linux', { swappiness: 60 }],
]);

/** Names of the policies that have a module. */
export function wasmPolicies(): string[] {
  return [...MODULES.keys()];
}

/** Why a policy does not run as WebAssembly; undefined where it does. */
export function wasmMisfit({ info, values, text }: Chosen<ReclaimPolicyInfo>): string | undefined {
  const only = MODULES.get(info.name);
  if (!only) return `${info.name} is not among ${wasmPolicies().join(', ')}`;
  const other = Object.entries(only).find(([key, value]) => values[key] !== value);
  return other && `${text} is for JavaScript only, WebAssembly has ${other[0]}=${other[1]}`;
}

/**
 * What runs a policy at a size.
 *
 * @param wanted what was asked for; undefined: WebAssembly where there is a module
 * @throws InputError where WebAssembly was asked for and cannot run it
 */
export function backendFor(
  policy: Chosen<ReclaimPolicyInfo>,
  size: number,
  wanted: Backend | undefined,
): Backend {
  if (wanted === 'js') return 'js';
  const misfit =
    wasmMisfit(policy) ?? (size < CAPACITY_LIMIT ? undefined : `a cache of ${size} pages is too large`);
  if (misfit !== undefined && wanted === 'wasm') throw wasmRefusal(misfit);
  return misfit === undefined ? 'wasm' : 'js';
}

/** WebAssembly was asked for, and cannot run this. */
export function wasmRefusal(why: string): InputError {
  return new InputError(`--backend wasm: ${why}, expected --backend js or none`);
}
