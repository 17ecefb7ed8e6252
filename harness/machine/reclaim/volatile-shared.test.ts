import { describe, expect, it } from 'vitest';
import { Lab, PAGE } from '../../testing/lab.js';
import { closeObject } from '../object/lifetime.js';
import type { Space } from '../state/space.js';

const A = 100;
const PAGES = 8;
const LIMIT = PAGES + 32;
const NEW = Array.from({ length: PAGES }, (_, i) => i + 1);
const ZEROS = NEW.map(() => 0);

/** Two processes that map an object, at different places; pages 1 to 8 of contents. */
function shared(purge = 'range-lru', swap: 'none' | 'ssd' = 'none') {
  const lab = new Lab({ purge, swap, limit: LIMIT });
  const object = lab.object(PAGES, 'shmem:o');
  const [p, q] = [lab.spawn(), lab.spawn()];
  lab.map(p, A, PAGES, 'shared:o@0');
  lab.map(q, A + 50, PAGES, 'shared:o@0');
  lab.write(p, A, PAGES, 1);
  lab.read(q, A + 50, PAGES);
  const press = () => lab.pressure(LIMIT - PAGES + 1);
  const mark = (space: Space, first: number, count: number) =>
    lab.madvise(space, (space === p ? A : A + 50) + first, count, 'MADV_VOLATILE');
  const pin = (space: Space, first = 0, count = PAGES) =>
    lab.madviseBytes(space, ((space === p ? A : A + 50) + first) * PAGE, count * PAGE, 'MADV_NONVOLATILE');
  return { lab, object, p, q, press, mark, pin };
}

/** Contents of the object as the first process finds them. */
const found = ({ lab, p }: ReturnType<typeof shared>) => lab.contents(p, A, PAGES);

describe('shared volatile memory', () => {
  it('is the object\u2019s: purging unmaps its pages everywhere, and frees frame and slot', () => {
    const s = shared();
    expect(s.mark(s.p, 0, PAGES)).toBe(0);
    expect(s.lab.m.pages.volatileCount).toBe(PAGES);
    s.press();
    expect(s.lab.stat(s.p, A, PAGES).rss + s.lab.stat(s.q, A + 50, PAGES).rss).toBe(0);
    expect(s.object.blocks).toBe(0);
    // The other process hears of it: by a signal, and when it makes the memory non-volatile.
    expect(s.lab.read(s.q, A + 50, 1)).toEqual(['SIGBUS']);
    expect(s.pin(s.q).value).toBe(1);
    expect(s.lab.read(s.q, A + 50, PAGES)).toEqual(ZEROS);
    expect(s.lab.m.counters).toMatchObject({ purged_pages: PAGES, purged_ranges: 1, purge_faults: 1 });
  });

  it('pages in swap go with their range', () => {
    const s = shared('range-lru', 'ssd');
    s.lab.pressure(2 * LIMIT);
    expect(s.lab.m.swap.inUse).toBe(PAGES);
    s.mark(s.p, 0, PAGES);
    s.lab.write(s.p, A, 1, 1); // one page of the range in memory
    s.lab.pressure(LIMIT);
    expect(found(s)).toEqual(ZEROS);
    expect(s.lab.m.swap.inUse).toBe(0);
  });

  it('the last call counts, from any space', () => {
    const s = shared();
    s.mark(s.p, 0, PAGES);
    expect(s.pin(s.q, 2, 3)).toMatchObject({ errno: 0, value: 0 });
    s.lab.pressure(LIMIT - PAGES + 3);
    expect(found(s)).toEqual([0, 0, 3, 4, 5, 0, 0, 0]);
    // Pages 5 to 7 were a range of their own; a pin of the middle hears of nothing.
    expect(s.pin(s.p, 2, 3).value).toBe(0);
    expect(s.pin(s.p, 5, 1).value).toBe(1);
  });

  it('a range of two mappings of one object is one range', () => {
    const s = shared('range-lru:report=range');
    s.lab.protect(s.p, A + 4, 4, 'ro');
    expect(s.p.vmas).toHaveLength(2);
    s.mark(s.p, 0, PAGES);
    s.press();
    expect(s.lab.m.counters).toMatchObject({ purged_pages: PAGES, purged_ranges: 1 });
  });

  it('private copies of an object\u2019s pages survive, and private mappings cannot be marked', () => {
    const s = shared();
    s.lab.map(s.q, 500, PAGES, 'private:o@0');
    s.lab.write(s.q, 500, 1, 77);
    expect(s.lab.madvise(s.q, 500, PAGES, 'MADV_VOLATILE')).toBe('EINVAL');
    s.mark(s.p, 0, PAGES);
    s.lab.pressure(LIMIT - PAGES);
    expect(found(s)).toEqual(ZEROS);
    expect(s.lab.read(s.q, 500, 1)).toEqual([77]);
    expect(s.lab.read(s.q, 501, 1)).toEqual(['SIGBUS']);
    expect(s.lab.write(s.q, 501, 1, 5)).toBe(false);
  });

  it('files are refused by every policy', () => {
    for (const purge of [
      'range-lru',
      'range-fifo',
      'page-lru:shared=1',
      'lazyfree',
      'old-first',
      'young-first',
    ]) {
      const lab = new Lab({ purge });
      const p = lab.spawn();
      lab.object(4, 'file:f');
      lab.map(p, 0, 4, 'shared:f@0');
      expect(lab.madvise(p, 0, 4, 'MADV_VOLATILE'), purge).toBe('EINVAL');
    }
  });

  it('page-lru as posted, and lazyfree, refuse shared memory', () => {
    for (const purge of ['page-lru', 'lazyfree']) expect(shared(purge).lab.m.purge.rules.shared).toBe(false);
    const s = shared('page-lru');
    expect(s.mark(s.p, 0, PAGES)).toBe('EINVAL');
    expect(shared('lazyfree').mark(s.p, 0, 1)).toBe('ENOMEM'); // a process that maps nothing there
  });

  it('page-lru:shared=1 purges pages as reclaim meets them, and reports exactly', () => {
    const s = shared('page-lru:shared=1', 'ssd');
    s.mark(s.p, 0, 4);
    s.lab.pressure(2 * LIMIT);
    expect(found(s)).toEqual([0, 0, 0, 0, 5, 6, 7, 8]);
    expect(s.pin(s.q, 4, 4).value).toBe(0);
    expect(s.pin(s.q, 3, 2).value).toBe(1);
    expect(s.lab.m.counters).toMatchObject({ purged_pages: 4, purged_ranges: 1 });
  });

  it('shared anonymous memory is an object, too', () => {
    const lab = new Lab({ purge: 'range-fifo', limit: LIMIT });
    const p = lab.spawn();
    lab.map(p, A, PAGES, 'anon-shared');
    lab.write(p, A, PAGES, 1);
    const child = lab.fork(p);
    expect(lab.madvise(p, A, PAGES, 'MADV_VOLATILE')).toBe(0);
    lab.pressure(LIMIT - PAGES + 1);
    expect(lab.read(child, A, PAGES)).toEqual(ZEROS);
    expect(lab.m.pages.volatileCount).toBe(PAGES); // what is made in a volatile part is volatile
    lab.exit(p);
    lab.exit(child);
    expect([...lab.m.purge.marks.all()]).toEqual([]);
  });
});

describe('what happens to the marks of an object', () => {
  it('munmap and exit of one who maps it: they stay', () => {
    const s = shared();
    s.mark(s.q, 0, PAGES);
    s.lab.exit(s.q);
    s.press();
    expect(found(s)).toEqual(ZEROS);
    expect(s.pin(s.p).value).toBe(1);
  });

  it('close and the last munmap: they go with the object', () => {
    const s = shared();
    s.mark(s.p, 0, PAGES);
    closeObject(s.lab.m, 'o');
    s.lab.unmap(s.p, A, PAGES);
    expect([...s.lab.m.purge.marks.all()]).toHaveLength(1);
    s.lab.unmap(s.q, A + 50, PAGES);
    expect([...s.lab.m.purge.marks.all()]).toEqual([]);
    expect(s.lab.m.purge.marks.queue.first).toBeUndefined();
  });

  it('truncate: those beyond the end go, and do not come back with it', () => {
    const s = shared();
    s.mark(s.p, 0, PAGES);
    s.press();
    s.lab.truncate(s.object, 4);
    s.lab.truncate(s.object, PAGES);
    expect(s.lab.read(s.p, A + 4, 4)).toEqual([0, 0, 0, 0]);
    expect(s.lab.read(s.p, A + 3, 1)).toEqual(['SIGBUS']);
    expect(s.lab.m.pages.volatileCount).toBe(0);
    // What lies beyond the end is not marked either.
    s.lab.truncate(s.object, 2);
    expect(s.mark(s.p, 0, PAGES)).toBe(0);
    s.lab.truncate(s.object, PAGES);
    s.lab.write(s.p, A + 6, 1, 1);
    expect(s.lab.m.pages.volatileCount).toBe(0);
  });

  it('a hole: the part stays volatile; what the program dropped itself was not purged', () => {
    const s = shared('range-lru:report=page');
    s.mark(s.p, 0, PAGES);
    expect(s.lab.punch(s.object, 0, 2 * PAGE)).toBe(0);
    s.lab.pressure(LIMIT - PAGES + 3);
    expect(s.lab.m.counters.purged_pages).toBe(PAGES - 2);
    expect(s.lab.read(s.q, A + 50, 3)).toEqual([0, 0, 'SIGBUS']);
    // Dropped after it was purged: nothing is told of it either.
    expect(s.lab.madvise(s.q, A + 52, 1, 'MADV_REMOVE')).toBe(0);
    expect(s.pin(s.p, 0, 3).value).toBe(0);
    expect(s.pin(s.p, 3, 1).value).toBe(1);
  });

  it('pread finds zeros without a signal, pwrite makes the page again, and the loss is reported', () => {
    const s = shared('range-lru:report=page');
    s.mark(s.p, 0, PAGES);
    s.press();
    expect(s.lab.pread(s.object, 0, 2)).toEqual([0, 0]);
    s.lab.pwrite(s.object, 1, 1, 9);
    expect(s.lab.read(s.p, A, 2)).toEqual(['SIGBUS', 9]);
    expect(s.lab.m.pages.volatileCount).toBe(1);
    expect(s.pin(s.p, 1, 1).value).toBe(1);
    expect(s.pin(s.p, 1, 1).value).toBe(0);
  });
});

describe('mlock', () => {
  it('what is locked cannot be marked', () => {
    const s = shared();
    s.lab.lock(s.p, A, 2);
    expect(s.mark(s.p, 0, PAGES)).toBe('EINVAL');
    expect(s.lab.m.pages.volatileCount).toBe(0);
  });

  it('what is locked later, by anyone, stays until it is unlocked', () => {
    for (const purge of ['range-lru', 'range-lru:unit=page', 'page-lru:shared=1,aging=1']) {
      const s = shared(purge);
      s.mark(s.p, 0, PAGES);
      s.lab.lock(s.q, A + 50, 2);
      s.lab.pressure(LIMIT - 2);
      expect(found(s), purge).toEqual([1, 2, 0, 0, 0, 0, 0, 0]);
      s.lab.unmap(s.q, A + 50, 2);
      s.lab.pressure(LIMIT);
      expect(found(s), purge).toEqual(ZEROS);
    }
  });

  it('private memory that is locked later stays, too', () => {
    const lab = new Lab({ limit: LIMIT });
    const p = lab.spawn();
    lab.map(p, A, PAGES, 'anon');
    lab.write(p, A, PAGES, 1);
    lab.madvise(p, A, PAGES, 'MADV_VOLATILE');
    lab.lock(p, A, 1);
    lab.pressure(LIMIT - 1);
    expect(lab.contents(p, A, 2)).toEqual([1, 0]);
  });
});

describe('what happens to the marks of private memory', () => {
  function own(purge: string, merge?: string) {
    const lab = new Lab({ purge, limit: LIMIT, swap: 'ssd', ...(merge ? { merge } : {}) });
    const p = lab.spawn();
    lab.map(p, A, PAGES, 'anon');
    lab.write(p, A, PAGES, 1);
    return { lab, p };
  }
  const pinAt = (lab: Lab, space: Space, page: number) =>
    lab.madviseBytes(space, page * PAGE, PAGE, 'MADV_NONVOLATILE').value;

  it('fork copies them, with what was purged; each side pins its own', () => {
    for (const purge of [
      'range-lru:access=zero',
      'range-lru:access=zero,report=page',
      'page-lru:access=zero',
    ]) {
      const { lab, p } = own(purge);
      lab.madvise(p, A, PAGES, 'MADV_VOLATILE');
      lab.pressure(2 * LIMIT);
      expect(lab.read(p, A, 1)).toEqual([0]);
      const child = lab.fork(p);
      expect([pinAt(lab, child, A), pinAt(lab, child, A + 1)], purge).toEqual([1, 1]);
      expect([pinAt(lab, p, A), pinAt(lab, p, A + 1)], purge).toEqual([1, 1]);
      expect([pinAt(lab, p, A), pinAt(lab, child, A)], purge).toEqual([0, 0]);
    }
  });

  it('mremap takes them along, with their place in the order and what was purged', () => {
    const { lab, p } = own('range-lru:access=zero,report=page');
    lab.map(p, 300, PAGES, 'anon');
    lab.write(p, 300, PAGES, 50);
    lab.madvise(p, A, PAGES, 'MADV_VOLATILE');
    lab.madvise(p, 300, PAGES, 'MADV_VOLATILE');
    lab.remap(p, A, PAGES, 500);
    lab.pressure(LIMIT - 2 * PAGES + 1);
    expect(lab.contents(p, 500, PAGES)).toEqual(ZEROS);
    expect(lab.contents(p, 300, 1)).toEqual([50]);
    lab.read(p, 500, 1);
    lab.remap(p, 500, PAGES, 700);
    expect([pinAt(lab, p, 700), pinAt(lab, p, 701)]).toEqual([1, 1]);
  });

  it('munmap and MADV_DONTNEED end them: nothing is reported of what the program dropped itself', () => {
    const { lab, p } = own('range-lru:access=zero,report=page');
    lab.madvise(p, A, PAGES, 'MADV_VOLATILE');
    lab.pressure(2 * LIMIT);
    lab.read(p, A, 2);
    lab.madvise(p, A, 1, 'MADV_DONTNEED');
    lab.madvise(p, A + 2, 1, 'MADV_DONTNEED');
    expect([0, 1, 2, 3].map((page) => pinAt(lab, p, A + page))).toEqual([0, 1, 0, 1]);
    lab.unmap(p, A, PAGES);
    lab.map(p, A, PAGES, 'anon');
    expect(pinAt(lab, p, A + 4)).toBe(0);
  });

  it('merged pages are not purged, under any policy; copies of them are', () => {
    for (const purge of ['range-lru', 'range-lru:unit=page', 'page-lru', 'old-first:when=with']) {
      const { lab, p } = own(purge, 'ksm:sleep_millisecs=0');
      for (let i = 0; i < PAGES; i++) lab.write(p, A + i, 1, 7);
      lab.madvise(p, A, PAGES, 'MADV_MERGEABLE');
      lab.fullScans(2);
      lab.madvise(p, A, PAGES, 'MADV_VOLATILE');
      lab.write(p, A, 1, 8);
      lab.pressure(LIMIT);
      expect(lab.m.counters.purged_pages, purge).toBe(1);
      expect(lab.contents(p, A, 3), purge).toEqual([0, 7, 7]);
    }
  });
});
