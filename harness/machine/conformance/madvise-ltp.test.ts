import { expect } from 'vitest';
import { type Case, conform, each, jsonCases, skip } from '../../testing/conformance.js';
import { Lab, PAGE } from '../../testing/lab.js';
import type { Advice } from '../../trace/op.js';
import { VM } from '../state/vma.js';

/** Where the mapping of a case begins, and LTP's 40960 bytes. */
const A = 100;
const PAGES = 10;

const POISON = 'memory errors (MADV_HWPOISON) are not modelled';

/** madvise01: each advice is accepted, and only what gives memory back changes what a program reads. */
function accepts(advice: Advice, map: 'shared:o@0' | 'anon', after: 'data' | 'zero' = 'data'): Case {
  return () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.object(PAGES, 'shmem:o');
    lab.map(p, A, PAGES, map);
    lab.write(p, A, PAGES, 1);
    expect(lab.madvise(p, A, PAGES, advice)).toBe(0);
    expect(lab.read(p, A, PAGES)).toEqual(
      Array.from({ length: PAGES }, (_, i) => (after === 'data' ? i + 1 : 0)),
    );
  };
}

/** A process that maps the whole of a file, as most cases of madvise02. */
function fileMapping(map = 'shared:o@0 ro') {
  const lab = new Lab();
  const p = lab.spawn();
  lab.object(PAGES, 'file:o =1+');
  lab.map(p, A, PAGES, map);
  return { lab, p };
}

/** madvise02 on a file mapping that is locked: refused before anything else is asked, and nothing changes. */
function refusedWhenLocked(advice: Advice): Case {
  return () => {
    const { lab, p } = fileMapping();
    lab.lock(p, A, PAGES);
    expect(lab.madvise(p, A, PAGES, advice)).toBe('EINVAL');
    expect(lab.read(p, A, PAGES)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lab.stat(p, A, PAGES).rss).toBe(PAGES);
  };
}

function wipeOnForkRefused(map: string): Case {
  return () => {
    const { lab, p } = fileMapping(map);
    expect(lab.madvise(p, A, PAGES, 'MADV_WIPEONFORK')).toBe('EINVAL');
    expect(lab.vma(p, A).has(VM.wipeOnFork)).toBe(false);
  };
}

/** The advice that a case of madvise01 is named after. */
function adviceOf(id: string): Advice {
  return id.replace('ltp.madvise01.', 'MADV_') as Advice;
}

const FILE_ADVICE =
  'NORMAL RANDOM SEQUENTIAL WILLNEED DONTNEED DONTFORK DOFORK MERGEABLE UNMERGEABLE DONTDUMP DODUMP';
const ANON_ADVICE = 'HUGEPAGE NOHUGEPAGE FREE WIPEONFORK KEEPONFORK COLD PAGEOUT';
const ids = (names: string) => names.split(' ').map((name) => `ltp.madvise01.${name}`);

const accepted: Record<string, Case> = {
  ...each(ids(FILE_ADVICE), (id) => accepts(adviceOf(id), 'shared:o@0')),
  ...each(ids(ANON_ADVICE), (id) => accepts(adviceOf(id), 'anon')),
  'ltp.madvise01.REMOVE': accepts('MADV_REMOVE', 'shared:o@0', 'zero'),
  'ltp.madvise01.HWPOISON': skip(POISON),
};

function refusedWithoutKsm(advice: Advice): Case {
  return () => {
    const { lab, p } = fileMapping();
    lab.ksm('configured', 0);
    expect(lab.madvise(p, A, PAGES, advice)).toBe('EINVAL');
  };
}

const refused: Record<string, Case> = {
  'ltp.madvise02.unaligned': () => {
    const { lab, p } = fileMapping();
    expect(lab.madviseBytes(p, A * PAGE + 1, PAGES * PAGE, 'MADV_NORMAL').errno).toBe('EINVAL');
  },
  'ltp.madvise02.badadvice': () => {
    const { lab, p } = fileMapping();
    expect(lab.madvise(p, A, PAGES, 1212)).toBe('EINVAL');
  },
  'ltp.madvise02.remove_locked': refusedWhenLocked('MADV_REMOVE'),
  'ltp.madvise02.dontneed_locked': refusedWhenLocked('MADV_DONTNEED'),
  'ltp.madvise02.mergeable_noksm': refusedWithoutKsm('MADV_MERGEABLE'),
  'ltp.madvise02.unmergeable_noksm': refusedWithoutKsm('MADV_UNMERGEABLE'),
  'ltp.madvise02.normal_hole': () => {
    const { lab, p } = fileMapping('shared:o@0 ro random');
    lab.unmap(p, A + PAGES - 1, 1);
    expect(lab.madvise(p, A, PAGES, 'MADV_NORMAL')).toBe('ENOMEM');
    // The part that is mapped has been done.
    expect(lab.vma(p, A).has(VM.random)).toBe(false);
  },
  'ltp.madvise02.willneed_hole': () => {
    const { lab, p } = fileMapping();
    lab.unmap(p, A + PAGES - 1, 1);
    expect(lab.inCore(p, A)).toBe(false);
    expect(lab.madvise(p, A, PAGES, 'MADV_WILLNEED')).toBe('ENOMEM');
    expect(lab.inCore(p, A)).toBe(true);
  },
  'ltp.madvise02.free_file': () => {
    const { lab, p } = fileMapping();
    expect(lab.madvise(p, A, PAGES, 'MADV_FREE')).toBe('EINVAL');
  },
  'ltp.madvise02.wipeonfork.MAP_SHARED_file': wipeOnForkRefused('shared:o@0'),
  'ltp.madvise02.wipeonfork.MAP_SHARED_anon': wipeOnForkRefused('anon-shared'),
  'ltp.madvise02.wipeonfork.MAP_PRIVATE_file': wipeOnForkRefused('private:o@0'),
};

/** LTP counts in MiB; here one of them is 16 pages, so that a run is quick. */
const MIB = 16;

const effects: Record<string, Case> = {
  'ltp.madvise03': () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, A, 2, 'anon');
    lab.write(p, A, 2, 1);
    expect(lab.stat(p, A, 2).rss).toBe(2);
    expect(lab.madvise(p, A, 2, 'MADV_DONTNEED')).toBe(0);
    expect(lab.stat(p, A, 2).rss).toBe(0);
    expect(lab.read(p, A, 2)).toEqual([0, 0]);
  },
  'ltp.madvise05': () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, A, PAGES, 'anon populate');
    lab.protect(p, A, PAGES, 'none');
    expect(lab.madvise(p, A, PAGES, 'MADV_WILLNEED')).toBe(0);
  },
  'ltp.madvise06': () => {
    const lab = new Lab({ swap: 'ssd', limit: 200 * MIB });
    const p = lab.spawn();
    lab.object(400 * MIB, 'shmem:o');
    lab.map(p, 0, 400 * MIB, 'shared:o@0');
    lab.write(p, 0, 400 * MIB, 1);
    expect(lab.inCore(p, 0)).toBe(false);
    const before = lab.m.frames.inSwapCache;
    expect(lab.madvise(p, 0, 200 * MIB, 'MADV_WILLNEED')).toBe(0);
    expect(lab.m.frames.inSwapCache - before).toBeGreaterThan(100 * MIB);
    const majors = lab.m.counters.pgmajfault;
    const prefetched = Array.from({ length: 200 * MIB }, (_, page) => page).filter((page) =>
      lab.inCore(p, page),
    );
    for (const page of prefetched.slice(0, 3)) expect(lab.read(p, page, 1)).toEqual([page + 1]);
    expect(lab.m.counters.pgmajfault - majors).toBeLessThanOrEqual(2);
  },
  'ltp.madvise09': () => {
    const lab = new Lab({ swap: 'ssd', limit: 16 * 128 });
    const p = lab.spawn();
    lab.map(p, 0, 128, 'anon');
    lab.write(p, 0, 128, 1);
    expect(lab.madvise(p, 0, 128, 'MADV_FREE')).toBe(0);
    expect(lab.read(p, 1, 1)).toEqual([2]);
    lab.write(p, 0, 1, 1001);
    lab.write(p, 10, 1, 1011);
    lab.pressure(2 * 16 * 128);
    const after = lab.read(p, 0, 128);
    expect(after).toContain(0);
    expect([after[0], after[10]]).toEqual([1001, 1011]);
    // Every other page is wholly old or wholly zero.
    for (const [page, content] of after.entries()) {
      if (page !== 0 && page !== 10) expect([0, page + 1]).toContain(content);
    }
  },
  'ltp.madvise10': () => {
    const lab = new Lab();
    const p = lab.spawn();
    lab.map(p, A, 2, 'anon');
    lab.write(p, A, 2, 1);
    expect(lab.madvise(p, A, 0, 'MADV_WIPEONFORK')).toBe(0);
    expect(lab.read(lab.fork(p), A, 2)).toEqual([1, 2]);
    expect(lab.madvise(p, A, 2, 'MADV_WIPEONFORK')).toBe(0);
    const child = lab.fork(p);
    expect(lab.read(child, A, 2)).toEqual([0, 0]);
    // The child inherits the property.
    lab.write(child, A, 2, 11);
    expect(lab.read(lab.fork(child), A, 2)).toEqual([0, 0]);
    expect(lab.madvise(p, A, 2, 'MADV_KEEPONFORK')).toBe(0);
    expect(lab.read(lab.fork(p), A, 2)).toEqual([1, 2]);
  },
  'ltp.madvise12': skip('guard pages (MADV_GUARD_INSTALL, MADV_GUARD_REMOVE) are not modelled'),
  // It does not matter who calls: an advice names its space. process_madvise returns the bytes it advised.
  'ltp.process_madvise01': () => {
    const lab = new Lab({ swap: 'ssd' });
    const p = lab.spawn();
    const pages = 2 ** 20 / PAGE;
    lab.map(p, A, pages, 'anon-shared');
    lab.write(p, A, pages, 1);
    const { errno, pages: advised } = lab.madviseBytes(p, A * PAGE, 2 ** 20, 'MADV_PAGEOUT');
    expect([errno, advised * PAGE]).toEqual([0, 1_048_576]);
    expect(lab.stat(p, A, pages).swap).toBe(pages);
    expect(lab.read(p, A, pages)).toEqual(Array.from({ length: pages }, (_, i) => i + 1));
  },
  'ltp.mincore04': () => {
    const lab = new Lab();
    const parent = lab.spawn();
    lab.map(parent, A, 3, 'anon-shared');
    const child = lab.fork(parent);
    lab.lock(child, A, 3);
    expect([0, 1, 2].map((i) => lab.inCore(parent, A + i))).toEqual([true, true, true]);
  },
};

conform(
  'madvise.json, ids ltp.*',
  jsonCases('madvise.json')
    .map(({ id }) => id)
    .filter((id) => id.startsWith('ltp.')),
  { ...accepted, ...refused, ...effects },
);
