import { expect } from 'vitest';
import { type Case, conform, each, jsonCases } from '../../testing/conformance.js';
import { Lab, PAGE } from '../../testing/lab.js';
import { ADVICE, type Advice } from '../../trace/op.js';
import type { Space } from '../state/space.js';
import { VM } from '../state/vma.js';

/** Where the mapping of a case begins, and its pages. */
const A = 100;
const PAGES = 8;
const NEW = [1, 2, 3, 4, 5, 6, 7, 8];
const ZEROS = [0, 0, 0, 0, 0, 0, 0, 0];

/** A mapping of one hugetlb page, written. */
function hugeMapped(): { lab: Lab; p: Space } {
  const lab = new Lab();
  lab.m.set('vm.nr_hugepages', '1');
  const p = lab.spawn();
  lab.map(p, 0, 512, 'anon hugetlb');
  lab.write(p, 0, 1, 1);
  return { lab, p };
}

function refusesHuge(advice: 'MADV_COLD' | 'MADV_PAGEOUT'): Case {
  return () => {
    const { lab, p } = hugeMapped();
    expect(lab.madvise(p, 0, 512, advice)).toBe('EINVAL');
  };
}

/** A process with one mapping, written through where it may be. */
function mapped(map: string, options: ConstructorParameters<typeof Lab>[0] = {}) {
  const lab = new Lab(options);
  const p = lab.spawn();
  const kind = /^(?:shared|private):(\w+)@0/.exec(map)?.[1];
  const object = kind === undefined ? undefined : lab.object(PAGES, OBJECTS[kind]!);
  lab.map(p, A, PAGES, map);
  if (lab.vma(p, A).has(VM.write)) lab.write(p, A, PAGES, 1);
  return { lab, p, object };
}

/** Objects by the names that cases map them by. */
const OBJECTS: Readonly<Record<string, string>> = {
  memfd: 'shmem:memfd',
  sealed: 'shmem:sealed sealed',
  disk: 'file:disk =101+',
  pfn: 'pfn:pfn =101+',
  xip: 'xip:xip =101+',
};

/** An advice that a mapping refuses; contents stay. */
function mustRefuse(map: string, advice: Advice, errno: string, lock = false): void {
  const { lab, p } = mapped(map);
  if (lock) lab.lock(p, A, PAGES);
  const before = lab.contents(p, A, PAGES);
  expect(lab.madvise(p, A, PAGES, advice), map).toBe(errno);
  expect(lab.read(p, A, PAGES)).toEqual(before);
}

/** The case of one mapping that refuses an advice. */
function refuses(map: string, advice: Advice, errno: string, lock = false): Case {
  return () => mustRefuse(map, advice, errno, lock);
}

/** The 2014 patches' advice checks its range on its own terms. */
const TODAY = ADVICE.filter((advice) => !/VOLATILE/.test(advice));

const order: Record<string, Case> = {
  'src.order.1': () => {
    for (const advice of TODAY) {
      const { lab, p } = mapped('anon');
      expect(lab.madviseBytes(p, A * PAGE + 1, PAGE, advice).errno, advice).toBe('EINVAL');
    }
  },
  'src.order.2': () => {
    const { lab, p } = mapped('anon');
    // Rounded up to pages, the first length is 0; with the second the range ends below its start.
    for (const length of [2 ** 64 - 1, 2 ** 64 - 8 * PAGE]) {
      for (const advice of TODAY) {
        expect(lab.madviseBytes(p, A * PAGE, length, advice).errno, `${advice} ${length}`).toBe('EINVAL');
      }
    }
    expect(lab.contents(p, A, PAGES)).toEqual(NEW);
  },
  'src.order.3': () => {
    for (const map of [
      'anon',
      'anon-shared',
      'shared:memfd@0',
      'private:disk@0',
      'shared:disk@0 ro',
      'anon locked',
    ]) {
      const { lab, p } = mapped(map);
      const before = lab.contents(p, A, PAGES);
      for (const advice of TODAY) {
        expect(lab.madvise(p, A, 0, advice), `${advice} on ${map}`).toBe(0);
        expect(lab.madvise(p, A + 1000, 0, advice), `${advice} where nothing is mapped`).toBe(0);
      }
      expect(lab.contents(p, A, PAGES)).toEqual(before);
    }
  },
  'src.order.hole': () => {
    for (const advice of [
      'MADV_DONTNEED',
      'MADV_FREE',
      'MADV_COLD',
      'MADV_DONTFORK',
      'MADV_RANDOM',
    ] as const) {
      const { lab, p } = mapped('anon');
      lab.unmap(p, A + 3, 2);
      expect(lab.madvise(p, A, PAGES, advice), advice).toBe('ENOMEM');
      for (const [page, count] of [
        [A, 3],
        [A + 5, 3],
      ] as const) {
        const { rss, privateDirty, referenced } = lab.stat(p, page, count);
        const { flags } = lab.vma(p, page);
        const done = {
          MADV_DONTNEED: rss === 0,
          MADV_FREE: privateDirty === 0,
          MADV_COLD: referenced === 0,
          MADV_DONTFORK: (flags & VM.dontFork) !== 0,
          MADV_RANDOM: (flags & VM.random) !== 0,
        };
        expect(done[advice], `${advice} at ${page}`).toBe(true);
      }
    }
  },
  // A split also fails when it would take one VMA too many, and that with ENOMEM too.
  'src.eagain': () => {
    for (const advice of ['MADV_MERGEABLE', 'MADV_DONTFORK', 'MADV_RANDOM', 'MADV_WIPEONFORK'] as const) {
      const { lab, p } = mapped('anon');
      lab.m.settings.maxMapCount = 1;
      expect(lab.madvise(p, A + 2, 2, advice), advice).toBe('EAGAIN');
      expect(p.vmas.length).toBe(1);
    }
  },
};

const remove: Record<string, Case> = {
  'src.remove.1': refuses('shared:memfd@0', 'MADV_REMOVE', 'EINVAL', true),
  'src.remove.2': refuses('anon', 'MADV_REMOVE', 'EINVAL'),
  'src.remove.3': () => {
    for (const map of ['private:disk@0', 'shared:disk@0 rofd', 'private:memfd@0', 'shared:memfd@0 rofd']) {
      mustRefuse(map, 'MADV_REMOVE', 'EACCES');
    }
  },
  // A file system that executes in place has no holes here.
  'src.remove.4': refuses('shared:xip@0', 'MADV_REMOVE', 'EOPNOTSUPP'),
  // A writable mapping of a sealed object was made before its F_SEAL_FUTURE_WRITE.
  'src.remove.5': refuses('shared:sealed@0', 'MADV_REMOVE', 'EPERM'),
  'src.remove.6': () => {
    const { lab, p } = mapped('anon-shared');
    const q = lab.fork(p);
    expect(lab.read(q, A, PAGES)).toEqual(NEW);
    expect(lab.madvise(p, A, PAGES, 'MADV_REMOVE')).toBe(0);
    expect([lab.stat(p, A, PAGES).rss, lab.stat(q, A, PAGES).rss]).toEqual([0, 0]);
    expect(lab.read(p, A, PAGES)).toEqual(ZEROS);
    expect(lab.read(q, A, PAGES)).toEqual(ZEROS);
    // Only a named object can also be mapped privately.
    const named = mapped('shared:memfd@0');
    named.lab.map(named.p, 200, PAGES, 'private:memfd@0');
    named.lab.write(named.p, 203, 1, 77);
    expect(named.lab.madvise(named.p, A, PAGES, 'MADV_REMOVE')).toBe(0);
    expect(named.lab.read(named.p, 200, PAGES)).toEqual([0, 0, 0, 77, 0, 0, 0, 0]);
  },
};

const dontneed: Record<string, Case> = {
  'src.dontneed.shared': () => {
    const { lab, p, object } = mapped('shared:memfd@0');
    const charged = lab.m.frames.inUse;
    expect(lab.madvise(p, A, PAGES, 'MADV_DONTNEED')).toBe(0);
    expect(lab.stat(p, A, PAGES).rss).toBe(0);
    expect([object?.blocks, lab.m.frames.inUse]).toEqual([PAGES, charged]);
    expect(lab.read(p, A, PAGES)).toEqual(NEW);
  },
  'src.dontneed.private_file': () => {
    const { lab, p } = mapped('private:disk@0');
    expect(lab.read(p, A, 1)).toEqual([1]);
    expect(lab.madvise(p, A, PAGES, 'MADV_DONTNEED')).toBe(0);
    expect(lab.read(p, A, PAGES)).toEqual([101, 102, 103, 104, 105, 106, 107, 108]);
  },
  'src.dontneed.VM_LOCKED': refuses('anon', 'MADV_DONTNEED', 'EINVAL', true),
  'src.dontneed.VM_PFNMAP': refuses('shared:pfn@0 ro', 'MADV_DONTNEED', 'EINVAL'),
  'src.dontneed.mixedmap': () => {
    const { lab, p } = mapped('private:xip@0');
    // Four written copies, which have a frame each, and four pages in place, which have none.
    expect(lab.madvise(p, A, PAGES, 'MADV_DONTNEED')).toBe(0);
    lab.write(p, A, 4, 1);
    expect(lab.read(p, A + 4, 4)).toEqual([105, 106, 107, 108]);
    expect(lab.m.frames.inUse).toBe(4);
    expect(lab.madvise(p, A, PAGES, 'MADV_DONTNEED')).toBe(0);
    expect(lab.m.frames.inUse).toBe(0);
    expect(lab.contents(p, A, PAGES)).toEqual([101, 102, 103, 104, 105, 106, 107, 108]);
  },
};

const coldAndPageout: Record<string, Case> = {
  'src.COLD.VM_LOCKED': refuses('anon', 'MADV_COLD', 'EINVAL', true),
  'src.PAGEOUT.VM_LOCKED': refuses('anon', 'MADV_PAGEOUT', 'EINVAL', true),
  'src.COLD.VM_PFNMAP': refuses('shared:pfn@0 ro', 'MADV_COLD', 'EINVAL'),
  'src.PAGEOUT.VM_PFNMAP': refuses('shared:pfn@0 ro', 'MADV_PAGEOUT', 'EINVAL'),
  'src.COLD.VM_HUGETLB': refusesHuge('MADV_COLD'),
  'src.PAGEOUT.VM_HUGETLB': refusesHuge('MADV_PAGEOUT'),
  'src.pageout.noswap': () => {
    const { lab, p } = mapped('anon');
    expect(lab.madvise(p, A, PAGES, 'MADV_PAGEOUT')).toBe(0);
    expect(lab.stat(p, A, PAGES)).toMatchObject({ rss: PAGES, swap: 0 });
    expect(lab.read(p, A, PAGES)).toEqual(NEW);
  },
  'src.pageout.ksm': () => {
    const lab = new Lab({ swap: 'ssd', merge: 'ksm:sleep_millisecs=0' });
    const p = lab.spawn();
    lab.map(p, A, PAGES, 'anon');
    for (let i = 0; i < PAGES; i++) lab.write(p, A + i, 1, 7);
    lab.madvise(p, A, PAGES, 'MADV_MERGEABLE');
    lab.fullScans(2);
    expect(lab.m.frames.inUse).toBe(1);
    for (const advice of ['MADV_PAGEOUT', 'MADV_COLD', 'MADV_FREE'] as const) {
      expect(lab.madvise(p, A, PAGES, advice)).toBe(0);
      expect(lab.stat(p, A, PAGES)).toMatchObject({ rss: PAGES, swap: 0, lazyfree: 0 });
    }
    expect(lab.m.counters.pswpout).toBe(0);
  },
  'src.pageout.foreign': () => {
    const { lab, p } = mapped('shared:disk@0 rofd');
    const before = lab.read(p, A, PAGES);
    expect(lab.madvise(p, A, PAGES, 'MADV_PAGEOUT')).toBe(0);
    expect(lab.stat(p, A, PAGES)).toMatchObject({ rss: PAGES, referenced: PAGES });
    expect(lab.read(p, A, PAGES)).toEqual(before);
  },
};

const free: Record<string, Case> = {
  'src.free.mixed': () => {
    const { lab, p } = mapped('anon', { swap: 'ssd', limit: PAGES + 32 });
    lab.pressure(2 * (PAGES + 32));
    expect(lab.stat(p, A, PAGES)).toMatchObject({ rss: 0, swap: PAGES });
    expect(lab.madvise(p, A, PAGES, 'MADV_FREE')).toBe(0);
    expect(lab.m.swap.inUse).toBe(0);
    expect(lab.stat(p, A, PAGES).swap).toBe(0);
    expect(lab.read(p, A, PAGES)).toEqual(ZEROS);
  },
  'src.free.shared': () => {
    const { lab, p } = mapped('anon');
    const q = lab.fork(p);
    expect(lab.madvise(p, A, PAGES, 'MADV_FREE')).toBe(0);
    expect(lab.stat(p, A, PAGES).lazyfree).toBe(0);
    expect(lab.m.counters.pglazyfree).toBe(0);
    expect([lab.read(p, A, PAGES), lab.read(q, A, PAGES)]).toEqual([NEW, NEW]);
  },
  'src.free.noswap': () => {
    const { lab, p } = mapped('anon', { limit: 64 });
    expect(lab.madvise(p, A, PAGES, 'MADV_FREE')).toBe(0);
    lab.pressure(64);
    expect(lab.m.counters.pglazyfreed).toBe(PAGES);
    expect(lab.read(p, A, PAGES)).toEqual(ZEROS);
  },
};

/** MADV_MERGEABLE is accepted, and the mapping does not become one that KSM may merge. */
function ignoresMergeable(map: string): Case {
  return () => {
    const { lab, p } = mapped(map);
    expect(lab.madvise(p, A, PAGES, 'MADV_MERGEABLE')).toBe(0);
    expect(lab.vma(p, A).has(VM.mergeable)).toBe(false);
  };
}

const mergeable: Record<string, Case> = {
  'src.mergeable.VM_SHARED': ignoresMergeable('shared:memfd@0'),
  // A shared mapping of a descriptor that may not write has VM_MAYSHARE and not VM_SHARED.
  'src.mergeable.VM_MAYSHARE': ignoresMergeable('shared:memfd@0 rofd'),
  // A range of page frame numbers has all three flags (remap_pfn_range).
  ...each(['src.mergeable.VM_PFNMAP', 'src.mergeable.VM_IO', 'src.mergeable.VM_DONTEXPAND'], () =>
    ignoresMergeable('private:pfn@0'),
  ),
  'src.mergeable.VM_HUGETLB': () => {
    const { lab, p } = hugeMapped();
    expect(lab.madvise(p, 0, 512, 'MADV_MERGEABLE')).toBe(0);
    expect(lab.vma(p, 0).has(VM.mergeable)).toBe(false);
  },
  'src.mergeable.VM_MIXEDMAP': ignoresMergeable('private:xip@0'),
  'src.mergeable.VM_DROPPABLE': ignoresMergeable('anon droppable'),
  'src.unmergeable.plain': () => {
    const { lab, p } = mapped('anon');
    expect(lab.madvise(p, A, PAGES, 'MADV_UNMERGEABLE')).toBe(0);
  },
};

conform(
  'madvise.json, ids src.*',
  jsonCases('madvise.json')
    .map(({ id }) => id)
    .filter((id) => id.startsWith('src.')),
  { ...order, ...remove, ...dontneed, ...coldAndPageout, ...free, ...mergeable },
);
