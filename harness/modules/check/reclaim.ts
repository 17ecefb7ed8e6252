import { TimeLimit, within } from '../../policy/border/time-limit.js';
import { type ReclaimPolicyInfo, TRAIT } from '../../policy/reclaim/contract.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import type { Chosen } from '../../policy/registry.js';
import { type RandomStream, randomStream } from '../../stats/random.js';
import { disturb, PageDriver } from './page-driver.js';
import { checkParameters } from './parameters.js';
import { randomTrace, SHORT_LIMIT } from './random-events.js';
import { familiesCheck, replayed, sameAgainCheck, Tally } from './replays.js';
import { type Check, fail } from './result.js';
import { speedOfReferences } from './speed.js';

type Subject = Chosen<ReclaimPolicyInfo>;

/** Pages of random references. */
const IDS = 40;
const STEPS = 400;
const RUNS = 30;
const RANDOM_TRACES = 6;
const RANDOM_EVENTS = 250;

function draw(random: RandomStream, below: number): number {
  return Math.floor(random() * below);
}

/** References to pages, some more often than others. */
function references(seed: number, count: number): number[] {
  const random = randomStream(seed, 'check/references');
  return Array.from({ length: count }, () => Math.floor(IDS * random() ** 2));
}

/** Which references miss. */
function missesOf(driver: PageDriver, ids: readonly number[]): string {
  return ids
    .map((id) => {
      const { misses } = driver;
      driver.access(id);
      return driver.misses > misses ? 'm' : '.';
    })
    .join('');
}

/** @throws CheckFailure naming the step */
function atStep(run: number, step: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    fail(`references ${run}, step ${step}: ${(error as Error).message}`);
  }
}

const victims: Check<Subject> = {
  name: 'victims',
  run(chosen) {
    for (let run = 1; run <= RUNS; run++) {
      const random = randomStream(run, 'check/disturbances');
      const driver = new PageDriver(chosen, 1 + draw(random, IDS + 2), IDS);
      for (let step = 1; step <= STEPS; step++)
        atStep(run, step, () => {
          disturb(driver, draw(random, IDS), draw(random, 25), IDS);
          if (driver.size > driver.capacity) fail(`${driver.size} pages are resident`);
        });
      atStep(run, STEPS, () => {
        while (driver.size > 0) driver.evict();
      });
    }
    return `${RUNS * STEPS} steps: each victim is resident, and one once; removed, rejected and resized in between; all go in the end`;
  },
};

const capacities: Check<Subject> = {
  name: 'capacities',
  run(chosen) {
    const ids = references(1, STEPS);
    const distinct = new Set(ids).size;
    for (let capacity = 1; capacity <= IDS + 1; capacity++) {
      const driver = new PageDriver(chosen, capacity, IDS);
      missesOf(driver, ids);
      if (driver.size > capacity) fail(`with room for ${capacity}, ${driver.size} pages are resident`);
      if (capacity >= distinct && driver.misses !== distinct)
        fail(`with room for all ${distinct} pages there are ${driver.misses} misses, expected one a page`);
    }
    return `room for 1 to ${IDS + 1} pages; with room for all, each misses once`;
  },
};

const growth: Check<Subject> = {
  name: 'growth',
  run(chosen) {
    const driver = new PageDriver(chosen, 8, 64);
    for (let id = 0; id < 16; id++) driver.access(id);
    driver.policy.grow(64);
    for (let id = 40; id < 64; id++) driver.access(id);
    if (!(driver.policy.counters.pgscan > 0) && !chosen.info.unbounded)
      fail('counters.pgscan is 0 after pages were evicted, expected the pages that were looked at');
    return 'ids grow; what it looked at is counted';
  },
};

const draws: Check<Subject> = {
  name: 'draws',
  run(chosen) {
    const ids = references(2, STEPS);
    const of = (seed: number) => missesOf(new PageDriver(chosen, IDS / 2, IDS, seed), ids);
    const first = of(1);
    const again = of(1);
    if (again !== first) fail('two runs with the same seed differ, expected draws of context.random alone');
    const together = [1, 1].map((seed) => new PageDriver(chosen, IDS / 2, IDS, seed));
    let shown = '';
    for (const id of ids) {
      shown += missesOf(together[0]!, [id]);
      missesOf(together[1]!, [IDS - 1 - id]);
    }
    if (shown !== first) fail('two instances side by side differ from one alone: they share state');
    return first === of(2) ? 'it draws nothing: other seeds are the same' : 'the same seed, the same draws';
  },
};

const lists: Check<Subject> = {
  name: 'lists',
  run(chosen) {
    const driver = new PageDriver(chosen, IDS / 2, IDS);
    if (driver.policy.listSizes === undefined) return { skip: 'it has no listSizes' };
    for (const [step, id] of references(3, STEPS).entries()) {
      driver.access(id);
      const sizes = driver.policy.listSizes;
      const sum = Object.values(sizes).reduce((total, size) => total + size, 0);
      if (sum !== driver.size)
        fail(
          `after reference ${step + 1} its listSizes add up to ${sum}, and ${driver.size} pages are resident`,
        );
    }
    return 'listSizes add up to the resident pages';
  },
};

const invariants: Check<Subject> = {
  name: 'invariants',
  async run(chosen) {
    const tally = new Tally();
    for (let seed = 1; seed <= RANDOM_TRACES; seed++)
      tally.add(
        await replayed(await randomTrace(seed, RANDOM_EVENTS, { all: true }), {
          reclaim: chosen,
          discard: 'dontneed',
          check: true,
          swap: seed % 3 === 0 ? 'none' : 'ssd',
          limit: SHORT_LIMIT,
        }),
      );
    return tally.text('random traces under a limit, with the invariants of the machine after every event');
  },
};

const families = familiesCheck<Subject>((chosen) => ({ reclaim: chosen }));

/** The checks of a reclaim policy. */
export const RECLAIM_CHECKS: readonly Check<Subject>[] = [
  {
    name: 'parameters',
    run: ({ info }) =>
      checkParameters(
        info.name,
        info.parameters,
        (text) => reclaimPolicies.choose(text),
        (chosen) => {
          const driver = new PageDriver(chosen, IDS / 2, IDS);
          // With swappiness 0 there is no other page that it may evict.
          if (chosen.info.mayNotSwap) driver.traits.fill(TRAIT.file);
          return within(TimeLimit.of([chosen.info]), () => missesOf(driver, references(1, STEPS)));
        },
      ),
  },
  victims,
  capacities,
  growth,
  draws,
  lists,
  invariants,
  sameAgainCheck((chosen) => ({ reclaim: chosen, limit: SHORT_LIMIT }), RANDOM_EVENTS, { all: true }),
  families,
  { name: 'speed', run: speedOfReferences },
];
