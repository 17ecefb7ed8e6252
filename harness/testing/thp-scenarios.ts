/** The tests of the probe `thp.c`, as traces: a mark after each step that it read. */

/** Pages of a huge page, and huge pages of most tests. */
const H = 512;
const COUNT = 32;
const ALL = COUNT * H;

/** One test: its events, numbers between them being µs that pass. */
export interface ThpScenario {
  readonly events: readonly (string | number)[];
  readonly swap: 'zram' | 'none';
  readonly merge: string;
}

/** Settings of the host that was measured. */
const HOST = ['set,,,,thp.enabled=madvise', 'set,,,,mm.shared_zero_page=0'];
const START = [...HOST, 'spawn,1,,,'];

function scenario(events: readonly (string | number)[], swap: 'zram' | 'none' = 'none', merge = 'none') {
  return { events: [...START, ...events], swap, merge } satisfies ThpScenario;
}

const mark = (step: string) => `mark,,,,${step}`;
const mapped = (pages: number, advice: string) => [`map,1,0,${pages},anon`, `madvise,1,0,${pages},${advice}`];
const eachHuge = (event: (first: number) => string, count = COUNT) =>
  Array.from({ length: count }, (_, i) => event(i * H));
const filled = [...mapped(ALL, 'MADV_HUGEPAGE'), `write,1,0,${ALL},`, mark('filled')];

/** Touches one page in `every`. */
function firstTouch(advice: string, every: number): ThpScenario {
  const pages = 64 * H;
  const touches =
    every === 1 ? [`write,1,0,${pages},`] : eachHuge((first) => `write,1,${first},1,`, pages / every);
  return scenario([...mapped(pages, advice), ...touches, mark('touch'), mark('touched')]);
}

/**
 * Advice on `length` pages of each huge page; then the limit is lowered by half of them and raised again, and all is
 * written again. @param lowered whether it was: a size below 0 is refused
 */
function part(
  advice: string,
  offset: number,
  length: number,
  swap: 'zram' | 'none' = 'none',
  lowered = true,
) {
  return scenario(
    [
      ...filled,
      ...eachHuge((first) => `madvise,1,${first + offset},${length},${advice}`),
      mark('advised'),
      ...(lowered ? [`limit,,,${ALL - (COUNT * length) / 2},`] : []),
      mark('limit_lowered_by_half_of_advised'),
      'limit,,,,',
      `write,1,0,${ALL},`,
      mark('rewritten'),
    ],
    swap,
  );
}

/** All but the first page of each huge page are dropped; a huge page is split then. */
const dropped = [...eachHuge((first) => `madvise,1,${first + 1},${H - 1},MADV_DONTNEED`)];
const DROPPED = mark('dontneed_511_of_512');

function khugepaged(): ThpScenario {
  const scans = Array.from({ length: 10 }, () => [100_000, mark('khugepaged')]).flat();
  return scenario([
    ...filled,
    ...dropped,
    DROPPED,
    'set,,,,khugepaged.scan_sleep_millisecs=100',
    ...scans,
    mark('after_khugepaged'),
    ...dropped,
    'set,,,,khugepaged.max_ptes_none=64',
    2_000_000,
    mark('max_ptes_none_64_after_2s'),
  ]);
}

/** A shared mapping of a file of tmpfs that is mounted with huge=always. */
function shmem(call: (first: number) => string): ThpScenario {
  return scenario([
    `object,,,${ALL},shmem:x huge=always`,
    `map,1,0,${ALL},shared:x@0`,
    `madvise,1,0,${ALL},MADV_HUGEPAGE`,
    `write,1,0,${ALL},`,
    mark('touch'),
    mark('filled'),
    ...eachHuge(call),
    mark('called'),
    `write,1,0,${ALL},`,
    mark('rewritten'),
  ]);
}

/** All tests, by name. */
export const SCENARIOS: Readonly<Record<string, ThpScenario>> = {
  first_touch_never: firstTouch('MADV_NOHUGEPAGE', 1),
  first_touch_huge: firstTouch('MADV_HUGEPAGE', 1),
  sparse_never: firstTouch('MADV_NOHUGEPAGE', H),
  sparse_huge: firstTouch('MADV_HUGEPAGE', H),
  dontneed_1page: part('MADV_DONTNEED', 100, 1),
  dontneed_half: part('MADV_DONTNEED', 0, H / 2),
  dontneed_511: part('MADV_DONTNEED', 0, H - 1),
  dontneed_whole: part('MADV_DONTNEED', 0, H, 'none', false),
  free_1page: part('MADV_FREE', 100, 1),
  free_half: part('MADV_FREE', 0, H / 2),
  free_whole: part('MADV_FREE', 0, H),
  dontneed_then_collapse: scenario([
    ...filled,
    ...dropped,
    DROPPED,
    `madvise,1,0,${ALL},MADV_COLLAPSE`,
    mark('collapsed'),
  ]),
  khugepaged_bloat: khugepaged(),
  fork_cow: scenario([
    ...filled,
    'fork,1,,,2',
    ...eachHuge((first) => `write,2,${first},1,`),
    mark('child_writes_1_per_huge'),
    mark('child_wrote_1_per_huge'),
    `write,2,0,${ALL},`,
    mark('child_wrote_all'),
    'exit,2,,,',
    `write,1,0,${ALL},`,
    mark('parent_rewrote_after_exit'),
  ]),
  shmem_huge_remove_half: shmem((first) => `madvise,1,${first},${H / 2},MADV_REMOVE`),
  shmem_huge_punch_1page: shmem((first) => `fallocate,,${first + 100},1,punch:x`),
  shmem_huge_dontneed_half: shmem((first) => `madvise,1,${first},${H / 2},MADV_DONTNEED`),
  ksm_huge: scenario(
    [
      ...mapped(ALL, 'MADV_HUGEPAGE'),
      `write,1,0,${ALL / 2},=1+`,
      `write,1,${ALL / 2},${ALL / 2},=1+`,
      mark('filled_each_page_twice'),
      `madvise,1,0,${ALL},MADV_MERGEABLE`,
      3_000_000,
      mark('after_3s_ksmd'),
      'set,,,,ksm.run=2',
      mark('after_run2'),
    ],
    'none',
    'ksm:pages_to_scan=20000,smart_scan=1',
  ),
  pageout_whole: scenario(
    [
      ...filled,
      `madvise,1,0,${ALL},MADV_PAGEOUT`,
      mark('paged_out'),
      1_500_000,
      mark('after_1500ms'),
      `write,1,0,${ALL},`,
      mark('read_back'),
    ],
    'zram',
  ),
  pageout_half: scenario(
    [
      ...filled,
      ...eachHuge((first) => `madvise,1,${first},${H / 2},MADV_PAGEOUT`),
      mark('paged_out'),
      1_500_000,
      mark('after_1500ms'),
    ],
    'zram',
  ),
  dontneed_half_swap: part('MADV_DONTNEED', 0, H / 2, 'zram'),
  free_half_swap: part('MADV_FREE', 0, H / 2, 'zram'),
  cold_half_swap: part('MADV_COLD', 0, H / 2, 'zram'),
  limit_pressure: scenario(
    [
      ...filled,
      `limit,,,${ALL - 16 * H},`,
      mark('limit_half'),
      'limit,,,,',
      `write,1,0,${ALL},`,
      mark('rewritten'),
    ],
    'zram',
  ),
};
