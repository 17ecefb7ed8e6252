/** What was measured, by its name in the program's output: ns. @throws Missing where it was not */
type Value = (name: string) => number;

/** How a row of the cost table comes of what was measured. */
export interface RowPlan {
  /** Its place in the table, such as `faults.anon_write`. */
  readonly row: string;
  /** What was measured for it. */
  readonly of: readonly string[];
  /** In words, what it is. */
  readonly source: string;
  /** Measured points [pages, ns] of a call, or a price. */
  readonly value: (v: Value) => number | readonly (readonly [number, number])[];
  /** What the spread is a share of, where the row is a small difference of large numbers. */
  readonly against?: string;
}

const SIZES = [1, 16, 512, 16384] as const;

/** The names of something that was measured at each size. */
function sizes(name: string): string[] {
  return SIZES.map((pages) => `${name}_${pages}`);
}

function price(row: string, name: string, source: string): RowPlan {
  return { row, of: [name], source, value: (v) => v(name) };
}

function points(row: string, name: string, source: string): RowPlan {
  return { row, of: sizes(name), source, value: (v) => SIZES.map((pages) => [pages, v(`${name}_${pages}`)]) };
}

/** The same price a page at any size. */
function perPage(v: Value, name: string): [number, number][] {
  return [
    [1, v(name)],
    [16384, 16384 * v(name)],
  ];
}

/** The same price at any size. */
function flat(ns: number): [number, number][] {
  return [
    [1, ns],
    [16384, ns],
  ];
}

/** Pages that one fault-around maps. */
const AROUND = 16;
/** Steps down a tree of 1000 ranges, and doublings from 100 mappings to 4000. */
const TREE_STEPS = 10;
const DOUBLINGS = Math.log2(40);

const FAULTS: readonly RowPlan[] = [
  price('faults.anon_write', 'anon_write', 'first write to private memory'),
  price('faults.anon_read', 'anon_read', 'first read of private memory'),
  price('faults.shmem_write', 'shmem_write', 'first write to shared memory'),
  price('faults.shmem_read', 'shmem_read', 'first read of shared memory'),
  price('faults.file_write', 'file_write', 'first write to a page in the page cache'),
  price('faults.cached', 'cached', 'minor fault on a cached page that has no neighbours'),
  {
    row: 'faults.around',
    of: ['around_16', 'cached'],
    source: 'fault-around of 16 pages less one fault, per further page',
    value: (v) => Math.max(0, (v('around_16') - v('cached')) / (AROUND - 1)),
  },
  price('faults.cow_zero', 'cow_zero', 'write to a page that was only read'),
  price('faults.cow_copy', 'cow_copy', 'write after fork, the child has the page'),
  price('faults.cow_reuse', 'cow_reuse', 'write after fork, the child is gone'),
  price('faults.cow_ksm', 'cow_ksm', 'write to a merged page'),
  price('faults.major_cpu', 'anon_write', 'proxy: as anon_write'),
];

/** A row as multiples, by size, of what another call takes: as they were on the host of the default table's own row. */
function multiples(row: string, of: 'dontneed_anon' | 'absent', factors: readonly number[]): RowPlan {
  return {
    row,
    of: sizes(of),
    source: `proxy: ${factors.join(', ')} times ${of === 'absent' ? 'MADV_DONTNEED of nothing' : 'MADV_DONTNEED of private memory'}`,
    value: (v) => SIZES.map((pages, i) => [pages, factors[i]! * v(`${of}_${pages}`)]),
  };
}

const CALLS: readonly RowPlan[] = [
  points('calls.dontneed_anon.present', 'dontneed_anon', 'MADV_DONTNEED of private memory'),
  points('calls.dontneed_shared.present', 'dontneed_shared', 'MADV_DONTNEED of shared memory'),
  points('calls.free.present', 'free', 'MADV_FREE'),
  points('calls.punch.present', 'punch', 'a hole in shared memory that is not mapped'),
  points('calls.cold.present', 'cold', 'MADV_COLD'),
  points('calls.pageout.present', 'pageout', 'MADV_PAGEOUT to swap'),
  ...['dontneed_anon', 'dontneed_shared', 'free', 'cold', 'pageout', 'willneed'].map((call) =>
    points(`calls.${call}.absent`, 'absent', 'MADV_DONTNEED of nothing'),
  ),
  points('calls.punch.absent', 'punch_absent', 'a hole where nothing is'),
  multiples('calls.fadvise.present', 'dontneed_anon', [2.03, 2.18, 2.06, 2.1]),
  multiples('calls.fadvise.absent', 'absent', [0.6, 0.6, 0.6, 0.6]),
  multiples('calls.guard_install.present', 'dontneed_anon', [1.65, 1.92, 1.09, 1.09]),
  multiples('calls.guard_install.absent', 'absent', [1.7, 2.3, 24, 88]),
  multiples('calls.guard_remove.present', 'absent', [1.04, 1.8, 21, 95]),
  multiples('calls.guard_remove.absent', 'absent', [0.92, 1.4, 15, 66]),
  multiples('calls.pin.present', 'absent', [1.7, 3.3, 61, 410]),
  multiples('calls.unpin.present', 'absent', [0.75, 1.2, 17, 110]),
  ...['pin', 'unpin'].map((call) => multiples(`calls.${call}.absent`, 'absent', [1, 1, 1, 1])),
  {
    row: 'calls.willneed.present',
    of: ['anon_write'],
    source: 'proxy: an allocation a page, as anon_write',
    value: (v) => perPage(v, 'anon_write'),
  },
  {
    row: 'calls.unmap_shared.present',
    of: [...sizes('punch_mapped'), ...sizes('punch')],
    source: 'a hole in mapped memory less one in memory that is not mapped',
    value: (v) =>
      SIZES.map((pages) => [pages, Math.max(0, v(`punch_mapped_${pages}`) - v(`punch_${pages}`))]),
  },
  ...(['present', 'absent'] as const).map((field) => ({
    row: `calls.volatile.${field}`,
    of: ['split'],
    source: 'proxy: mprotect that splits a mapping',
    value: (v: Value) => flat(v('split')),
  })),
  {
    row: 'calls.nonvolatile.present',
    of: ['merge', 'mincore'],
    source: 'proxy: mprotect that merges mappings, and a look at each page as mincore has',
    value: (v) => SIZES.map((pages) => [pages, v('merge') + pages * v('mincore')]),
  },
  {
    row: 'calls.nonvolatile.absent',
    of: ['merge'],
    source: 'proxy: mprotect that merges mappings',
    value: (v) => flat(v('merge')),
  },
  ...(['present', 'absent'] as const).map((field) => ({
    row: `calls.volatile_tree.${field}`,
    of: ['absent_1', 'lookup_100', 'lookup_4000'],
    source: 'proxy: a call that finds nothing and ten steps down a tree, of PROCMAP_QUERY by doubling',
    value: (v: Value) =>
      flat(v('absent_1') + (TREE_STEPS * Math.max(0, v('lookup_4000') - v('lookup_100'))) / DOUBLINGS),
  })),
];

const REST: readonly RowPlan[] = [
  price('touch', 'touch', 'read of a mapped page, one after another'),
  {
    ...price('remove_extra', 'remove_extra', 'MADV_REMOVE less a hole at one page, in pairs'),
    value: (v) => Math.max(0, v('remove_extra')),
    against: 'punch_mapped_1',
  },
  price('flag_change', 'split', 'proxy: mprotect that splits a mapping'),
  {
    row: 'file_io.page',
    of: ['copy_page', 'absent_1'],
    source: 'proxy: a copy of a page and a call that finds nothing',
    value: (v) => v('copy_page') + v('absent_1'),
  },
  price('fd_lookup', 'lookup_1000', 'PROCMAP_QUERY with 1000 mappings'),
  {
    row: 'reclaim.scan',
    of: ['cold_512'],
    source: 'proxy: MADV_COLD of 512 pages, per page',
    value: (v) => v('cold_512') / 512,
  },
  price('reclaim.drop', 'drop', 'MADV_DONTNEED after MADV_FREE of 512 pages, per page'),
  price('reclaim.purge', 'drop', 'proxy: as drop'),
  price('ksm.visit', 'visit', "ksmd's CPU time for a page that stays merged"),
  price('ksm.checksum', 'checksum', 'XXH64 of a page'),
  price('ksm.compare', 'compare', 'memcmp of equal pages'),
  price('ksm.merge', 'anon_write', 'proxy: as anon_write'),
  price('signals.sigbus', 'sigbus', 'access beyond the end of an object, with its handler'),
];

/** What a page costs that goes to swap, by the kind of swap that is on. */
const TO_SWAP = { ssd: ['reclaim.swap_out', 'reclaim.write_back'], zram: ['reclaim.zram_out'] } as const;
export type SwapDevice = keyof typeof TO_SWAP;

/** The plan of each row, in the order of the table. @param swap the kind of swap that was measured */
export function rowPlans(swap: SwapDevice | undefined): RowPlan[] {
  const toSwap = (Object.keys(TO_SWAP) as SwapDevice[]).flatMap((kind) =>
    TO_SWAP[kind].map((row) => ({
      row,
      // What one kind of swap costs says nothing of the other.
      of: [kind === swap ? 'pageout_512' : `pageout_${kind}`],
      source: 'MADV_PAGEOUT of 512 pages, per page',
      value: (v: Value) => v('pageout_512') / 512,
    })),
  );
  return [...FAULTS, ...CALLS, ...REST, ...toSwap];
}

/** Why huge pages are not measured: it would take settings of the host, and a pool, that a program may not have. */
const HUGE = 'calibrate measures no huge pages';

const READ_AHEAD = 'calibrate reads nothing ahead';
const SHOOTDOWN = 'calibrate runs on one CPU';

/** Rows that nothing measures. */
export const NEVER_MEASURED: Readonly<Record<string, string>> = {
  'ksm.tree_page': 'nothing measures it alone',
  'huge.fault': HUGE,
  'huge.read': HUGE,
  'huge.split_pmd': HUGE,
  'huge.split_folio': HUGE,
  'huge.drop': HUGE,
  'huge.collapse.present': HUGE,
  'huge.collapse.absent': HUGE,
  'huge.hugetlb_fault': HUGE,
  'huge.hugetlb_copy': HUGE,
  'huge.hugetlb_drop': HUGE,
  'read_ahead.page_cpu': READ_AHEAD,
  'read_ahead.device_page': READ_AHEAD,
  'tlb_shootdown.first': SHOOTDOWN,
  'tlb_shootdown.further': SHOOTDOWN,
};
