import { expect } from 'vitest';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { type Case, conform, each, jsonCases, skip } from '../../testing/conformance.js';
import { Lab, PAGE } from '../../testing/lab.js';
import { FALLOC_FL } from '../../testing/syscall.js';
import type { Space } from '../state/space.js';
import type { SharedObject } from '../state/vma.js';

const A = 100;
const PAGES = 8;
const NEW = [1, 2, 3, 4, 5, 6, 7, 8];

const PROTECTION = 'cgroup protection (memory.min, memory.low) is not part of the model';
/** Pages of a hugetlb page. */
const HP = 512;

interface Scene {
  readonly lab: Lab;
  readonly p: Space;
  readonly o: SharedObject;
}

/** A process that has written all pages of an object through a shared mapping. */
function scene(object: string, options: ConstructorParameters<typeof Lab>[0] = {}): Scene {
  const lab = new Lab(options);
  const p = lab.spawn();
  const o = lab.object(PAGES, object);
  lab.map(p, A, PAGES, 'shared:o@0');
  lab.write(p, A, PAGES, 1);
  return { lab, p, o };
}

/** A hugetlb object of 4 pages of 2 MiB, of which the first ones are written, and a pool of 8. */
function hugeScene(written: number): Scene {
  const lab = new Lab();
  lab.m.set('vm.nr_hugepages', '8');
  const p = lab.spawn();
  const o = lab.object(4 * HP, 'hugetlb:o');
  lab.map(p, 0, 4 * HP, 'shared:o@0');
  for (let i = 0; i < written; i++) lab.write(p, i * HP, 1, 1);
  return { lab, p, o };
}

/** The kinds of objects that have holes. */
const KINDS = ['shmem:o', 'file:o'] as const;

/** SEEK_HOLE from a page on, in pages. */
function seekHole(o: SharedObject, from: number): number {
  let index = from;
  while (index < o.size && !o.isHole(index)) index++;
  return index;
}

const PUNCH = FALLOC_FL.punchHole | FALLOC_FL.keepSize;

const ltp: Record<string, Case> = {
  'ltp.fallocate02.rofd': () => {
    for (const kind of KINDS) {
      const { lab, o } = scene(kind);
      for (const mode of [0, FALLOC_FL.keepSize, PUNCH])
        expect(lab.fallocate(o, mode, 0, PAGE, false)).toBe('EBADF');
    }
  },
  'ltp.fallocate02.negoff': () => {
    const { lab, o } = scene('file:o');
    for (const mode of [0, PUNCH]) expect(lab.fallocate(o, mode, -1, PAGE)).toBe('EINVAL');
  },
  'ltp.fallocate02.len0': () => {
    const { lab, o } = scene('file:o');
    for (const mode of [0, PUNCH]) {
      expect(lab.fallocate(o, mode, 0, 0)).toBe('EINVAL');
      expect(lab.fallocate(o, mode, 0, -1)).toBe('EINVAL');
    }
  },
  'ltp.fallocate02.big': () => {
    const { lab, o } = scene('file:o');
    expect(lab.fallocate(o, 0, 2 ** 63 - PAGE, 2 * PAGE)).toBe('EFBIG');
    expect(lab.fallocate(o, 0, 0, 2 ** 63)).toBe('EFBIG');
    expect(o.size).toBe(PAGES);
  },
  'ltp.fallocate03': () => {
    for (const kind of KINDS) {
      for (const mode of [0, FALLOC_FL.keepSize]) {
        for (const index of [0, PAGES - 1, PAGES, PAGES + 4]) {
          const { lab, p, o } = scene(kind);
          expect(lab.fallocate(o, mode, index * PAGE, PAGE), `${kind} mode ${mode} page ${index}`).toBe(0);
          expect(o.size).toBe(mode === 0 ? Math.max(PAGES, index + 1) : PAGES);
          expect(lab.read(p, A, PAGES)).toEqual(NEW);
        }
      }
    }
  },
  'ltp.fallocate04.punch': () => {
    for (const kind of KINDS) {
      const lab = new Lab();
      const o = lab.object(3, kind);
      lab.pwrite(o, 0, 3, 1);
      expect(lab.punch(o, PAGE, PAGE)).toBe(0);
      expect([seekHole(o, 0), o.blocks, o.size]).toEqual([1, 2, 3]);
      expect(lab.pread(o, 0, 3)).toEqual([1, 0, 3]);
    }
  },
  'ltp.fallocate05': skip('file systems do not fill up: their free space is not modelled'),
  'ltp.fallocate06': () => {
    for (const kind of KINDS) {
      const { lab, p, o } = scene(kind);
      expect(lab.punch(o, 512, 3 * PAGE)).toBe(0);
      // Pages 0 and 3 keep some of their bytes, 1 and 2 none.
      expect(o.blocks).toBe(PAGES - 2);
      const [head, ...rest] = lab.read(p, A, PAGES);
      const [, , tail] = rest;
      expect(rest.slice(0, 2)).toEqual([0, 0]);
      for (const [content, old] of [
        [head, 1],
        [tail, 4],
      ]) {
        expect(content).not.toBe(old);
        expect(content).not.toBe(0);
      }
      expect(rest.slice(3)).toEqual([5, 6, 7, 8]);
    }
    // What a clean file keeps of its edges will have to be written.
    const lab = new Lab();
    const o = lab.object(PAGES, 'file:o =1+');
    lab.pread(o, 0, PAGES);
    expect(lab.punch(o, 512, 3 * PAGE)).toBe(0);
    const dirty = [0, 3, 4].map((index) => lab.m.pages.traits[o.page(index)]! & TRAIT.dirty);
    expect(dirty).toEqual([TRAIT.dirty, TRAIT.dirty, 0]);
  },
  'ltp.hugefallocate01': () => {
    const punched = (offset: number, length: number) => {
      const { lab, o } = hugeScene(4);
      expect(lab.fallocate(o, PUNCH, offset, length)).toBe(0);
      return 4 - lab.m.hugetlb.pool.inUse;
    };
    const bytes = HP * PAGE;
    expect([punched(0, 1), punched(0, 2 * bytes - 1), punched(1, bytes), punched(0, 2 * bytes)]).toEqual([
      0, 1, 0, 2,
    ]);
    const { lab, o } = hugeScene(0);
    for (const [offset, length, pages] of [
      [1, 1, 1],
      [bytes - 1, 2, 2],
      [2 * bytes, bytes + 1, 4],
    ] as const) {
      expect(lab.fallocate(o, 0, offset, length)).toBe(0);
      expect(lab.m.hugetlb.pool.inUse).toBe(pages);
    }
  },
  'ltp.hugefallocate02': () => {
    const { lab, o } = hugeScene(4);
    expect(lab.fallocate(o, PUNCH, 0, 4 * HP * PAGE)).toBe(0);
    expect([lab.m.hugetlb.pool.inUse, lab.m.hugetlb.pool.free]).toEqual([0, 8]);
  },
};

/** A shared-memory object whose pages are all in swap. */
function swappedOut(): Scene {
  const s = scene('shmem:o', { swap: 'ssd', limit: PAGES + 32 });
  s.lab.pressure(2 * (PAGES + 32));
  expect(s.lab.m.swap.inUse).toBe(PAGES);
  return s;
}

const shmem: Record<string, Case> = {
  'src.shmem.mode': () => {
    const { lab, o } = scene('shmem:o');
    const { keepSize, zeroRange } = FALLOC_FL;
    // COLLAPSE_RANGE, ZERO_RANGE, INSERT_RANGE, UNSHARE_RANGE
    for (const mode of [8, zeroRange, zeroRange | keepSize, 32, 64]) {
      expect(lab.fallocate(o, mode, 0, PAGE), `mode ${mode}`).toBe('EOPNOTSUPP');
    }
  },
  'src.shmem.punch_nokeep': () => {
    const { lab, o } = scene('shmem:o');
    expect(lab.fallocate(o, FALLOC_FL.punchHole, 0, PAGE)).toBe('EOPNOTSUPP');
  },
  'src.shmem.seal': () => {
    const { lab, p, o } = scene('shmem:o sealed');
    expect(lab.punch(o, 0, PAGES * PAGE)).toBe('EPERM');
    expect(lab.read(p, A, PAGES)).toEqual(NEW);
  },
  'src.shmem.swapped': () => {
    const { lab, p, o } = swappedOut();
    expect(lab.punch(o, 0, PAGES * PAGE)).toBe(0);
    expect([lab.m.swap.inUse, lab.m.counters.pswpin, o.blocks]).toEqual([0, 0, 0]);
    expect(lab.read(p, A, PAGES)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  },
  'src.shmem.partial_swapped': () => {
    const { lab, p, o } = swappedOut();
    expect(lab.punch(o, 100, 2 * PAGE - 100)).toBe(0);
    // The head page has come in, for the bytes that it keeps; the page behind it is gone without I/O.
    expect([lab.m.counters.pswpin, lab.m.swap.inUse, o.blocks]).toEqual([1, PAGES - 2, PAGES - 1]);
    expect(lab.m.pages.traits[o.page(0)]! & TRAIT.dirty).not.toBe(0);
    const [head, second] = lab.read(p, A, 2);
    expect([head === 1, head === 0, second]).toEqual([false, false, 0]);
  },
  'src.shmem.private_cow': () => {
    const { lab, p, o } = scene('shmem:o');
    lab.map(p, 200, PAGES, 'private:o@0');
    lab.write(p, 206, 1, 77);
    expect(lab.punch(o, 0, PAGES * PAGE)).toBe(0);
    expect(lab.read(p, 206, 1)).toEqual([77]);
    lab.truncate(o, 4);
    expect(lab.read(p, 206, 1)).toEqual(['SIGBUS']);
  },
  // Events are atomic: the fault comes after the hole, as it does once it has slept.
  'src.shmem.fault_in_range': () => {
    const { lab, p, o } = scene('shmem:o');
    expect(lab.punch(o, 0, PAGES * PAGE)).toBe(0);
    expect(lab.read(p, A + 3, 1)).toEqual([0]);
    expect([o.blocks, lab.stat(p, A, PAGES).rss]).toEqual([1, 1]);
  },
};

/** LTP counts in MiB of 256 pages. */
const MIB = 256;

const memcg: Record<string, Case> = {
  'ltp.memcontrol02.anon': () => {
    const lab = new Lab({ limit: 100 * MIB });
    expect(lab.m.frames.inUse).toBe(0);
    const p = lab.spawn();
    lab.map(p, 0, 50 * MIB, 'anon populate');
    expect(lab.m.frames.inUse).toBe(50 * MIB);
  },
  'ltp.memcontrol02.file': () => {
    const lab = new Lab({ limit: 100 * MIB });
    const o = lab.object(50 * MIB, 'file:o');
    lab.pread(o, 0, 50 * MIB);
    const cached = Array.from({ length: o.size }, (_, i) => lab.m.pages.resident[o.page(i)] === 1);
    expect(cached.filter(Boolean).length).toBe(50 * MIB);
    expect(lab.m.frames.inUse).toBe(50 * MIB);
  },
  ...each(
    ['ltp.memcontrol03.step1', 'ltp.memcontrol03.step2', 'ltp.memcontrol04.step1', 'ltp.memcontrol04.step2'],
    () => skip(PROTECTION),
  ),
  'ltp.swapping01': () => {
    const available = 10 * MIB;
    const lab = new Lab({ swap: 'ssd', limit: available });
    const p = lab.spawn();
    const wanted = Math.floor(1.3 * available);
    lab.map(p, 0, wanted, 'anon');
    for (let page = 0; page < wanted; page += MIB) {
      lab.write(p, page, Math.min(MIB, wanted - page));
      expect(lab.stat(p, 0, wanted).swap).toBeLessThanOrEqual(available);
    }
  },
};

conform(
  'fallocate_memcg.json',
  jsonCases('fallocate_memcg.json').map(({ id }) => id),
  { ...ltp, ...shmem, ...memcg },
);
