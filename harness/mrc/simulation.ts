import { grown } from '../base/arrays.js';
import { InputError } from '../base/errors.js';
import type { Pages, ReclaimPolicy, ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import { randomStream } from '../stats/random.js';

/** Room for victims: a policy may give more than it was asked for (linux: batches of 32). */
const VICTIMS = 64;
/** Ids to make room for at the start. */
const INITIAL_IDS = 1024;

/** The error of a policy that evicted no page although its cache is full: of its parameters, or else a defect of it. */
export function noVictim({ chosen, capacity }: Simulation): Error {
  const { info, text } = chosen;
  if (info.mayNotSwap)
    return new InputError(
      `reclaim policy ${text} evicts no page of a reference string, whose pages are all anonymous; expected a swappiness above 0`,
    );
  return new Error(`reclaim policy ${text} evicted no page of a full cache of ${capacity}`);
}

/** One policy at one size on a reference string: the caller's side of the reclaim contract. */
export class Simulation implements Pages {
  readonly policy: ReclaimPolicy;
  readonly name: string;
  resident = new Uint8Array(INITIAL_IDS);
  traits = new Uint8Array(INITIAL_IDS);
  /** By id: used since the policy last looked, where it looks instead of being notified. */
  accessed = new Uint8Array(INITIAL_IDS);
  nextUse: Float64Array | undefined;
  /** By id: bytes, where the capacity is in bytes. */
  sizes: Float64Array | undefined;
  readonly victims = new Int32Array(VICTIMS);
  /** Whether a page that came in counts as used: where a fault would set its accessed bit. */
  readonly accessedAtInsert: 0 | 1;
  cached = 0;
  requests = 0;
  misses = 0;
  /** Pages (or bytes) that fit: infinitely many for a policy that never evicts. */
  readonly capacity: number;

  /** @param sized whether `size` is in bytes, and pages have sizes */
  constructor(
    readonly chosen: Chosen<ReclaimPolicyInfo>,
    size: number,
    seed: number,
    sized = false,
  ) {
    const { info, values } = chosen;
    this.capacity = info.unbounded ? Number.POSITIVE_INFINITY : size;
    this.name = info.name;
    this.accessedAtInsert = info.accessedAtInsert ? 1 : 0;
    if (info.needsFuture) this.nextUse = new Float64Array(INITIAL_IDS);
    if (sized) this.sizes = new Float64Array(INITIAL_IDS);
    const random = randomStream(seed, `reclaim/${info.name}`);
    this.policy = info.create(this, { values, random, swap: true });
  }

  get count(): number {
    return this.resident.length;
  }

  referenced(id: number): number {
    const used = this.accessed[id]!;
    this.accessed[id] = 0;
    return used;
  }

  /** Makes room for ids below `distinct`. */
  grow(distinct: number): void {
    if (distinct <= this.resident.length) return;
    const length = Math.max(distinct, Math.ceil(this.resident.length * 1.5));
    this.resident = grown(this.resident, length);
    this.traits = grown(this.traits, length);
    this.accessed = grown(this.accessed, length);
    if (this.nextUse) this.nextUse = grown(this.nextUse, length);
    if (this.sizes) this.sizes = grown(this.sizes, length);
    this.policy.grow(length);
  }
}

/** Runs a policy over a part of a reference string. */
export type Simulate = (sim: Simulation, ids: Int32Array, length: number, next?: Float64Array) => void;

const loaded = new Map<string, Simulate>();

/** `simulate` for one policy: in a copy of its module of its own, whose call sites see no other policy (see there). */
export async function loadSimulate(policy: string): Promise<Simulate> {
  const known = loaded.get(policy);
  if (known) return known;
  // @vite-ignore: the tests' bundler must leave the query as it is.
  const module = (await import(/* @vite-ignore */ `./simulate.js?${encodeURIComponent(policy)}`)) as {
    simulate: Simulate;
  };
  loaded.set(policy, module.simulate);
  return module.simulate;
}
