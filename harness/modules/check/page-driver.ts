import { checkedReclaim } from '../../policy/border/reclaim.js';
import type { Pages, ReclaimPolicy, ReclaimPolicyInfo } from '../../policy/reclaim/contract.js';
import type { Chosen } from '../../policy/registry.js';
import { randomStream } from '../../stats/random.js';
import { fail } from './result.js';

/** Victims that a search may choose. */
const VICTIMS = 64;

/** Calls a reclaim policy on references to pages as its contract says, with its calls checked (`border/`). */
export class PageDriver implements Pages {
  readonly resident: Uint8Array;
  readonly traits: Uint8Array;
  /** Where a policy needs the future: never used again, unless a caller says more. */
  readonly nextUse: Float64Array;
  readonly policy: ReclaimPolicy;
  private readonly used: Uint8Array;
  private readonly usedAtInsert: 0 | 1;
  private readonly victims = new Int32Array(VICTIMS);
  /** Pages that are used between any two looks. */
  readonly hot = new Set<number>();
  misses = 0;
  count = 0;

  constructor(
    { info, values }: Chosen<ReclaimPolicyInfo>,
    public capacity: number,
    ids: number,
    seed = 1,
  ) {
    this.usedAtInsert = info.accessedAtInsert ? 1 : 0;
    this.resident = new Uint8Array(ids);
    this.traits = new Uint8Array(ids);
    this.used = new Uint8Array(ids);
    this.nextUse = new Float64Array(ids).fill(Number.POSITIVE_INFINITY);
    this.count = ids;
    const { create } = info.module ? info : checkedReclaim(info);
    this.policy = create.call(info, this, { values, random: randomStream(seed, 'check'), swap: true });
  }

  referenced(id: number): number {
    if (this.resident[id] !== 1) fail(`page ${id} is looked at and not resident`);
    const used = this.used[id]!;
    this.used[id] = 0;
    return this.hot.has(id) ? 1 : used;
  }

  get size(): number {
    return this.resident.reduce((sum, one) => sum + one, 0);
  }

  access(id: number): void {
    if (this.resident[id] === 1) {
      this.policy.touch?.(id);
      this.used[id] = 1;
      return;
    }
    this.misses++;
    this.policy.miss?.(id);
    while (this.size >= this.capacity) this.evict();
    this.insert(id);
  }

  insert(id: number): void {
    this.resident[id] = 1;
    this.used[id] = this.usedAtInsert;
    this.policy.insert(id);
  }

  evict(): number[] {
    const found = this.policy.evict(this.victims, 1);
    if (found === 0) fail('evict chose no page, and there are pages');
    const gone = [...this.victims.subarray(0, found)];
    for (const id of gone) {
      if (this.resident[id] !== 1) fail(`victim ${id} is not resident, or is one twice`);
      this.resident[id] = 0;
    }
    return gone;
  }

  remove(id: number): void {
    this.policy.remove(id);
    this.resident[id] = 0;
  }

  resize(capacity: number): void {
    this.capacity = capacity;
    this.policy.resize(capacity);
    while (this.size > capacity) this.evict();
  }
}

/**
 * A use of a page, or with the lower values of `what` something else that may happen to a page at any moment.
 *
 * @param ids how many pages there are
 */
export function disturb(driver: PageDriver, id: number, what: number, ids: number): void {
  const { policy, resident } = driver;
  if (what === 0) driver.remove(id);
  else if (what === 1 && resident[id]) policy.demote?.(id);
  else if (what === 2 && driver.size > 0) {
    const [first] = driver.evict();
    resident[first!] = 1;
    policy.reject(first!);
  } else if (what === 3 && resident[id]) policy.rotate?.(id);
  else if (what === 4 && !resident[id] && driver.size < driver.capacity) {
    // It came in while it was locked, and the lock has gone: no miss was announced.
    driver.insert(id);
  } else if (what === 5) driver.resize(1 + (id % (ids + 2)));
  else driver.access(id);
}
