import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../stats/random.js';
import { NaiveMglru } from '../../testing/naive-mglru.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { type AgingTables, type Pages, TRAIT, type UsedPages } from './contract.js';
import { Mglru } from './mglru.js';

const IDS = 200;
/** Ids from here on are pages of files. */
const FIRST_FILE = 90;
/** How far eviction looks around. */
const NEAR = 5;

/** Pages with one accessed bit each, at addresses in the order of their ids. */
class World implements Pages, AgingTables {
  readonly capacity = IDS;
  readonly count = IDS;
  readonly resident = new Uint8Array(IDS);
  readonly traits = new Uint8Array(IDS);
  readonly used = new Uint8Array(IDS);
  readonly swapCache = new Uint8Array(IDS);
  inFault = false;
  readonly tables: AgingTables = this;

  referenced(id: number): number {
    const used = this.used[id]!;
    this.used[id] = 0;
    return used;
  }

  inSwapCache(id: number): boolean {
    return this.swapCache[id] === 1;
  }

  isEvictable(): boolean {
    return true;
  }

  staysWritten(id: number): boolean {
    this.traits[id] = this.traits[id]! & ~TRAIT.lazyfree;
    return true;
  }

  referencedAround(id: number, _seq: number, used: UsedPages): number {
    if (this.referenced(id) === 0) return 0;
    for (let near = Math.max(0, id - NEAR); near <= Math.min(IDS - 1, id + NEAR); near++)
      this.tell(near, used);
    return 1;
  }

  /** Walks, as by filters, what a number that changes with the generation picks. */
  walk(seq: number, anon: boolean, used: UsedPages): void {
    for (let id = anon ? 0 : FIRST_FILE; id < IDS; id++) if ((id >> 4) % 3 !== seq % 3) this.tell(id, used);
  }

  private tell(id: number, used: UsedPages): void {
    if (this.used[id] === 1 && used.wasUsed(id)) this.used[id] = 0;
  }
}

/** A policy in a world of its own. */
interface Side {
  readonly world: World;
  readonly policy: Pick<
    Mglru,
    'insert' | 'accessed' | 'remove' | 'reject' | 'demote' | 'pagedOut' | 'rotate'
  >;
  evict(): number[];
}

function sides(swappiness: number, kernel: number): [Side, Side] {
  const fast = new World();
  const mglru = new Mglru(fast, { values: { swappiness }, random: randomStream(1, 'test'), swap: true });
  mglru.tune('kernel.version', kernel);
  const slow = new World();
  const naive = new NaiveMglru(slow, slow, swappiness, kernel >= 702);
  const victims = new Int32Array(512);
  return [
    { world: fast, policy: mglru, evict: () => [...victims.subarray(0, mglru.evict(victims, 1))] },
    { world: slow, policy: naive, evict: () => naive.evict() },
  ];
}

/** What happens to a page; what is evicted is not resident any more. */
function step({ world, policy, evict }: Side, id: number, what: number): number[] {
  const resident = world.resident[id] === 1;
  const file = id >= FIRST_FILE;
  if (!resident && what >= 6) {
    world.traits[id] = file ? TRAIT.file : 0;
    world.inFault = what !== 6;
    world.used[id] = what === 6 ? 0 : 1;
    world.swapCache[id] = what === 7 && !file ? 1 : 0;
    world.resident[id] = 1;
    policy.insert(id);
    world.inFault = false;
    if (id % 2 === 0) world.swapCache[id] = 0;
    return [];
  }
  if (what === 0) {
    const gone = evict();
    for (const victim of gone) {
      world.resident[victim] = 0;
      world.used[victim] = 0;
    }
    if (id % 4 === 0 && gone.length > 0) {
      world.resident[gone[0]!] = 1;
      policy.reject(gone[0]!);
    }
    return gone;
  }
  if (!resident) return [];
  if (what === 1) {
    world.resident[id] = 0;
    world.used[id] = 0;
    if (id % 2 === 0) policy.remove(id);
    else policy.pagedOut(id);
  } else if (what === 2) {
    if (!file && id % 3 === 0) world.traits[id] = world.traits[id]! | TRAIT.lazyfree;
    world.used[id] = 0;
    policy.demote(id);
  } else if (what === 3) world.traits[id] = world.traits[id]! ^ TRAIT.dirty;
  else if (what === 4) policy.accessed(id);
  else if (what === 5 && id % 5 === 0) policy.rotate(id);
  else {
    world.used[id] = 1;
    if (what === 9) world.swapCache[id] = 0;
  }
  return [];
}

/** A step for pages one after another. Returns who went, and the accessed bits that are left. */
function take(side: Side, { id, count, what }: { id: number; count: number; what: number }): string {
  const gone: number[] = [];
  for (let i = 0; i <= (what === 0 ? 0 : count); i++) gone.push(...step(side, (id + i) % IDS, what));
  return `${gone.join(' ')} / ${side.world.used.join('')}`;
}

describe('mglru: a naive implementation decides the same', () => {
  const pages = fc.record({ id: fc.nat(IDS - 1), count: fc.nat(40), what: fc.nat(9) });

  for (const kernel of [618, 702])
    for (const swappiness of [0, 1, 60, 200])
      it(`kernel ${kernel}, swappiness ${swappiness}`, () => {
        fc.assert(
          fc.property(fc.array(pages, { minLength: 50, maxLength: 150, size: 'max' }), (runs) => {
            const [fast, slow] = sides(swappiness, kernel);
            for (const run of runs) expect(take(fast, run)).toBe(take(slow, run));
          }),
          { numRuns: propertyRuns(24) },
        );
      });
});
