import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SwapKind } from '../../contract/swap.js';
import type { PurgeRules } from '../../policy/purge/contract.js';
import { purgePolicies } from '../../policy/purge/registry.js';
import { Lab, PAGE } from '../../testing/lab.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { VolatileModel } from '../../testing/volatile-model.js';
import type { Space } from '../state/space.js';
import { OutOfMemory } from './out-of-memory.js';

/** Pages of each of the two holders: private memory of the first process, and an object that both processes map. */
const PAGES = 16;
/** Everything fits, so that only pressure can make pages go. */
const LIMIT = 2 * PAGES + 32;
const PRIVATE = 100;
/** Where each process maps the object. */
const SHARED = [200, 317] as const;

type Op =
  | { readonly do: 'mark' | 'unmark'; readonly where: number; readonly start: number; readonly count: number }
  | { readonly do: 'write'; readonly where: number; readonly page: number }
  | { readonly do: 'pressure'; readonly pages: number };

/** `where`: 0 private memory; 1 and 2 the object through the first or second process. */
const where = fc.nat(2);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('mark' as const),
      where,
      start: fc.nat(PAGES - 1),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('unmark' as const),
      where,
      start: fc.nat(PAGES - 1),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), where, page: fc.nat(PAGES - 1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pressure' as const),
      pages: fc.integer({ min: 1, max: LIMIT + 8 }),
    }),
  },
);

/** The machine and the model side by side. */
class Pair {
  readonly lab: Lab;
  readonly model: VolatileModel;
  private readonly spaces: readonly Space[];
  private readonly rules: PurgeRules;
  private nextContent = 1;
  /** Memory ran out: nothing more can be done. */
  private over = false;

  constructor(purge: string, swap: SwapKind) {
    const { info, values } = purgePolicies.choose(purge);
    this.rules = info.rules(values);
    this.lab = new Lab({ purge, swap, limit: LIMIT });
    const object = this.lab.object(PAGES, 'shmem:o');
    const [p, q] = [this.lab.spawn(), this.lab.spawn()];
    this.spaces = [p, p, q];
    this.lab.map(p, PRIVATE, PAGES, 'anon');
    this.lab.map(p, SHARED[0], PAGES, `shared:${object.name}@0`);
    this.lab.map(q, SHARED[1], PAGES, `shared:${object.name}@0`);
    const contents = [0, 1].map((at) => {
      const first = this.nextContent;
      this.nextContent += PAGES;
      this.lab.write(p, this.base(at), PAGES, first);
      return Array.from({ length: PAGES }, (_, i) => first + i);
    });
    this.model = new VolatileModel(this.rules, contents);
  }

  do(op: Op): void {
    const before = this.lab.m.counters.purged_pages;
    if (this.over) return;
    if (op.do === 'pressure') this.press(op.pages);
    else if (op.do === 'write') this.write(op.where, op.page);
    else this.advise(op);
    if (op.do !== 'pressure')
      expect(this.lab.m.counters.purged_pages, 'purged without pressure').toBe(before);
    this.compare();
  }

  private base(at: number): number {
    return [PRIVATE, ...SHARED][at]!;
  }

  private advise({ do: what, where: at, start, count }: Extract<Op, { start: number }>): void {
    const pages = Math.min(count, PAGES - start);
    const space = this.spaces[at]!;
    const advice = what === 'mark' ? 'MADV_VOLATILE' : 'MADV_NONVOLATILE';
    const { errno, value } = this.lab.madviseBytes(
      space,
      (this.base(at) + start) * PAGE,
      pages * PAGE,
      advice,
    );
    if (at > 0 && !this.rules.shared) {
      expect(errno).toBe('EINVAL');
      return;
    }
    expect(errno).toBe(0);
    if (what === 'mark') this.model.mark(Math.min(at, 1), start, start + pages);
    else expect(value === 1, 'report').toBe(this.model.unmark(Math.min(at, 1), start, start + pages));
  }

  private write(at: number, page: number): void {
    const content = this.nextContent++;
    const wrote = this.lab.write(this.spaces[at]!, this.base(at) + page, 1, content);
    expect(wrote).toBe(this.model.write(Math.min(at, 1), page, content));
  }

  /** What went under pressure is told to the model, which says whether it could. */
  private press(pages: number): void {
    try {
      this.lab.pressure(pages);
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      this.over = true;
    }
    const gone = this.model.holders.flatMap((of, holder) => {
      const found = this.contents(holder);
      return of.flatMap(({ content }, index) =>
        content !== 0 && found[index] === 0 ? [{ holder, index }] : [],
      );
    });
    expect(this.model.went(gone)).toBeUndefined();
    // Memory runs out only when nothing that could be purged is left. As posted, page-lru needs swap.
    if (this.over && (this.rules.aging || this.rules.order !== 'reclaim'))
      expect(this.model.volatilePages).toBe(0);
    // What was purged is not kept in memory.
    for (const { holder, index } of gone) {
      expect(this.lab.inCore(this.spaces[holder]!, this.base(holder) + index)).toBe(false);
    }
  }

  private contents(holder: number): (number | undefined)[] {
    return this.lab.contents(this.spaces[holder]!, this.base(holder), PAGES);
  }

  private compare(): void {
    const { model, lab } = this;
    for (const [holder, of] of model.holders.entries())
      expect(this.contents(holder)).toEqual(of.map(({ content }) => content));
    // Both processes find the same in the object.
    expect(lab.contents(this.spaces[2]!, SHARED[1], PAGES)).toEqual(this.contents(1));
    expect(lab.m.counters.purged_pages).toBe(model.purgedPages);
  }
}

/** What every run ends with, so that something is purged. */
const LAST: readonly Op[] = [
  { do: 'mark', where: 0, start: 0, count: 8 },
  { do: 'pressure', pages: LIMIT },
];

/** Every policy, and every axis at its other value. */
const ORDERS = ['range-lru', 'range-fifo', 'old-first', 'young-first'];
const VARIANTS = [
  ...ORDERS.flatMap((name) => [
    name,
    `${name}:unit=page`,
    `${name}:when=${name === 'range-fifo' ? 'before' : 'with'}`,
    `${name}:access=${name === 'range-fifo' ? 'sigbus' : 'zero'}`,
    `${name}:report=page`,
    `${name}:unit=page,access=zero,report=page`,
  ]),
  'page-lru',
  'page-lru:aging=1',
  'page-lru:aging=1,shared=1',
  'page-lru:shared=1,access=zero',
  'page-lru:unit=range,report=range,shared=1',
  'page-lru:unit=range,access=zero',
  'lazyfree',
  'lazyfree:access=sigbus',
  'lazyfree:report=range',
  'lazyfree:report=none',
];

describe('random marks, writes and pressure: the machine and a plain model agree', () => {
  for (const purge of VARIANTS) {
    it(purge, () => {
      let purged = 0;
      fc.assert(
        fc.property(
          fc.constantFrom<SwapKind>('none', 'ssd'),
          fc.array(op, { maxLength: 30 }),
          (swap, ops) => {
            const pair = new Pair(purge, swap);
            for (const one of [...ops, ...LAST]) pair.do(one);
            purged += pair.lab.m.counters.purged_pages;
          },
        ),
        { numRuns: propertyRuns(40), seed: 1 },
      );
      expect(purged).toBeGreaterThan(0);
    });
  }
});
