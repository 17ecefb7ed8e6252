import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../stats/random.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { type Pages, TRAIT } from './contract.js';
import { Mglru } from './mglru.js';
import { ANON, FILE, RefaultControl } from './structures/mglru-control.js';

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Memory whose pages carry one accessed bit each. */
class Memory implements Pages {
  readonly capacity: number;
  readonly resident: Uint8Array;
  readonly traits: Uint8Array;
  readonly used: Uint8Array;
  readonly policy: Mglru;

  constructor(
    readonly count: number,
    { swap = true, swappiness = 60 } = {},
  ) {
    this.capacity = count;
    this.resident = new Uint8Array(count);
    this.traits = new Uint8Array(count);
    this.used = new Uint8Array(count);
    this.policy = new Mglru(this, { values: { swappiness }, random: randomStream(1, 'test'), swap });
  }

  referenced(id: number): number {
    expect(this.resident[id], `page ${id} is looked at and not resident`).toBe(1);
    const used = this.used[id]!;
    this.used[id] = 0;
    return used;
  }

  /** Anonymous pages are faulted in, in this order. */
  fault(...ids: number[]): void {
    for (const id of ids) {
      this.resident[id] = 1;
      this.used[id] = 1;
      this.policy.insert(id);
    }
  }

  /** File pages are read through a descriptor, a number of times each. */
  read(ids: readonly number[], times: number): void {
    for (const id of ids) {
      if (this.resident[id] === 0) {
        this.traits[id] = this.traits[id]! | TRAIT.file;
        this.resident[id] = 1;
        this.policy.insert(id);
      }
      for (let i = 0; i < times; i++) this.policy.accessed(id);
    }
  }

  use(...ids: number[]): void {
    for (const id of ids) this.used[id] = 1;
  }

  evict(most: number): number[] {
    const victims = new Int32Array(most);
    const gone = [...victims.subarray(0, this.policy.evict(victims, 1))];
    for (const id of gone) {
      expect(this.resident[id], `victim ${id} is resident`).toBe(1);
      this.resident[id] = 0;
      this.used[id] = 0;
    }
    return gone;
  }

  /** That many victims, 32 a search: exactly those it returns. */
  evictAll(count: number): number[] {
    return range(0, count / 32).flatMap(() => this.evict(32));
  }

  remove(id: number): void {
    this.policy.remove(id);
    this.resident[id] = 0;
    this.used[id] = 0;
  }

  reject(id: number): void {
    this.resident[id] = 1;
    this.policy.reject(id);
  }

  get size(): number {
    return this.resident.reduce((sum, one) => sum + one, 0);
  }
}

describe('mglru: aging and eviction', () => {
  it('takes pages that were not used since they came in the order they came', () => {
    const memory = new Memory(100);
    memory.fault(...range(0, 100));
    expect(memory.evictAll(64)).toEqual(range(0, 64));
    expect(memory.policy.counters).toMatchObject({ pgactivate: 0, workingset_refault_anon: 0 });
  });

  it('promotes what was used: at eviction, and at aging', () => {
    const memory = new Memory(10);
    // Generations start as 0 to 3; faulted pages join the second youngest, 2. Nothing is older, so generations 0 and 1
    // are left behind. Aging runs twice until there are four again, 2 to 5: the first walk takes the accessed bits of
    // the faults, the second finds none. 1 is the oldest.
    memory.fault(1, 2, 3);
    expect(memory.evict(1)).toEqual([1]);
    expect(memory.policy.aging.used).toBe(3);
    // Eviction meets 2 and 3 next, finds them used again, and moves them to the youngest, 5. Generation 4, with the
    // new page 4, is the oldest then; after two more agings (to 7) it may go.
    memory.use(2, 3);
    memory.fault(4);
    expect(memory.evict(1)).toEqual([4]);
    expect(memory.policy.counters.pgactivate).toBe(2);
    // 4 was marked by the first of them.
    expect(memory.policy.aging.used).toBe(4);
    // The oldest is 5 now, with 2 and 3. Aging (to 8) finds 2 used and moves it to 7, so 3 goes, although it came later.
    memory.use(2);
    memory.fault(5);
    expect(memory.evict(1)).toEqual([3]);
    expect(memory.policy.aging.used).toBe(6);
    // 2 was sorted without a look at its accessed bit, and aging counts nothing as activated.
    expect(memory.policy.counters.pgactivate).toBe(2);
  });

  it('counts as scanned what eviction looked at, not what aging walked', () => {
    const memory = new Memory(10);
    memory.fault(1, 2, 3);
    memory.evict(1);
    expect(memory.policy.counters.pgscan).toBe(1);
  });

  it('a rejected page is not the next victim', () => {
    const memory = new Memory(10);
    memory.fault(1, 2);
    expect(memory.evict(1)).toEqual([1]);
    memory.reject(1);
    expect(memory.evict(1)).toEqual([2]);
    expect(memory.policy.counters).toMatchObject({ pgactivate: 1, workingset_refault_anon: 0 });
  });

  it('cold pages of files go before older ones; anonymous ones are unused, and second youngest', () => {
    const memory = new Memory(10);
    memory.fault(1, 2, 3);
    memory.read([4, 5, 6], 3);
    memory.used[3] = 0; // MADV_COLD clears it
    for (const id of [3, 6]) memory.policy.demote(id);
    expect(memory.policy.counters.pgdeactivate).toBe(1); // 6 is in the oldest generation
    expect(memory.evictAll(64)).toEqual([4, 5, 6, 1, 2, 3]);
  });

  it('lazily freed pages are of the file type and leave no shadow', () => {
    const memory = new Memory(10);
    memory.fault(1, 2, 3);
    memory.traits[2] = TRAIT.lazyfree;
    memory.used[2] = 0;
    memory.policy.demote(2);
    expect(memory.evict(1)).toEqual([2]);
    expect(memory.policy.counters.pgdeactivate).toBe(0);
    memory.traits[2] = 0;
    memory.fault(2);
    expect(memory.policy.counters.workingset_refault_anon).toBe(0);
  });
});

describe('mglru: files', () => {
  it('without swap only files are scanned', () => {
    const memory = new Memory(10, { swap: false });
    memory.fault(1, 2);
    memory.read([3, 4], 1);
    expect([memory.evict(1), memory.evict(1), memory.evict(1)]).toEqual([[3], [4], []]);
    // The search in vain went through many generations; the next file page is found all the same.
    memory.read([5], 1);
    expect(memory.evict(2)).toEqual([5]);
    expect(memory.used[1], 'aging leaves pages that cannot go alone').toBe(1);
  });

  it('files go first until they refault', () => {
    const memory = new Memory(10);
    memory.fault(1);
    memory.read([2, 3], 1);
    expect([memory.evict(1), memory.evict(1), memory.evict(1)]).toEqual([[2], [3], [1]]);
  });

  it('a file page that was mapped and used stays when eviction meets it first', () => {
    const memory = new Memory(10);
    memory.read([1, 2], 0);
    memory.use(1);
    expect(memory.evict(1)).toEqual([2]);
  });

  it('dirty file pages wait; where nothing else goes the caller decides', () => {
    const memory = new Memory(10);
    memory.read([1, 2, 3], 1);
    for (const id of [1, 3]) memory.traits[id] = TRAIT.file | TRAIT.dirty;
    expect(memory.evict(1)).toEqual([2]);
    const [first] = memory.evict(1) as [number];
    memory.reject(first);
    const [second] = memory.evict(1) as [number];
    expect([first, second].sort()).toEqual([1, 3]);
  });

  /**
   * 300 pages in generation 0, the oldest: 0 to 99 were read twice (tier 1), the others once (tier 0). No refaults yet,
   * so 192 go as they came. 0 to 79 come back: tier 1 has 80 refaults of 100 evictions, tier 0 none of 92, and
   * 80 * (92 + 64) * 2 > (0 + 1) * 100 * 3: pages of tier 1 are protected from now on.
   */
  function afterRefaults(): Memory {
    const memory = new Memory(400);
    memory.read(range(0, 100), 2);
    memory.read(range(100, 300), 1);
    expect(memory.evictAll(192)).toEqual(range(0, 192));
    memory.read(range(0, 80), 0);
    expect(memory.policy.counters.workingset_refault_file).toBe(80);
    return memory;
  }

  it('pages that are read again are protected once such pages refault more than others', () => {
    const memory = afterRefaults();
    memory.read(range(0, 80), 2);
    memory.read(range(300, 350), 1);
    // Behind 192 to 299 come 0 to 79, in tier 1 again: eviction moves them to generation 1 and goes on with 300.
    expect(memory.evictAll(128)).toEqual([...range(192, 300), ...range(300, 320)]);
  });

  it('the same pages read only once are not', () => {
    const memory = afterRefaults();
    memory.read(range(0, 80), 1);
    memory.read(range(300, 350), 1);
    expect(memory.evictAll(128)).toEqual([...range(192, 300), ...range(0, 20)]);
  });

  it('five accesses take a page up a generation in any case', () => {
    const memory = new Memory(10);
    memory.read([1], 5);
    memory.read([2, 3], 4);
    expect(memory.evict(1)).toEqual([2]);
  });
});

describe('mglru: refaults', () => {
  it('are recent up to three generations back', () => {
    const memory = new Memory(300);
    memory.fault(1, 2);
    expect(memory.evict(1)).toEqual([1]);
    memory.fault(1);
    const { counters } = memory.policy;
    expect(counters).toMatchObject({ workingset_refault_anon: 1, workingset_activate_anon: 1 });
    // Each eviction that finds the oldest generation empty makes new ones.
    expect(memory.evict(1)).toEqual([2]);
    for (let id = 10; id < 20; id++) {
      memory.fault(id);
      memory.evict(1);
    }
    memory.fault(2);
    expect(counters).toMatchObject({ workingset_refault_anon: 2, workingset_activate_anon: 1 });
  });

  it('of removed pages are none', () => {
    const memory = new Memory(10);
    memory.fault(1, 2);
    expect(memory.evict(1)).toEqual([1]);
    memory.remove(1);
    memory.fault(1);
    expect(memory.policy.counters.workingset_refault_anon).toBe(0);
  });
});

describe('mglru: the feedback loop', () => {
  const note = (times: number, what: () => void) => {
    for (let i = 0; i < times; i++) what();
  };

  it('takes from files until they refault more than anonymous pages, weighted by swappiness', () => {
    const control = new RefaultControl();
    expect(control.typeToScan(60)).toBe(FILE);
    note(100, () => control.noteEviction(FILE, 0));
    note(63, () => control.noteRefault(FILE, 0));
    expect(control.typeToScan(60)).toBe(FILE);
    // 64 * (0 + 64) * 60 > (0 + 1) * 100 * 140
    control.noteRefault(FILE, 0);
    expect([1, 60, 199, 200].map((swappiness) => control.typeToScan(swappiness))).toEqual([
      FILE,
      ANON,
      ANON,
      ANON,
    ]);
    // Anonymous pages refault just as often: 64 * (100 + 64) * 60 <= (64 + 1) * 100 * 140
    note(100, () => control.noteEviction(ANON, 0));
    note(64, () => control.noteRefault(ANON, 0));
    expect(control.typeToScan(60)).toBe(FILE);
    expect(control.typeToScan(140)).toBe(ANON);
  });

  it('forgets half with each generation', () => {
    const control = new RefaultControl();
    note(100, () => control.noteEviction(FILE, 2));
    note(100, () => control.noteRefault(FILE, 2));
    // Tier 1 is harmless, tier 2 is not.
    expect(control.highestEvictableTier(FILE)).toBe(1);
    control.carryOver(FILE);
    // 50 refaults are left, fewer than 64.
    expect(control.highestEvictableTier(FILE)).toBe(3);
  });

  it('compares tiers with the first one', () => {
    const control = new RefaultControl();
    note(200, () => control.noteEviction(FILE, 0));
    note(100, () => control.noteRefault(FILE, 0));
    note(200, () => control.noteEviction(FILE, 1));
    // 114 * (200 + 64) * 2 = 60192 <= 101 * 200 * 3 = 60600 < 115 * (200 + 64) * 2 = 60720
    note(114, () => control.noteRefault(FILE, 1));
    expect(control.highestEvictableTier(FILE)).toBe(3);
    control.noteRefault(FILE, 1);
    expect(control.highestEvictableTier(FILE)).toBe(0);
    // Protected pages count as if they had gone and not come back.
    note(10, () => control.noteProtection(FILE, 1));
    expect(control.highestEvictableTier(FILE)).toBe(3);
  });
});

describe('mglru: any sequence', () => {
  const step = fc.record({ id: fc.nat(59), what: fc.nat(9) });

  /** One step: ids below 30 are anonymous pages, the others file pages. */
  function take(memory: Memory, id: number, what: number): void {
    const resident = memory.resident[id] === 1;
    if (what === 0) memory.remove(id);
    else if (what === 1 && resident) memory.policy.demote(id);
    else if (what === 2 && memory.size > 0) {
      const [first] = memory.evict(40);
      if (first !== undefined) memory.reject(first);
    } else if (what === 3) memory.evict(1);
    else if (what === 4 && id >= 30) memory.traits[id] = memory.traits[id]! ^ TRAIT.dirty;
    else if (id >= 30) memory.read([id], what - 5);
    else if (!resident) memory.fault(id);
    else memory.use(id);
  }

  for (const swappiness of [1, 60, 200]) {
    it(`keeps every page until it goes, and all can go (swappiness ${swappiness})`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
          const memory = new Memory(60, { swappiness });
          for (const { id, what } of steps) take(memory, id, what);
          while (memory.size > 0) expect(memory.evict(64)).not.toEqual([]);
        }),
        { numRuns: propertyRuns(300) },
      );
    });
  }
});
