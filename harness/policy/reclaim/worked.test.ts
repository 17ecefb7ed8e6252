import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../mrc/simulate.js';
import { Simulation } from '../../mrc/simulation.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { reclaimPolicies } from './registry.js';

/** A cache that is used page by page, and may be disturbed in between. */
class Cache {
  readonly sim: Simulation;

  constructor(spec: string, capacity: number) {
    this.sim = new Simulation(reclaimPolicies.choose(spec), capacity, 1);
  }

  /** Uses pages; a letter each: hit or miss. */
  use(...ids: number[]): string {
    return ids
      .map((id) => {
        const before = this.sim.misses;
        simulate(this.sim, Int32Array.of(id), 1);
        return this.sim.misses > before ? 'm' : 'h';
      })
      .join('');
  }

  evict(): number {
    const { policy, victims, resident } = this.sim;
    expect(policy.evict(victims, 1)).toBe(1);
    const id = victims[0]!;
    resident[id] = 0;
    this.sim.cached--;
    return id;
  }

  /** The pages that are resident, the next to go first. */
  drain(): number[] {
    const gone: number[] = [];
    while (this.sim.cached > 0) gone.push(this.evict());
    return gone;
  }
}

function outcomes(spec: string, capacity: number, ids: readonly number[]): string {
  return new Cache(spec, capacity).use(...ids);
}

describe('worked by hand', () => {
  it('clock: 1 was used and gets another round, 2 goes', () => {
    expect(outcomes('clock', 3, [1, 2, 3, 1, 4, 1, 2])).toBe('mmmhmhm');
  });

  it('clock: two uses are worth two rounds with 2 bits, one round with 1 bit', () => {
    expect(outcomes('clock:bits=2', 2, [1, 1, 1, 2, 3, 4, 1])).toBe('mhhmmmh');
    expect(outcomes('clock', 2, [1, 1, 1, 2, 3, 4, 1])).toBe('mhhmmmm');
  });

  it('slru: a hit takes 1 out of reach of a scan', () => {
    // Segments of 2. 4 finds the lower one full and the upper one not; 5 to 8 pass through the lower one.
    expect(outcomes('slru:segments=2', 4, [1, 2, 1, 3, 4, 5, 6, 7, 8, 1])).toBe('mmhmmmmmmh');
    expect(outcomes('lru', 4, [1, 2, 1, 3, 4, 5, 6, 7, 8, 1])).toBe('mmhmmmmmmm');
  });

  it('slru: the page left over by the division goes when a page is passed down', () => {
    // Segments of 2, and one page more of the lower one: 1 2 3 below, 4 5 above. The hit on 3 passes 4 down, and below
    // there are 1 2 4 then: 1 goes at once, and 6 finds room.
    const cache = new Cache('slru:segments=2', 5);
    expect(cache.use(1, 2, 4, 5, 3)).toBe('mmmmm');
    expect(cache.use(3)).toBe('h');
    expect(cache.sim.cached).toBe(4);
    expect(cache.use(6, 2, 1)).toBe('mhm');
  });

  it('twoq: 1 comes back while its ghost is there and outlives a scan; the ghost of 2 is dropped', () => {
    // A1in keeps 1 page, A1out 2. 1 leaves a ghost when 5 comes in, and comes back into Am; 6, 7, 8 push 3, 4, 5 out.
    expect(outcomes('twoq', 4, [1, 2, 3, 4, 5, 1, 6, 7, 8, 1, 2])).toBe('mmmmmmmmmhm');
  });

  it('arc: ghosts move the target', () => {
    // T2: 1. T1: 2, which goes to B1 for 3. 2 comes back: the target of T1 becomes 1, so that T1 keeps 3 and 1 goes to
    // B2. 3 is hit. 1 comes back: the target becomes 0; T1 is empty, and 2 goes.
    expect(outcomes('arc', 2, [1, 1, 2, 3, 2, 3, 1, 3])).toBe('mhmmmhmh');
  });

  it('car: a mark takes a page to T2 when the hand passes', () => {
    // For 3 the hand moves 1, which is marked, to T2, and 2 goes to B1. 2 comes back: 3 goes to B1, 2 joins T2, the target
    // of T1 becomes 1. 3 comes back: T1 is below its target, so the hand of T2 spares 1 and takes 2.
    expect(outcomes('car', 2, [1, 1, 2, 3, 1, 2, 1, 3, 1])).toBe('mhmmhmhmh');
  });

  it('lirs: 3 comes back within the stack and changes places with 2', () => {
    // LIR: 1 and 2; one HIR page: 3, then 4. 1 is used, 2 is the oldest LIR page. 3 is a ghost in the stack, above 2: it
    // becomes LIR and 2 HIR; 4 goes. 4 again: it is not in the stack any more, and takes the place of 2.
    expect(outcomes('lirs', 3, [1, 2, 3, 4, 1, 3, 4, 1, 3])).toBe('mmmmhmmhh');
    expect(outcomes('lru', 3, [1, 2, 3, 4, 1])).toBe('mmmmm');
  });

  it('lirs: a hit on a page that is only in the queue costs the oldest LIR page its status', () => {
    // 4 LIR pages: 1 to 4; 2 HIR pages: 6 goes for 8, and the queue is 7, 8. 1 to 4 are used, so that nothing else is in
    // the stack. The hit on 8 makes 1 an HIR page: the queue is 7, 8, 1 and gives up 7. 7 becomes
    // LIR in the free place. The hit on 1 then does to 2 and 8 what the hit on 8 did to 1 and 7.
    const cache = new Cache('lirs:hir=0.34', 6);
    expect(cache.use(1, 2, 3, 4, 6, 7, 8, 1, 2, 3, 4)).toBe('mmmmmmmhhhh');
    expect(cache.use(8)).toBe('h');
    expect(cache.sim.cached).toBe(5);
    expect(cache.use(7, 1, 8)).toBe('mhm');
  });

  it('lfu: the count decides, and among equals who reached it first', () => {
    expect(outcomes('lfu', 2, [1, 1, 2, 3, 1, 2, 3])).toBe('mhmmhmm');
    // 2 was used twice before 1 was.
    expect(outcomes('lfu', 2, [1, 2, 2, 1, 3, 2, 1])).toBe('mmhhmmh');
  });

  it('s3fifo: 1 moves to the main queue, 2 and 3 come back into it by their ghosts', () => {
    // Small queue of 2, main queue of 2, 3 ghosts. For 5, 1 moves over and 2 goes; 2 comes back into the main queue for 3,
    // 3 for 5. Now the main queue is above its size: for 7, 1 and 2 have been used and get another round, 3 goes.
    expect(outcomes('s3fifo:small=0.5', 4, [1, 2, 3, 4, 1, 1, 5, 2, 6, 1, 2, 3, 7, 1, 3])).toBe(
      'mmmmhhmmmhhmmhm',
    );
  });

  it('sieve: the hand goes on from where it stopped', () => {
    // For 4 it spares 1 and takes 2; for 5 it takes 3, for 6 it takes 4. 1 stays at the old end all the time.
    expect(outcomes('sieve', 3, [1, 2, 3, 1, 4, 5, 1, 6, 1])).toBe('mmmhmmhmh');
  });
});

/** Policies on lists that keep what `ListPolicy` says of demoted and rejected pages. */
const ON_LISTS = ['clock', 'clock:bits=2', 'slru', 'twoq', 'arc', 'car', 'lirs', 'lfu', 's3fifo', 'sieve'];
/** Uses that fill lists and ghosts of every kind. */
const MIX = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? i % 7 : (i * i) % 31));

describe('pages that are set aside', () => {
  for (const spec of ON_LISTS) {
    it(`${spec}: a rejected page is not met again while there are others`, () => {
      const cache = new Cache(spec, 9);
      cache.use(...MIX);
      const first = cache.evict();
      cache.sim.resident[first] = 1;
      cache.sim.cached++;
      cache.sim.policy.reject(first);
      expect(cache.drain().at(-1)).toBe(first);
    });

    it(`${spec}: a rejected page is inserted again with the next one`, () => {
      const cache = new Cache(spec, 9);
      cache.use(...MIX);
      const first = cache.evict();
      cache.sim.resident[first] = 1;
      cache.sim.cached++;
      cache.sim.policy.reject(first);
      cache.use(100, first);
      expect(cache.drain()).toContain(first);
    });

    it(`${spec}: a demoted page goes first, one that was used again is inserted again`, () => {
      const cache = new Cache(spec, 9);
      cache.use(...MIX);
      const resident = [...cache.sim.resident.keys()].filter((id) => cache.sim.resident[id] === 1);
      const [one, other] = [resident[0]!, resident[5]!];
      for (const id of [one, other]) {
        cache.sim.accessed[id] = 0;
        cache.sim.policy.demote?.(id);
      }
      expect(cache.use(one)).toBe('h');
      expect(cache.evict()).toBe(other);
    });

    it(`${spec}: a page whose contents were gone is as good as new`, () => {
      const steps = fc.array(fc.tuple(fc.nat(15), fc.nat(9)), { maxLength: 150, size: 'max' });
      fc.assert(
        fc.property(steps, fc.integer({ min: 1, max: 12 }), (sequence, capacity) => {
          // One cache sees the same id after a removal, the other one an id that was never seen.
          const same = new Cache(spec, capacity);
          const fresh = new Cache(spec, capacity);
          const names = Array.from({ length: 16 }, (_, id) => id);
          let next = names.length;
          for (const [id, what] of sequence) {
            if (what > 0) {
              const outcome = same.use(id);
              if (outcome !== fresh.use(names[id]!)) expect.fail(`page ${id} is known`);
              continue;
            }
            for (const [cache, name] of [[same, id] as const, [fresh, names[id]!] as const]) {
              cache.sim.policy.remove(name);
              cache.sim.cached -= cache.sim.resident[name]!;
              cache.sim.resident[name] = 0;
              cache.sim.accessed[name] = 0;
            }
            names[id] = next++;
          }
          expect(same.drain().map((id) => names[id])).toEqual(fresh.drain());
        }),
        { numRuns: propertyRuns(60) },
      );
    });
  }
});
