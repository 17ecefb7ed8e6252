import { expect } from 'vitest';
import { type Case, conform, jsonCases, skip } from '../../testing/conformance.js';
import { Lab, PAGE } from '../../testing/lab.js';
import { VM } from '../state/vma.js';

const A = 100;
const PAGES = 16;
/** Room for the mapping of a case and a batch of reclaim; pressure of twice as much purges all. */
const LIMIT = PAGES + 64;
const NEW = Array.from({ length: PAGES }, (_, i) => i + 1);
const ZEROS = NEW.map(() => 0);

/** A process with a mapping that it has written. Pages are purged one by one, by the patch's own rules. */
function written(map = 'anon', swap: 'ssd' | 'none' = 'ssd', purge = 'page-lru') {
  const lab = new Lab({ swap, limit: LIMIT, purge });
  const p = lab.spawn();
  const kind = /:(\w+)@0/.exec(map)?.[1];
  if (kind) lab.object(PAGES, `${kind}:${kind}`);
  lab.map(p, A, PAGES, map);
  if (lab.vma(p, A).has(VM.write)) lab.write(p, A, PAGES, 1);
  return { lab, p };
}

/** As `written`, all volatile, and under pressure until it is purged. */
function purged() {
  const { lab, p } = written();
  expect(lab.madvise(p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
  lab.pressure(2 * LIMIT);
  expect(lab.m.counters.purged_pages).toBe(PAGES);
  return { lab, p };
}

/** Two ranges, the first marked before the second, and pressure that a single page would have met. */
function twoRanges() {
  const s = written('anon', 'ssd', 'range-lru');
  expect(s.lab.madvise(s.p, A, 8, 'MADV_VOLATILE')).toBe(0);
  expect(s.lab.madvise(s.p, A + 8, 8, 'MADV_VOLATILE')).toBe(0);
  s.lab.pressure(LIMIT - PAGES + 1);
  return s;
}

/** An area of ashmem: shared memory that is written, and all of it mapped. */
function ashmem(swap: 'ssd' | 'none' = 'ssd') {
  const s = written('shared:shmem@0', swap, 'range-fifo');
  return {
    ...s,
    unpin: (first: number, count: number) => s.lab.madvise(s.p, A + first, count, 'MADV_VOLATILE'),
  };
}

/** One page more than there is room for: shared memory without swap is on no list, so that the shrinker is asked for most. */
function shrinkAll({ lab }: ReturnType<typeof written>): void {
  lab.pressure(LIMIT - PAGES + 1);
}

/** What NONVOLATILE returns on a range: its error, and 1 where something was purged. */
function nonvolatile({ lab, p }: ReturnType<typeof written>, page = A, count = PAGES) {
  const { errno, value } = lab.madviseBytes(p, page * PAGE, count * PAGE, 'MADV_NONVOLATILE');
  return [errno, value];
}

function isVolatile({ lab, p }: ReturnType<typeof written>, page: number): boolean {
  return lab.vma(p, page).has(VM.volatile);
}

/** A mapping that may not be volatile: refused, and nothing is marked. */
function refuses(map: string): Case {
  return () => {
    const s = written(map);
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe('EINVAL');
    expect(isVolatile(s, A)).toBe(false);
  };
}

const marking: Record<string, Case> = {
  'v14.ok': () => {
    const s = written();
    expect(s.lab.madvise(s.p, A + 4, 8, 'MADV_VOLATILE')).toBe(0);
    expect(s.p.vmas.map(({ start, end }) => [start - A, end - A])).toEqual([
      [0, 4],
      [4, 12],
      [12, 16],
    ]);
    expect([A, A + 4, A + 11, A + 12].map((page) => isVolatile(s, page))).toEqual([false, true, true, false]);
  },
  'v14.unaligned_len': () => {
    const s = written();
    expect(s.lab.madviseBytes(s.p, A * PAGE, PAGE + 1, 'MADV_VOLATILE').errno).toBe('EINVAL');
    expect(isVolatile(s, A)).toBe(false);
  },
  'v14.file': () => {
    for (const map of ['shared:shmem@0', 'private:file@0', 'shared:file@0', 'anon-shared']) {
      const s = written(map);
      // Anonymous memory in front is not marked either.
      s.lab.map(s.p, A - 2, 2, 'anon');
      expect(s.lab.madvise(s.p, A - 2, PAGES + 2, 'MADV_VOLATILE'), map).toBe('EINVAL');
      expect([isVolatile(s, A - 2), isVolatile(s, A)]).toEqual([false, false]);
    }
  },
  'v14.hole': () => {
    const s = written();
    s.lab.unmap(s.p, A + 8, 1);
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe('ENOMEM');
    expect([isVolatile(s, A), isVolatile(s, A + 9)]).toEqual([false, false]);
    expect(s.lab.madvise(s.p, A + 1000, PAGES, 'MADV_VOLATILE')).toBe('ENOMEM');
  },
  'v14.VM_LOCKED': refuses('anon locked'),
  'v14.VM_MIXEDMAP': refuses('private:xip@0'),
  'v14.VM_HUGETLB': () => {
    const lab = new Lab();
    lab.m.set('vm.nr_hugepages', '1');
    const p = lab.spawn();
    lab.map(p, 0, 512, 'anon hugetlb');
    expect(lab.madvise(p, 0, 512, 'MADV_VOLATILE')).toBe('EINVAL');
    expect(lab.vma(p, 0).has(VM.volatile)).toBe(false);
  },
  'v14.VM_SPECIAL': refuses('private:pfn@0'),
  'v14.bug.zero_len': () => {
    const s = written();
    expect(s.lab.madviseBytes(s.p, (A + 4) * PAGE, 0, 'MADV_VOLATILE').errno).toBe(0);
    expect([A + 3, A + 4, A + PAGES - 1].map((page) => isVolatile(s, page))).toEqual([false, true, true]);
  },
  'v14.bug.tail_hole': () => {
    const s = written();
    expect(s.lab.madvise(s.p, A, PAGES + 4, 'MADV_VOLATILE')).toBe(0);
    expect(isVolatile(s, A)).toBe(true);
  },
};

const purging: Record<string, Case> = {
  'v14.nonvol_clean': () => {
    const s = written();
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    expect(nonvolatile(s)).toEqual([0, 0]);
    expect(isVolatile(s, A)).toBe(false);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(NEW);
  },
  'v14.nonvol_purged': () => {
    const s = purged();
    expect(nonvolatile(s)).toEqual([0, 1]);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(ZEROS);
    // The markers are gone.
    expect(nonvolatile(s)).toEqual([0, 0]);
  },
  'v14.subrange': () => {
    const s = written();
    expect(s.lab.madvise(s.p, A, 8, 'MADV_VOLATILE')).toBe(0);
    s.lab.pressure(2 * LIMIT);
    expect(s.lab.madvise(s.p, A + 8, 8, 'MADV_VOLATILE')).toBe(0);
    // The first eight pages are purged, the others are in swap.
    expect(nonvolatile(s, A + 8, 8)).toEqual([0, 0]);
    expect(nonvolatile(s, A, 1)).toEqual([0, 1]);
  },
  'v14.access_purged': () => {
    const s = purged();
    expect(s.lab.read(s.p, A, 2)).toEqual(['SIGBUS', 'SIGBUS']);
    expect(s.lab.write(s.p, A + 2, 1, 1)).toBe(false);
    expect(s.lab.m.counters.sigbus).toBe(3);
  },
  'v14.access_intact': () => {
    const s = written();
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(NEW);
    expect(s.lab.write(s.p, A, PAGES, 101)).toBe(true);
    expect(isVolatile(s, A)).toBe(true);
    s.lab.pressure(2 * LIMIT);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(NEW.map(() => 'SIGBUS'));
  },
  'v14.swapped': () => {
    const s = written();
    s.lab.pressure(2 * LIMIT);
    expect(s.lab.stat(s.p, A, PAGES)).toMatchObject({ rss: 0, swap: PAGES });
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    s.lab.pressure(2 * LIMIT);
    expect(s.lab.m.counters.purged_pages).toBe(0);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(NEW);
  },
  'v14.noswap': () => {
    const s = written('anon', 'none');
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    // Page cache is what there is to reclaim.
    const file = s.lab.object(2 * LIMIT, 'file:big');
    s.lab.pread(file, 0, 2 * LIMIT);
    expect(s.lab.m.counters.purged_pages).toBe(0);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(NEW);
  },
  'v14.shared_fork': () => {
    const s = written();
    const q = s.lab.fork(s.p);
    expect(s.lab.madvise(s.p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    s.lab.pressure(2 * LIMIT);
    // The other process finds its data; this one finds it, or a SIGBUS that the patch owes to its rmap walk.
    expect(s.lab.read(q, A, PAGES)).toEqual(NEW);
    for (const [i, found] of s.lab.read(s.p, A, PAGES).entries()) expect([i + 1, 'SIGBUS']).toContain(found);
  },
  'v14.mergeable_volatile': () => {
    const lab = new Lab({ swap: 'ssd', limit: LIMIT, purge: 'page-lru', merge: 'ksm:sleep_millisecs=0' });
    const p = lab.spawn();
    lab.map(p, A, PAGES, 'anon');
    for (let i = 0; i < PAGES; i++) lab.write(p, A + i, 1, 7);
    lab.madvise(p, A, PAGES, 'MADV_MERGEABLE');
    lab.fullScans(2);
    expect(lab.madvise(p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    lab.pressure(2 * LIMIT);
    // The page is swapped as others are: the patch's walk of the reverse map finds no merged pages.
    expect(lab.m.counters.purged_pages).toBe(0);
    expect(lab.read(p, A, PAGES)).toEqual(Array(PAGES).fill(7));
  },
};

const onAshmem: Record<string, Case> = {
  'ashmem.pin_clean': () => {
    const s = ashmem();
    expect(s.unpin(0, PAGES)).toBe(0);
    expect(nonvolatile(s)).toEqual([0, 0]);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(NEW);
  },
  'ashmem.pin_purged': () => {
    const s = ashmem('none');
    expect(s.unpin(0, PAGES)).toBe(0);
    shrinkAll(s);
    // Both halves that a pin in the middle leaves keep the flag: pages of them are said to be purged, too.
    expect(nonvolatile(s, A + 6, 4)).toEqual([0, 1]);
    expect(nonvolatile(s, A + 6, 4)).toEqual([0, 0]);
    expect(nonvolatile(s, A, 1)).toEqual([0, 1]);
    expect(nonvolatile(s, A + 15, 1)).toEqual([0, 1]);
    // A false positive: the range is purged, the page that is pinned came after that.
    expect(s.lab.write(s.p, A + 12, 1, 99)).toBe(true);
    expect(nonvolatile(s, A + 12, 1)).toEqual([0, 1]);
    expect(s.lab.read(s.p, A + 12, 1)).toEqual([99]);
  },
  'ashmem.access_purged': () => {
    const s = ashmem('none');
    s.unpin(0, PAGES);
    shrinkAll(s);
    expect(s.lab.m.counters.purged_pages).toBe(PAGES);
    expect(s.lab.read(s.p, A, PAGES)).toEqual(ZEROS);
    expect(s.lab.m.counters.sigbus).toBe(0);
  },
  'ashmem.fifo': () => {
    const s = ashmem('none');
    s.unpin(8, 8);
    s.unpin(0, 8);
    // One page more than there is room for. Shared memory without swap is on no list, so that the search looks at nothing,
    // which counts as 32 pages: they ask for 2 * 32 * 16 / (80 + 1) = 12 of the 16 volatile pages, but no range is cut.
    s.lab.pressure(LIMIT - PAGES + 1);
    expect(s.lab.m.counters).toMatchObject({ purged_pages: PAGES, purged_ranges: 2 });
    // With ranges of 16 and 4 pages the first is more than the 2 * 32 * 20 / 101 = 12 that are asked for.
    const t = written('shared:shmem@0', 'none', 'range-fifo');
    t.lab.map(t.p, A + 100, 20, 'anon');
    t.lab.write(t.p, A + 100, 20, 50);
    expect(t.lab.madvise(t.p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    expect(t.lab.madvise(t.p, A + 100, 4, 'MADV_VOLATILE')).toBe(0);
    t.lab.pressure(LIMIT - PAGES - 20 + 1);
    expect(t.lab.contents(t.p, A, PAGES)).toEqual(ZEROS);
    expect(t.lab.contents(t.p, A + 100, 4)).toEqual([50, 51, 52, 53]);
  },
  'ashmem.merge': () => {
    const s = ashmem('none');
    s.unpin(0, 8);
    s.lab.pressure(LIMIT - PAGES + 1);
    expect(s.lab.m.counters.purged_pages).toBe(8);
    // The range that overlaps is one with the purged one from then on, and on no list: its fresh pages are left alone.
    s.lab.write(s.p, A + 4, 4, 51);
    s.unpin(4, 8);
    s.lab.pread(s.lab.object(16, 'file:cache'), 0, 16);
    s.lab.pressure(LIMIT - 12);
    expect(s.lab.m.counters).toMatchObject({ purged_pages: 8, pgsteal_direct: 16 });
    expect(s.lab.read(s.p, A + 4, 8)).toEqual([51, 52, 53, 54, 9, 10, 11, 12]);
    expect(nonvolatile(s, A + 11, 1)).toEqual([0, 1]);
  },
  'ashmem.misaligned': () => {
    const s = ashmem();
    s.unpin(0, PAGES);
    for (const [address, length] of [
      [A * PAGE + 1, PAGE],
      [A * PAGE, PAGE + 1],
    ] as const)
      expect(s.lab.madviseBytes(s.p, address, length, 'MADV_NONVOLATILE').errno).toBe('EINVAL');
    expect(s.lab.m.pages.volatileCount).toBe(PAGES);
  },
  'ashmem.len0': () => {
    const s = ashmem();
    expect(s.lab.madviseBytes(s.p, (A + 4) * PAGE, 0, 'MADV_VOLATILE').errno).toBe(0);
    expect(s.lab.m.pages.volatileCount).toBe(PAGES - 4);
    expect(s.lab.madviseBytes(s.p, (A + 8) * PAGE, 0, 'MADV_NONVOLATILE').errno).toBe(0);
    expect(s.lab.m.pages.volatileCount).toBe(4);
  },
};

const elsewhere: Record<string, Case> = {
  'vrange.partial': skip(
    'vrange(2) itself is not modelled: its ranges are marked by MADV_VOLATILE, wholly or not',
  ),
  'vrange.purged': () => {
    const s = twoRanges();
    expect(nonvolatile(s, A, 8)).toEqual([0, 1]);
    expect(nonvolatile(s, A + 8, 8)).toEqual([0, 0]);
  },
  'vrange.whole': () => {
    const s = twoRanges();
    expect(s.lab.m.counters).toMatchObject({ purged_pages: 8, purged_ranges: 1 });
    expect(s.lab.stat(s.p, A, 8).rss).toBe(0);
    expect(s.lab.stat(s.p, A + 8, 8).rss).toBe(8);
    // The tree of an address space, and that of an object: the one that was marked first goes, whichever it belongs to.
    for (const first of [A, A + 100]) {
      const t = written('anon', 'ssd', 'range-lru');
      t.lab.map(t.p, A + 100, PAGES, `shared:${t.lab.object(PAGES, 'shmem:o').name}@0`);
      t.lab.write(t.p, A + 100, PAGES, 1);
      for (const page of [first, 2 * A + 100 - first])
        expect(t.lab.madvise(t.p, page, PAGES, 'MADV_VOLATILE')).toBe(0);
      t.lab.pressure(LIMIT - 2 * PAGES + 1);
      expect(t.lab.contents(t.p, first, PAGES)).toEqual(ZEROS);
      expect(t.lab.contents(t.p, 2 * A + 100 - first, PAGES)).toEqual(NEW);
    }
  },
  'droppable.purge': () => {
    const s = written('anon droppable');
    s.lab.pressure(2 * LIMIT);
    expect(s.lab.stat(s.p, A, PAGES)).toMatchObject({ rss: 0, swap: 0 });
    expect(s.lab.read(s.p, A, PAGES)).toEqual(ZEROS);
    expect(s.lab.m.counters.sigbus).toBe(0);
  },
};

conform(
  'volatile.json',
  jsonCases('volatile.json').map(({ id }) => id),
  { ...marking, ...purging, ...onAshmem, ...elsewhere },
);
