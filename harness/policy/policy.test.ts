import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../metrics/schema.js';
import { disturb, PageDriver } from '../modules/check/page-driver.js';
import { loadPolicyModule } from '../modules/load.js';
import { propertyRuns } from '../testing/property-runs.js';
import { RangeSet } from './discard/range-set.js';
import { discardPolicies } from './discard/registry.js';
import { mergePolicies } from './merge/registry.js';
import { purgePolicies } from './purge/registry.js';
import { TRAIT } from './reclaim/contract.js';
import { reclaimPolicies } from './reclaim/registry.js';
import { PageLists } from './reclaim/structures/page-list.js';
import { parsePolicyList } from './spec.js';

describe('every policy says what it is', () => {
  const all = [
    ...discardPolicies.all(),
    ...reclaimPolicies.all(),
    ...mergePolicies.all(),
    ...purgePolicies.all(),
  ];
  for (const { name, summary, source, parameters } of all) {
    it(name, () => {
      expect(summary.length).toBeGreaterThan(20);
      expect(source.length).toBeGreaterThan(5);
      for (const [key, parameter] of Object.entries(parameters)) {
        expect(key).toMatch(/^[a-z_]+$/);
        expect(parameter.meaning.length, key).toBeGreaterThan(20);
        expect(parameter.default, key).toBeDefined();
      }
    });
  }
});

describe('policies as text', () => {
  it('reads lists: a piece with = and no : continues the policy before it', () => {
    expect(parsePolicyList('keep,punch:lookup=1,eager=1,remove')).toEqual([
      { name: 'keep', given: {} },
      { name: 'punch', given: { lookup: '1', eager: '1' } },
      { name: 'remove', given: {} },
    ]);
  });

  it('writes only what differs from the defaults, in the order of the parameters', () => {
    expect(discardPolicies.choose('punch:eager=1,lookup=1,regen=range').text).toBe('punch:lookup=1,eager=1');
    expect(discardPolicies.choose('punch:lookup=0').text).toBe('punch');
  });

  it('says what is wrong, what is valid and what is near', () => {
    const wrong = (text: string) => () => discardPolicies.choose(text);
    expect(wrong('remvoe')).toThrow(
      'unknown discard policy "remvoe", expected one of keep, remove, punch, dontneed, remove-managed, punch-managed, dontneed-managed, free, volatile, truncate, jemalloc, mimalloc, tcmalloc, go, glibc-trim, zgc; did you mean remove?',
    );
    expect(wrong('punch:lookpu=1')).toThrow(
      /unknown parameter of discard policy punch "lookpu", expected one of lookup, eager, regen, destroy, delay, keep, pace, curve, idle, rate, top, muzzy; did you mean lookup\?/,
    );
    expect(wrong('punch:lookup=2')).toThrow('lookup=2 is out of range, expected a whole number from 0 to 1');
    expect(wrong('punch:lookup')).toThrow(
      '"lookup" in "punch:lookup" is not a parameter, expected key=value',
    );
    expect(wrong('punch:lookup=1,lookup=0')).toThrow(/given twice/);
    expect(wrong('punch:regen=some')).toThrow(/unknown value of regen "some", expected one of range, page/);
    expect(wrong('keep,remove')).toThrow('"keep,remove" names 2 policies, expected one');
    expect(wrong('')).toThrow(/is not a policy/);
  });
});

const IDS = 40;
const reference = fc.array(fc.record({ id: fc.nat(IDS - 1), what: fc.nat(24) }), {
  maxLength: 300,
  size: 'max',
});

describe('every reclaim policy keeps the contract', () => {
  for (const { name, complexity } of reclaimPolicies.all()) {
    const chosen = reclaimPolicies.choose(name);

    it(`${name}: only resident pages are victims, at any capacity, with removals, rejections and demotions in between`, () => {
      expect(complexity).toMatch(/O\(/);
      fc.assert(
        fc.property(reference, fc.integer({ min: 1, max: IDS + 2 }), (steps, capacity) => {
          const harness = new PageDriver(chosen, capacity, IDS);
          for (const { id, what } of steps) {
            disturb(harness, id, what, IDS);
            if (harness.size > harness.capacity) expect.fail(`${harness.size} pages are resident`);
          }
          // Everything that is resident can be evicted in the end.
          while (harness.size > 0) harness.evict();
        }),
        { numRuns: propertyRuns(200) },
      );
    });

    it(`${name}: every capacity from 1 to ${IDS}, and no limit; with room for all, each page misses once`, () => {
      const ids = Array.from({ length: 400 }, (_, i) => (i * i + (i >> 3)) % IDS);
      const distinct = new Set(ids).size;
      for (let capacity = 1; capacity <= IDS; capacity++) {
        const harness = new PageDriver(chosen, capacity, IDS);
        for (const id of ids) harness.access(id);
        expect(harness.size).toBeGreaterThan(0);
        expect(harness.size).toBeLessThanOrEqual(capacity);
        if (capacity >= distinct) expect(harness.misses).toBe(distinct);
        // A page used again at once is still there.
        const { misses } = harness;
        harness.access(ids.at(-1)!);
        expect(harness.misses, `capacity ${capacity}`).toBe(misses);
      }
      const harness = new PageDriver(chosen, 2 ** 31 - 1, IDS);
      for (const id of ids) harness.access(id);
      expect(harness.misses).toBe(distinct);
      expect(harness.policy.bytes ?? 0).toBeLessThan(1e6);
    });

    it(`${name}: the same seed has the same misses; capacity for all pages misses each once`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.nat(IDS - 1), { maxLength: 300, size: 'max' }),
          fc.integer({ min: 1, max: IDS }),
          (ids, capacity) => {
            const misses = (size: number) => {
              const harness = new PageDriver(chosen, size, IDS);
              for (const id of ids) harness.access(id);
              return harness.misses;
            };
            expect(misses(capacity)).toBe(misses(capacity));
            expect(misses(IDS + 1)).toBe(new Set(ids).size);
          },
        ),
        { numRuns: propertyRuns(200) },
      );
    });

    it(`${name}: demoted pages go first, in the order they were demoted`, () => {
      const harness = new PageDriver(chosen, 100, 100);
      // The others carry their accessed bits; MADV_FREE clears those of its pages.
      for (let id = 1; id <= 90; id++) harness.access(id);
      for (const id of [70, 20, 50]) {
        harness.referenced(id);
        harness.traits[id] = TRAIT.lazyfree;
        harness.policy.demote?.(id);
      }
      const first: number[] = [];
      while (first.length < 3) first.push(...harness.evict());
      expect(first.slice(0, 3)).toEqual([70, 20, 50]);
    });

    it(`${name}: ids may grow; its counters are metrics`, () => {
      const harness = new PageDriver(chosen, 4, 1000);
      for (let id = 1; id < 10; id++) harness.access(id);
      harness.policy.grow(1000);
      for (let id = 900; id < 950; id++) harness.access(id);
      const known = new Set(['pgscan', ...METRICS.map((metric) => metric.name)]);
      for (const counter of Object.keys(harness.policy.counters)) expect(known, counter).toContain(counter);
      expect(harness.policy.counters.pgscan).toBeGreaterThan(0);
    });
  }
});

describe('worked by hand', () => {
  const misses = (policy: string, capacity: number, ids: readonly number[]) => {
    const harness = new PageDriver(reclaimPolicies.choose(policy), capacity, IDS);
    return ids
      .map((id) => {
        const before = harness.misses;
        harness.access(id);
        return harness.misses > before ? 'm' : 'h';
      })
      .join('');
  };

  it('fifo: 1 goes first although it was just used', () => {
    expect(misses('fifo', 3, [1, 2, 3, 1, 4, 1])).toBe('mmmhmm');
  });

  it('lru: 2 goes first, 1 was used since', () => {
    expect(misses('lru', 3, [1, 2, 3, 1, 4, 1, 2])).toBe('mmmhmhm');
  });

  it('lru keeps to Belady\u2019s anomaly-free side, fifo does not: 3 to 4 pages cost fifo a miss', () => {
    const anomaly = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    const count = (policy: string, capacity: number) =>
      misses(policy, capacity, anomaly).replaceAll('h', '').length;
    expect([count('fifo', 3), count('fifo', 4)]).toEqual([9, 10]);
    expect([count('lru', 3), count('lru', 4)]).toEqual([10, 8]);
  });

  it('linux: used again while inactive activates, and so does a refault within the working set', () => {
    const harness = new PageDriver(reclaimPolicies.choose('linux'), 200, 300);
    for (let id = 1; id <= 200; id++) harness.access(id);
    harness.hot.add(2);
    // The first look at a page takes its accessed bit away and keeps it; at the second, 2 is used again, 1 and 3 not.
    const gone = harness.evict();
    expect(gone.slice(0, 3)).toEqual([1, 3, 4]);
    expect(harness.policy.counters).toMatchObject({ pgactivate: 1, workingset_refault_anon: 0 });
    // Distances are in evictions and activations since. The working set is the one active page.
    harness.access(1);
    expect(harness.policy.counters).toMatchObject({
      workingset_refault_anon: 1,
      workingset_activate_anon: 0,
    });
    harness.access(gone.at(-1)!);
    expect(harness.policy.counters).toMatchObject({
      workingset_refault_anon: 2,
      workingset_activate_anon: 1,
    });
  });

  it('linux: MADV_COLD deactivates, and leaves the order of inactive pages alone', () => {
    const harness = new PageDriver(reclaimPolicies.choose('linux'), 200, 300);
    for (let id = 1; id <= 200; id++) harness.access(id);
    harness.hot.add(2);
    const gone = harness.evict(); // 2 is active now
    harness.hot.clear();
    for (const id of [40, 2]) {
      harness.referenced(id);
      harness.policy.demote?.(id);
    }
    expect(harness.policy.counters).toMatchObject({ pgactivate: 1, pgdeactivate: 1 });
    while (harness.resident[2] === 1) gone.push(...harness.evict());
    // 40 keeps its place, 2 is the newest.
    expect(gone).toEqual([1, ...Array.from({ length: 198 }, (_, i) => i + 3), 2].slice(0, gone.length));
    expect(gone.at(-1)).toBe(2);
  });

  it('linux: a page that has been written goes next, even from the active list', () => {
    const harness = new PageDriver(reclaimPolicies.choose('linux'), 200, 300);
    for (let id = 1; id <= 200; id++) harness.access(id);
    harness.hot.add(2);
    const gone = harness.evict(); // 2 is active now
    harness.hot.clear();
    harness.referenced(2);
    for (const id of [150, 2]) harness.policy.rotate?.(id);
    expect(harness.evict().slice(0, 3)).toEqual([2, 150, gone.at(-1)! + 1]);
  });
});

describe('lists of pages', () => {
  it('behave as arrays do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 200 }), (steps) => {
        const lists = new PageLists(2, 4);
        lists.grow(10);
        const naive: number[][] = [[], []];
        for (const [what, id] of steps) {
          const on = naive.findIndex((list) => list.includes(id));
          expect(lists.has(id)).toBe(on >= 0);
          if (on >= 0) {
            lists.unlink(id);
            naive[on] = naive[on]!.filter((other) => other !== id);
          } else if (what < 2) {
            lists.addHead(what, id);
            naive[what]?.unshift(id);
          } else if (what < 4) {
            lists.addTail(what - 2, id);
            naive[what - 2]?.push(id);
          }
          expect([lists.tail(0), lists.tail(1)]).toEqual(naive.map((list) => list.at(-1) ?? -1));
          const walked: number[] = [];
          for (let at = lists.tail(0); at >= 0; at = lists.newer(at)) walked.unshift(at);
          expect(walked).toEqual(naive[0]);
        }
      }),
    );
  });
});

describe('sets of ranges', () => {
  it('behave as sets of pages do', () => {
    const step = fc.record({ add: fc.boolean(), space: fc.nat(1), page: fc.nat(20), count: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(20), fc.nat(12), (steps, page, count) => {
        const set = new RangeSet();
        const naive = new Set<string>();
        for (const { add, space, page: from, count: pages } of steps) {
          if (add) set.add({ space, page: from, count: pages });
          else set.delete({ space, page: from, count: pages });
          for (let i = 0; i < pages; i++) {
            if (add) naive.add(`${space}:${from + i}`);
            else naive.delete(`${space}:${from + i}`);
          }
        }
        const found = set
          .within({ space: 1, page, count })
          .flatMap((part) => Array.from({ length: part.count }, (_, i) => part.page + i));
        const expected = Array.from({ length: count }, (_, i) => page + i).filter((p) => naive.has(`1:${p}`));
        expect(found).toEqual(expected);
      }),
      { numRuns: propertyRuns(300) },
    );
  });
});

describe('policies from outside', () => {
  it('are loaded from a module, and refused with a reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-module-'));
    try {
      const module = (name: string, text: string) => {
        const path = join(folder, name);
        writeFileSync(path, text);
        return path;
      };
      const mine = `{ name: 'mine', summary: 'a policy of my own', source: 'me', parameters: {}, create: () => ({ discard() {}, unpin() {}, pin() {} }) }`;
      await loadPolicyModule(module('ok.mjs', `export const discard = [${mine}];`));
      expect(discardPolicies.choose('mine').text).toBe('mine');
      await expect(
        loadPolicyModule(module('twice.mjs', `export const discard = [${mine}];`)),
      ).rejects.toThrow(/twice\.mjs: there is a discard policy named mine already/);
      await expect(loadPolicyModule(module('none.mjs', 'export default 1;'))).rejects.toThrow(
        /exports no policies/,
      );
      await expect(
        loadPolicyModule(module('half.mjs', `export const reclaim = [{ name: 'half' }];`)),
      ).rejects.toThrow(/is incomplete, expected name/);
      await expect(loadPolicyModule(join(folder, 'gone.mjs'))).rejects.toThrow(/gone\.mjs: no such file$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
