import { expect } from 'vitest';
import { InputError } from '../../base/errors.js';
import { type Case, conform, jsonCases, skip } from '../../testing/conformance.js';
import { sysfs } from '../../testing/ksm.js';
import { Lab } from '../../testing/lab.js';
import { frameOf } from '../entries/entry.js';
import type { Space } from '../state/space.js';
import { VM } from '../state/vma.js';

const TWO_NODES = 'more than one node is not modelled: all memory is on one';
const AT = 4096;
const STAR = 42;
/** The harness of ksm_tests.c waits for that many full scans. */
const SCANS = 3;
/** Pages of 2 MiB. */
const HUGE = 512;

interface Setup {
  readonly lab: Lab;
  readonly p: Space;
}

/** A process with mergeable pages of one content. */
function mergeable(pages: number, content: number, parameters = ''): Setup {
  const lab = new Lab({ merge: `ksm:sleep_millisecs=0,smart_scan=0${parameters}` });
  const p = lab.spawn();
  lab.map(p, AT, pages, 'anon');
  for (let i = 0; i < pages; i++) lab.write(p, AT + i, 1, content);
  expect(lab.madvise(p, AT, pages, 'MADV_MERGEABLE')).toBe(0);
  return { lab, p };
}

/** Whether two addresses of a range share a frame. */
function sharesFrames({ lab, p }: Setup, page: number, count: number): boolean {
  const frames = [];
  for (let vpn = page; vpn < page + count; vpn++) {
    const at = lab.m.tables.find(p.directory, vpn);
    const frame = at < 0 ? -1 : frameOf(lab.m, lab.m.tables.get(at));
    if (frame >= 0) frames.push(frame);
  }
  return new Set(frames).size < frames.length;
}

type Expected = Partial<ReturnType<typeof sysfs>>;

function dup(pages: number, max: number, expected: Expected): Case {
  return () => {
    const { lab } = mergeable(pages, STAR, `,max_page_sharing=${max}`);
    lab.fullScans(SCANS);
    expect(sysfs(lab)).toMatchObject(expected);
  };
}

function counts(shared: number, sharing: number, unshared: number, chains: number, dups: number): Expected {
  return { shared, sharing, unshared, chains, dups };
}

const merging: Record<string, Case> = {
  'ksm_tests.merge.dup10.max256': dup(10, 256, counts(1, 9, 0, 0, 0)),
  'ksm_tests.merge.dup11.max10': dup(11, 10, counts(1, 9, 1, 0, 0)),
  'ksm_tests.merge.dup10.max5': dup(10, 5, counts(2, 8, 0, 1, 2)),
  'ksm_tests.merge.dup10.max3': dup(10, 3, counts(3, 6, 1, 1, 3)),
  'ksm_tests.merge.dup5.max2': dup(5, 2, counts(2, 2, 1, 1, 2)),
  'ksm_tests.merge.dup257.max256': dup(257, 256, counts(1, 255, 1, 0, 0)),
  'ksm_tests.merge.dup512.max256': dup(512, 256, counts(2, 510, 0, 1, 2)),
  'ksm_tests.merge.dup600.max256': dup(600, 256, counts(3, 597, 0, 1, 3)),
  'ksm_tests.unmerge': () => {
    const { lab, p } = mergeable(2, STAR);
    lab.fullScans(SCANS);
    expect(lab.m.frames.inUse).toBe(1);
    lab.write(p, AT, 2, 100);
    // The memory is doubled by the writes; the counters fall when ksmd comes by.
    expect(lab.m.frames.inUse).toBe(2);
    expect(sysfs(lab)).toMatchObject({ shared: 1, sharing: 1 });
    lab.fullScans(1);
    expect(sysfs(lab)).toMatchObject({ shared: 0, sharing: 0 });
  },
  'ksm_tests.zero.on': () => {
    const { lab } = mergeable(10, 0, ',use_zero_pages=1');
    lab.fullScans(2);
    expect(sysfs(lab)).toMatchObject({ shared: 0, sharing: 0, zeroPages: 10, volatile: 10 });
    expect(lab.m.frames.inUse).toBe(0);
    lab.fullScans(1);
    expect(sysfs(lab)).toMatchObject({ zeroPages: 10, volatile: 0 });
  },
  'ksm_tests.zero.off': dup(10, 256, { shared: 1, sharing: 9, zeroPages: 0 }),
  // On one node it does not matter where pages were put.
  'ksm_tests.numa.across1': dup(2, 256, { shared: 1, sharing: 1 }),
  'ksm_tests.numa.across0': skip(TWO_NODES),
  'ksm_tests.cow_time': () => {
    const { lab, p } = mergeable(0, 0);
    lab.map(p, AT, 4000, 'anon');
    for (const half of [0, 2000]) lab.write(p, AT + half, 2000, 1);
    lab.madvise(p, AT, 4000, 'MADV_MERGEABLE');
    lab.fullScans(SCANS);
    expect(sysfs(lab)).toMatchObject({ shared: 2000, sharing: 2000 });
    lab.write(p, AT, 2000, 10_000);
    expect(lab.m.counters).toMatchObject({ cow_ksm: 2000, cow_breaks: 2000 });
  },
};

/** 2 MiB of one content, merged. */
function merged(content: number, parameters = ''): Setup {
  const setup = mergeable(HUGE, content, parameters);
  setup.lab.fullScans(2);
  return setup;
}

/** What ksmd knows of a process; undefined when it does not go through it. */
const tracked = (lab: Lab, space: Space) => lab.m.ksm.index.mms.of(space);

const functional: Record<string, Case> = {
  'ksm_functional.unmerge': () => {
    const setup = merged(0xcf);
    const { lab, p } = setup;
    expect(sharesFrames(setup, AT, HUGE)).toBe(true);
    expect(lab.madvise(p, AT, HUGE, 'MADV_UNMERGEABLE')).toBe(0);
    expect(sharesFrames(setup, AT, HUGE)).toBe(false);
    expect(lab.vma(p, AT).has(VM.mergeable)).toBe(false);
    lab.fullScans(1);
    expect(tracked(lab, p)).toBeUndefined();
    expect(sysfs(lab)).toMatchObject({ shared: 0, sharing: 0, volatile: 0 });
  },
  'ksm_functional.unmerge_zero': () => {
    const { lab, p } = merged(0, ',use_zero_pages=1');
    expect(sysfs(lab).zeroPages).toBe(HUGE);
    expect(lab.madvise(p, AT, HUGE / 2, 'MADV_UNMERGEABLE')).toBe(0);
    expect([sysfs(lab).zeroPages, lab.m.frames.inUse]).toEqual([HUGE / 2, HUGE / 2]);
    lab.write(p, AT + HUGE / 2, HUGE / 2, 1);
    expect([sysfs(lab).zeroPages, lab.m.frames.inUse]).toEqual([0, HUGE]);
  },
  'ksm_functional.unmerge_discarded': () => {
    const setup = merged(0xcf);
    const { lab, p } = setup;
    expect(lab.madvise(p, AT, HUGE / 2, 'MADV_DONTNEED')).toBe(0);
    expect(lab.madvise(p, AT, HUGE, 'MADV_UNMERGEABLE')).toBe(0);
    expect(sharesFrames(setup, AT, HUGE)).toBe(false);
  },
  'ksm_functional.unmerge_uffd_wp': skip('userfaultfd is not modelled'),
  'ksm_functional.prctl': () => {
    const lab = new Lab({ merge: 'ksm' });
    const p = lab.spawn();
    for (const on of [true, false]) {
      expect(lab.setMemoryMerge(p, on)).toBe(0);
      expect(p.mergeAny).toBe(on);
    }
    lab.ksm('configured', 0);
    expect(lab.setMemoryMerge(p, true)).toBe('EINVAL');
  },
  'ksm_functional.prctl_fork': () => {
    const lab = new Lab({ merge: 'ksm:sleep_millisecs=0' });
    const p = lab.spawn();
    expect(lab.setMemoryMerge(p, true)).toBe(0);
    const child = lab.fork(p);
    expect(child.mergeAny).toBe(true);
    lab.map(child, AT, HUGE, 'anon');
    for (let i = 0; i < HUGE; i++) lab.write(child, AT + i, 1, 0xcf);
    lab.fullScans(2);
    expect(tracked(lab, child)?.mergingPages).toBe(HUGE);
  },
  'ksm_functional.prctl_fork_exec': () => {
    // To memory an exec is the end of all mappings, and new ones.
    const lab = new Lab({ merge: 'ksm:sleep_millisecs=0' });
    const p = lab.spawn();
    lab.map(p, AT, 8, 'anon');
    lab.write(p, AT, 8, 1);
    lab.setMemoryMerge(p, true);
    const child = lab.fork(p);
    lab.unmap(child, AT, 8);
    lab.fullScans(1);
    expect(tracked(lab, child)).toBeUndefined(); // ksmd has found nothing to look at
    lab.map(child, 2 * AT, HUGE, 'anon');
    for (let i = 0; i < HUGE; i++) lab.write(child, 2 * AT + i, 1, 0xcf);
    lab.fullScans(2);
    expect(tracked(lab, child)?.mergingPages).toBe(HUGE);
  },
  'ksm_functional.prctl_unmerge': () => {
    const lab = new Lab({ merge: 'ksm:sleep_millisecs=0' });
    const p = lab.spawn();
    lab.map(p, AT, HUGE, 'anon');
    for (let i = 0; i < HUGE; i++) lab.write(p, AT + i, 1, 0xcf);
    expect(lab.setMemoryMerge(p, true)).toBe(0);
    lab.fullScans(2);
    expect(sharesFrames({ lab, p }, AT, HUGE)).toBe(true);
    expect(lab.setMemoryMerge(p, false)).toBe(0);
    expect(sharesFrames({ lab, p }, AT, HUGE)).toBe(false);
    expect([p.mergeAny, lab.vma(p, AT).has(VM.mergeable)]).toEqual([false, false]);
  },
  'ksm_functional.prot_none': () => {
    const setup = mergeable(0x11, STAR);
    const { lab, p } = setup;
    lab.protect(p, AT, 0x11, 'none');
    lab.fullScans(2);
    expect(sharesFrames(setup, AT, 0x11)).toBe(true);
    expect(lab.madvise(p, AT, 0x08, 'MADV_UNMERGEABLE')).toBe(0);
    // A write through /proc/self/mem is one that the protection allows.
    lab.protect(p, AT + 0x08, 0x09, 'rw');
    lab.write(p, AT + 0x08, 0x09, 100);
    expect(sharesFrames(setup, AT, 0x11)).toBe(false);
    expect(lab.contents(p, AT, 0x08)).toEqual(Array(0x08).fill(STAR));
  },
};

function refusedSetting(name: string, value: string, why: RegExp, parameters = ''): Case {
  return () => {
    const { lab } = merged(STAR, parameters);
    const set = (): void => lab.ksm(name, value);
    expect(set).toThrow(InputError);
    expect(set).toThrow(why);
  };
}

const settings: Record<string, Case> = {
  'sysfs.run.gt2': refusedSetting('run', '3', /ksm\.run=3 is out of range, expected .* from 0 to 2/),
  'sysfs.max_page_sharing.lt2': refusedSetting(
    'max_page_sharing',
    '1',
    /is out of range, expected .* from 2/,
  ),
  'sysfs.max_page_sharing.busy': refusedSetting('max_page_sharing', '100', /EBUSY/),
  'sysfs.merge_across_nodes.busy': refusedSetting('merge_across_nodes', '0', /EBUSY/),
  'sysfs.pages_to_scan.advisor': refusedSetting('pages_to_scan', '100', /EINVAL/, ',advisor=scan-time'),
};

/** One page that finds no partner, and the scans in which smart scan looked at it. */
function lookedAt(scans: number): { scans: number[]; skippedAfter: Map<number, number>; unshared: number[] } {
  const lab = new Lab({ merge: 'ksm:sleep_millisecs=0' });
  const p = lab.spawn();
  lab.map(p, AT, 1, 'anon');
  lab.write(p, AT, 1, STAR);
  lab.madvise(p, AT, 1, 'MADV_MERGEABLE');
  const seen = { scans: [] as number[], skippedAfter: new Map<number, number>(), unshared: [] as number[] };
  for (let scan = 1; scan <= scans; scan++) {
    const before = sysfs(lab);
    lab.fullScans(1);
    const after = sysfs(lab);
    if (after.scanned > before.scanned) seen.scans.push(scan);
    if (after.unshared === 1) seen.unshared.push(scan);
    seen.skippedAfter.set(scan, after.skipped);
    expect(after.unshared + after.volatile).toBe(1);
  }
  return seen;
}

/** Two pages, the second `skew` scans younger, both rewritten to one content after `old` scans: whether they merge. */
function pairMerges(skew: number, old: number, within: number): boolean {
  const lab = new Lab({ merge: 'ksm:sleep_millisecs=0' });
  const [p, q] = [lab.spawn(), lab.spawn()];
  const begin = (space: Space, content: number): void => {
    lab.map(space, AT, 1, 'anon');
    lab.write(space, AT, 1, content);
    lab.madvise(space, AT, 1, 'MADV_MERGEABLE');
  };
  begin(p, old === 0 ? STAR : 1);
  lab.fullScans(skew);
  begin(q, old === 0 ? STAR : 2);
  lab.fullScans(old);
  if (old > 0) for (const space of [p, q]) lab.write(space, AT, 1, STAR);
  lab.fullScans(within);
  return sysfs(lab).sharing === 1;
}

const derived: Record<string, Case> = {
  'derived.first_scan': () => {
    const { lab } = mergeable(100, STAR);
    lab.fullScans(1);
    expect(sysfs(lab)).toMatchObject({ shared: 0, sharing: 0, unshared: 0, volatile: 100 });
  },
  'derived.second_scan': () => {
    const { lab } = mergeable(100, STAR);
    lab.fullScans(2);
    expect(sysfs(lab)).toMatchObject({ shared: 1, sharing: 99, unshared: 0, volatile: 0 });
  },
  'derived.smart_schedule': () => {
    const { scans, skippedAfter } = lookedAt(1000);
    expect(scans.filter((scan) => scan < 60)).toEqual([1, 2, 3, 4, 6, 9, 14, 23, 32, 41, 50, 59]);
    const expected = { 20: 13, 50: 39, 60: 48, 100: 84, 200: 173, 445: 391, 1000: 884 };
    for (const [scan, skipped] of Object.entries(expected))
      expect(skippedAfter.get(Number(scan)), scan).toBe(skipped);
  },
  'derived.smart_flicker': () => {
    const { scans, unshared } = lookedAt(60);
    expect(unshared).toEqual(scans.slice(1));
  },
  'derived.smart_phase_old_pair': () => {
    for (let skew = 0; skew <= 20; skew++) expect(pairMerges(skew, 40, 30), `${skew}`).toBe(skew % 9 === 0);
  },
  'derived.smart_phase_newborn': () => {
    for (let skew = 14; skew < 32; skew++)
      expect(pairMerges(skew, 0, 14), `${skew}`).toBe(![4, 6, 7].includes(skew % 9));
    for (const skew of [22, 24, 25]) expect(pairMerges(skew, 0, 200), `${skew}`).toBe(false);
  },
  'derived.batches': () => {
    for (const [pages, batch] of [
      [100, 10],
      [100, 30],
      [100, 99],
      [100, 100],
      [100, 101],
    ] as const) {
      const { lab } = mergeable(pages, STAR, `,pages_to_scan=${batch}`);
      const { ksmd } = lab.m.ksm;
      for (let scan = 0; scan < 3; scan++) {
        let batches = 0;
        for (const done = ksmd.fullScans; ksmd.fullScans === done; batches++) {
          lab.m.advance(Math.max(lab.m.nowUs, ksmd.dueUs));
          ksmd.run(lab.m.nowUs);
        }
        expect(batches).toBe(Math.floor(pages / batch) + 1);
      }
    }
  },
};

conform(
  'selftests_ksm.json',
  jsonCases('selftests_ksm.json').map(({ id }) => id),
  { ...merging, ...functional, ...settings, ...derived },
);
