import type { ReclaimPolicyInfo } from '../../policy/reclaim/contract.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import type { Chosen } from '../../policy/registry.js';
import { randomStream } from '../../stats/random.js';
import { PageDriver } from './page-driver.js';
import { randomTrace, SHORT_LIMIT } from './random-events.js';
import { replayed, type Under } from './replays.js';

const EVENTS = 1500;
const ROUNDS = 3;
const NS_PER_MS = 1e6;

/** The least CPU time of some rounds, in ns for one of `count`. */
async function leastNs(work: () => unknown, count: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await work();
    least = Math.min(least, performance.now() - started);
  }
  return Math.round((least * NS_PER_MS) / count);
}

/** What an event of a random trace takes under policies, next to others. */
export async function speedOfReplay(
  under: Under,
  next: Under,
  name: string,
): Promise<{ readonly info: string }> {
  const trace = await randomTrace(9, EVENTS, { all: false });
  const { events } = trace.totals;
  const own = await leastNs(() => replayed(trace, { limit: SHORT_LIMIT, ...under }), events);
  const other = await leastNs(() => replayed(trace, { limit: SHORT_LIMIT, ...next }), events);
  return { info: `${own} ns an event, ${name} ${other} (on this host, each call checked)` };
}

const PAGES = 500;
const CAPACITY = 250;
const ACCESSES = 5000;

/** What a reference to a page takes under a reclaim policy, next to `lru`. */
export async function speedOfReferences(
  chosen: Chosen<ReclaimPolicyInfo>,
): Promise<{ readonly info: string }> {
  const draw = randomStream(1, 'check/speed');
  const ids = Int32Array.from({ length: ACCESSES }, () => Math.floor(PAGES * draw() ** 3));
  const run = (policy: Chosen<ReclaimPolicyInfo>) => () => {
    const driver = new PageDriver(policy, CAPACITY, PAGES);
    for (const id of ids) driver.access(id);
  };
  const own = await leastNs(run(chosen), ACCESSES);
  const lru = await leastNs(run(reclaimPolicies.choose('lru')), ACCESSES);
  return { info: `${own} ns a reference, lru ${lru} (on this host, each call checked)` };
}
