import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyRuns } from '../../testing/property-runs.js';
import { Directory, LEAF_ENTRIES, PTE } from './page-table.js';
import { PageTables } from './page-tables.js';

const LEAVES = 6;

/** The next index, of all of a leaf, that a plain list of its entries has. */
function nextIn(
  entries: ReadonlyMap<number, number>,
  from: number,
  end: number,
  wanted: (entry: number) => boolean,
): number {
  for (let at = from; at < end; at++) if (wanted(entries.get(at) ?? 0)) return at;
  return end;
}

/** Page tables, and the same as a plain map by page number. */
class Twin {
  readonly tables = new PageTables();
  readonly directory = new Directory();
  readonly entries = new Map<number, number>();

  constructor(fullAtOnce: number) {
    this.tables.fullAtOnce = fullAtOnce;
  }

  set(vpn: number, entry: number): void {
    const { tables, directory } = this;
    tables.set(tables.make(directory, vpn), entry);
    if (entry === 0) this.entries.delete(vpn);
    else this.entries.set(vpn, entry);
  }

  change(vpn: number, bits: number): void {
    const entry = this.entries.get(vpn);
    if (entry === undefined) return;
    this.tables.change(this.directory.entry(vpn), entry | bits);
    this.entries.set(vpn, entry | bits);
  }

  /** Empties a leaf and gives it back. */
  release(leaf: number): void {
    const first = leaf * LEAF_ENTRIES;
    if (this.directory.leaf(first) < 0) return;
    for (let vpn = first; vpn < first + LEAF_ENTRIES; vpn++) if (this.entries.has(vpn)) this.set(vpn, 0);
    this.tables.release(this.directory, first);
  }

  check(): void {
    for (let leaf = 0; leaf < LEAVES; leaf++)
      if (this.directory.leaf(leaf * LEAF_ENTRIES) >= 0) this.checkLeaf(leaf);
    const leaves = [...this.directory.leaves()].length;
    expect(this.tables.pages).toBe(leaves + this.directory.pages);
  }

  private checkLeaf(leaf: number): void {
    const { tables, entries } = this;
    const first = leaf * LEAF_ENTRIES;
    const at = this.directory.entry(first);
    const seen: number[] = [];
    const expected: number[] = [];
    let used = 0;
    for (let i = 0; i < LEAF_ENTRIES; i++) {
      const end = LEAF_ENTRIES - (i % 7);
      const next = (wanted: (entry: number) => boolean) =>
        nextIn(entries, first + i, first + end, wanted) - first;
      seen.push(
        tables.get(at + i),
        tables.nextUsed(at + i, at + end) - at,
        tables.nextWith(PTE.dirty, at + i, at + end) - at,
      );
      expected.push(entries.get(first + i) ?? 0);
      if (i < end)
        expected.push(
          next((entry) => entry !== 0),
          next((entry) => (entry & PTE.dirty) !== 0),
        );
      else expected.push(end, end);
      if (entries.has(first + i)) used++;
    }
    expect(seen).toEqual(expected);
    expect([tables.inUse(this.directory.leaf(first)), tables.isEmpty(this.directory.leaf(first))]).toEqual([
      used,
      used === 0,
    ]);
  }
}

const leaf = fc.nat(LEAVES - 1);
const page = fc.nat(LEAVES * LEAF_ENTRIES - 1);
/** Runs of pages with gaps between them make leaves of all sizes. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      set: page,
      count: fc.integer({ min: 1, max: 250 }),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      clear: page,
      count: fc.integer({ min: 1, max: 400 }),
      gap: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ change: page }) },
  { weight: 1, arbitrary: fc.record({ release: leaf }) },
  { weight: 1, arbitrary: fc.record({ whole: leaf }) },
);

describe('page tables', () => {
  it('hold what was put there, however few entries a leaf has', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(LEAVES), (steps, fullAtOnce) => {
        const twin = new Twin(fullAtOnce);
        let id = 1;
        const within = (vpn: number) => vpn % (LEAVES * LEAF_ENTRIES);
        for (const one of steps) {
          if ('set' in one)
            for (let i = 0; i < one.count; i++)
              twin.set(within(one.set + i * one.gap), (id++ << 4) | PTE.present);
          else if ('clear' in one)
            for (let i = 0; i < one.count; i++) twin.set(within(one.clear + i * one.gap), 0);
          else if ('change' in one)
            for (let i = 0; i < 50; i++) twin.change(within(one.change + i), PTE.dirty);
          else if ('release' in one) twin.release(one.release);
          else twin.tables.make(twin.directory, one.whole * LEAF_ENTRIES, LEAF_ENTRIES);
          twin.check();
        }
      }),
      { numRuns: propertyRuns(60) },
    );
  });

  it('take few bytes where few pages of each leaf are used, and 4 a page where all are', () => {
    const sparse = new PageTables();
    const directory = new Directory();
    const leaves = 5000;
    for (let i = 0; i < leaves * 16; i++) sparse.set(sparse.make(directory, i * 32 + (i % 5)), 16 * (i + 1));
    expect(sparse.bytes / (leaves * 16)).toBeLessThan(9);
    const dense = new PageTables();
    const other = new Directory();
    for (let vpn = 0; vpn < 2000 * LEAF_ENTRIES; vpn++) dense.set(dense.make(other, vpn), 16 * (vpn + 1));
    expect(dense.bytes / (2000 * LEAF_ENTRIES)).toBeLessThan(4.6);
  });

  it('names no more leaves than indexes of entries reach: the next is refused', () => {
    const tables = new PageTables();
    const directory = new Directory();
    for (let leaf = 0; leaf < 2 ** 22; leaf++) tables.make(directory, leaf * LEAF_ENTRIES);
    expect(() => tables.make(directory, 2 ** 22 * LEAF_ENTRIES)).toThrow('expected at most 4194304');
  });
});
