import type { Machine } from '../../machine/machine.js';
import { contentAt } from '../../machine/mapping/access.js';
import { ZERO_PAGE } from '../../machine/memory/pages.js';
import { GUARD, PTE, PTE_SHIFT } from '../../machine/state/page-table.js';
import type { Space } from '../../machine/state/space.js';
import { type SharedObject, VM, type Vma } from '../../machine/state/vma.js';
import { CONTENT_LIMIT } from '../../trace/op.js';
import { tablePages } from '../naive/entries.js';
import { type Entry, type Folio, ZERO } from '../naive/page.js';
import { TABLE } from '../naive/pmds.js';
import type * as Naive from '../naive/state.js';

/** The two models disagree. */
export class Disagreement extends Error {}

/** @param what of what; a function where its text would have to be made for each of many */
function agree(seen: unknown, expected: unknown, what: string | (() => string)): void {
  if (seen === expected) return;
  const name = typeof what === 'string' ? what : what();
  throw new Disagreement(`${name}: the machine has ${seen}, expected ${expected}`);
}

/**
 * Compares all that the machine and the naive model know. Contents that the machine numbers itself need only be equal
 * where the model's are: the pairs seen so far are kept.
 */
export class Comparison {
  private readonly modelOf = new Map<number, number>();
  private readonly machineOf = new Map<number, number>();
  private readonly objectOf = new Map<Naive.SharedObject, SharedObject>();

  /** @param contents whether contents are looked at, which makes the machine number them */
  compare(m: Machine, k: Naive.NaiveKernel, contents: boolean): void {
    agree([...m.spaces.keys()].sort().join(), [...k.spaces.keys()].sort().join(), 'spaces');
    for (const space of k.spaces.values()) {
      const other = m.spaces.get(space.id)!;
      this.vmas(other, space);
      entries(m, other, space);
      if (contents) this.contents(m, other, space);
    }
    this.objects(m, k, contents);
    totals(m, k);
    huge(m, k);
    for (const name of Object.keys(k.counters) as (keyof Naive.Counters)[])
      agree(m.counters[name], k.counters[name], name);
  }

  private vmas(seen: Space, space: Naive.Space): void {
    const same = seen.vmas.length === space.vmas.length;
    if (!same || !space.vmas.every((vma, i) => sameVma(seen.vmas[i]!, vma)))
      agree(
        shownVmas(seen.vmas, (vma) => vma.flags),
        shownVmas(space.vmas, flagBits),
        () => `VMAs of space ${space.id}`,
      );
    space.vmas.forEach((vma, i) => {
      this.sameObject(seen.vmas[i]!, vma, () => `object at page ${vma.start} of space ${space.id}`);
    });
  }

  private sameObject(seen: Vma, vma: Naive.Vma, what: () => string): void {
    if (!vma.object || !seen.object) {
      agree(seen.object, vma.object, what);
      return;
    }
    const known = this.objectOf.get(vma.object) ?? seen.object;
    this.objectOf.set(vma.object, known);
    agree(seen.object.number, known.number, what);
    agree(seen.objectPage, vma.offset, what);
  }

  private contents(m: Machine, seen: Space, space: Naive.Space): void {
    for (const vma of space.vmas) {
      for (let vpn = vma.start; vpn < vma.end; vpn++) {
        if (vma.end - vma.start > TABLE_SAMPLE && !space.entries.has(vpn) && !vma.object) continue;
        const content = contentAt(m, seen, vpn)!;
        const expected = naiveContent(space, vma, vpn);
        // Most are numbers of the trace, and the same.
        if (content === expected && expected >= 0) continue;
        this.sameContent(content, expected, () => `content of page ${vpn} of space ${space.id}`);
      }
    }
  }

  private sameContent(seen: number, expected: number, what: () => string): void {
    if (expected >= 0) {
      agree(seen, expected, what);
      return;
    }
    if (seen < CONTENT_LIMIT) agree(seen, 'contents of its own', what);
    const known = this.machineOf.get(expected) ?? seen;
    agree(seen, known, what);
    agree(this.modelOf.get(seen) ?? expected, expected, what);
    this.machineOf.set(expected, seen);
    this.modelOf.set(seen, expected);
  }

  private objects(m: Machine, k: Naive.NaiveKernel, contents: boolean): void {
    const shared = [...m.objects.all()].filter((object) => object.kind === 'shared');
    agree(shared.length, k.objects.size, 'objects');
    for (const object of k.objects) {
      const other = object.name === undefined ? this.objectOf.get(object) : m.objects.named(object.name);
      if (!other) throw new Disagreement(`an object without name is mapped nowhere`);
      const name = object.name ?? `without name, number ${other.number}`;
      agree(other.size, object.size, () => `size of object ${name}`);
      sameIndexes(m, other, object, name);
      for (const [index, page] of object.pages) {
        const id = other.page(index);
        agree(m.pages.resident[id] === 1, page.inMemory, () => `page ${index} of object ${name} in memory`);
        agree(m.swapSlotOf(id) >= 0, page.inSwap, () => `page ${index} of object ${name} in swap`);
        if (contents)
          this.sameContent(m.pages.contents.get(id), page.content, () => `page ${index} of object ${name}`);
      }
    }
  }
}

/** Which indexes have a page; of a file: which are in the page cache, and which have a block. */
function sameIndexes(m: Machine, seen: SharedObject, object: Naive.SharedObject, name: string): void {
  const known = [...seen.present(0, object.size)];
  const held = object.disk ? known.filter((index) => m.pages.resident[seen.page(index)] === 1) : known;
  if (held.length !== object.pages.size || !held.every((index) => object.pages.has(index))) {
    const expected = [...object.pages.keys()].sort((a, b) => a - b);
    agree(held.join(), expected.join(), `pages of object ${name}`);
  }
  agree(seen.blocks, (object.disk ?? object.pages).size, () => `blocks of object ${name}`);
}

/** VMAs of more pages are only looked at where they have an entry. */
const TABLE_SAMPLE = 100;

function flagBits({ flags }: Naive.Vma): number {
  let bits = 0;
  for (const flag of flags) bits |= VM[flag];
  return bits;
}

function sameVma(seen: Vma, vma: Naive.Vma): boolean {
  return seen.start === vma.start && seen.end === vma.end && seen.flags === flagBits(vma);
}

function shownVmas<T extends { start: number; end: number }>(
  vmas: readonly T[],
  bits: (vma: T) => number,
): string {
  const flags = (vma: T): string =>
    Object.entries(VM)
      .flatMap(([name, bit]) => (bits(vma) & bit ? [name] : []))
      .join(' ');
  return vmas.map((vma) => `[${vma.start},${vma.end} ${flags(vma)}]`).join(', ');
}

/** What a read of a page of a VMA would find. */
function naiveContent(space: Naive.Space, vma: Naive.Vma, vpn: number): number {
  const entry = space.entries.get(vpn);
  if (space.guards.has(vpn)) return 0;
  if (entry) return entry.page.content;
  const index = vma.offset + vpn - vma.start;
  return vma.object?.pages.get(index)?.content ?? vma.object?.disk?.get(index) ?? 0;
}

/** What entries hold, without their accessed and dirty bits. That there are no other page tables, their number says. */
function entries(m: Machine, seen: Space, space: Naive.Space): void {
  /** Entries of each page table that are in use and not yet compared. */
  const used = new Map<number, number>();
  for (const table of space.tables) {
    const first = table * TABLE;
    const leaf = seen.directory.leaf(first);
    agree(leaf >= 0, true, () => `page table of page ${first} of space ${space.id}`);
    let found = 0;
    for (let at = leaf * TABLE; at < (leaf + 1) * TABLE; at++) if (m.tables.get(at) !== 0) found++;
    used.set(table, found);
  }
  for (const [page, expected] of space.entries) {
    const table = Math.floor(page / TABLE);
    const entry = m.tables.get(seen.directory.leaf(table * TABLE) * TABLE + (page % TABLE));
    const state = machineState(m, entry);
    const naive = naiveState(expected);
    if (state !== naive) agree(STATES[state], STATES[naive], `entry of page ${page} of space ${space.id}`);
    used.set(table, (used.get(table) ?? 0) - 1);
  }
  for (const page of space.guards) {
    const table = Math.floor(page / TABLE);
    const entry = m.tables.get(seen.directory.leaf(table * TABLE) * TABLE + (page % TABLE));
    agree(entry, GUARD, () => `guard at page ${page} of space ${space.id}`);
    used.set(table, (used.get(table) ?? 0) - 1);
  }
  // All that are expected are there: others would be left.
  for (const [table, others] of used)
    agree(others, 0, () => `other entries of page table ${table} of space ${space.id}`);
}

/** States of an entry; a state in the swap cache stands after the one that is not. */
const STATES = [
  'none',
  'the zero page',
  'swapped out',
  'swapped out in the swap cache',
  'read-only',
  'read-only in the swap cache',
  'writable',
  'writable in the swap cache',
];

function machineState(m: Machine, entry: number): number {
  if (entry === 0) return 0;
  const page = entry >>> PTE_SHIFT;
  const cached = m.swapSlotOf(page) >= 0 && m.pages.resident[page] === 1 ? 1 : 0;
  if ((entry & PTE.present) === 0) return 2 + cached;
  if (page === ZERO_PAGE) return 1;
  return (entry & PTE.write ? 6 : 4) + cached;
}

function naiveState({ page, present, writable }: Entry): number {
  const cached = page.inMemory && page.inSwap ? 1 : 0;
  if (!present) return 2 + cached;
  if (page === ZERO) return 1;
  return (writable ? 6 : 4) + cached;
}

/** What page directories map, and which huge pages there are. */
function huge(m: Machine, k: Naive.NaiveKernel): void {
  let mapped = 0;
  const folios = new Set<Folio>();
  for (const space of k.spaces.values()) {
    const seen = m.spaces.get(space.id)!;
    for (const table of space.tables) {
      const first = table * TABLE;
      const folio = space.entries.get(first)?.page.folio;
      const whole = space.huge.has(table);
      if (whole && folio) mapped += TABLE;
      agree(
        m.huge?.isPmd(seen.directory.leaf(first)) ?? false,
        whole,
        () => `huge page at ${first} of space ${space.id}`,
      );
    }
    for (const { page } of space.entries.values()) if (page.folio) folios.add(page.folio);
  }
  agree(m.huge?.anonHugePages ?? 0, mapped, 'AnonHugePages');
  agree(m.huge?.folios.count ?? 0, folios.size, 'huge pages');
  agree(m.huge?.folios.deferred.size ?? 0, k.deferred.size, 'huge pages that wait to be split');
}

/** Numbers of the whole machine and of each space. */
function totals(m: Machine, k: Naive.NaiveKernel): void {
  let rss = 0;
  let tables = 0;
  let vmas = 0;
  for (const space of k.spaces.values()) {
    const other = m.spaces.get(space.id)!;
    let own = 0;
    for (const { present, page } of space.entries.values()) if (present && page !== ZERO) own++;
    agree(other.rss, own, () => `rss of space ${space.id}`);
    agree(other.pgfault, space.pgfault, () => `pgfault of space ${space.id}`);
    agree(other.pgmajfault, space.pgmajfault, () => `pgmajfault of space ${space.id}`);
    rss += own;
    tables += tablePages(space);
    vmas += space.vmas.length;
  }
  const counts = { inMemory: 0, inSwap: 0, both: 0, lazyfree: 0 };
  k.eachPage(({ inMemory, inSwap, lazyfree }) => {
    if (inMemory) counts.inMemory++;
    if (inSwap) counts.inSwap++;
    if (inMemory && inSwap) counts.both++;
    if (lazyfree) counts.lazyfree++;
  });
  agree(m.rss, rss, 'rss');
  agree(k.inUse, counts.inMemory, 'frames that the model counts');
  agree(m.frames.inUse, counts.inMemory, 'frames in use');
  agree(m.swap.inUse, counts.inSwap, 'swap slots');
  agree(m.frames.inSwapCache, counts.both, 'swap cache');
  agree(m.pages.lazyfreeCount, counts.lazyfree, 'lazily freed pages');
  agree(m.tables.pages, tables, 'page-table pages');
  agree(m.vmas, vmas, 'VMAs');
}
