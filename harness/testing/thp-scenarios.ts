import type { SwapText } from '../contract/swap.js';

/** The tests of the probe `thp.c`, as traces: a mark after each step that it read. */

/** Pages of a huge page, and huge pages of most tests. */
const H = 512;
const COUNT = 32;
const ALL = COUNT * H;

/**
 * What a count of thp_versions.csv may differ by, on the model and when it is measured again; all others are exact. Pages that the CPU charges in
 * advance, with two of the executor's own since a fork; a batch that waits to be marked.
 */
export const TOLERANCE_OF_VERSIONS: Readonly<Record<string, number>> = {
  memcg_user_kib: (64 + 2) * 4,
  lazyfree_kib: 31 * 4,
  pglazyfree: 31,
};

/** One test: its events, numbers between them being µs that pass. */
export interface ThpScenario {
  readonly events: readonly (string | number)[];
  readonly swap: SwapText;
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

/**
 * Its events without the settings of the host that was measured, up to where the limit is lowered: version 2 of cgroups, which is on
 * all kernels of virtual machines, then reclaims what is too much in one go, and version 1, which was measured, a few pages at a time.
 */
export function unlimitedEvents({ events }: ThpScenario): readonly (string | number)[] {
  const end = events.findIndex((event) => String(event).startsWith('limit,'));
  return events.slice(HOST.length, end < 0 ? undefined : end);
}

/** Events with their times, and the names of their marks in order. */
export function timedScenario(events: readonly (string | number)[]): { text: string; steps: string[] } {
  let us = 0;
  const lines: string[] = [];
  const steps: string[] = [];
  for (const event of events) {
    if (typeof event === 'number') us += event;
    else lines.push(`${us},${event}`);
    if (typeof event === 'string' && event.startsWith('mark')) steps.push(event.split(',')[4]!);
  }
  return { text: `${lines.join('\n')}\n`, steps };
}

/** The space that a step is read of. */
export function spaceOf(step: string): number {
  return step.startsWith('child') ? 2 : 1;
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
  // Those below were not in the probe, and are measured in virtual machines alone.
  part_after_mprotect: scenario([
    ...filled,
    ...eachHuge((first) => `protect,1,${first},1,ro`),
    ...eachHuge((first) => `protect,1,${first},1,rw`),
    mark('protected'),
    ...eachHuge((first) => `madvise,1,${first + 100},100,MADV_FREE`, 8),
    mark('freed'),
    ...eachHuge((first) => `madvise,1,${8 * H + first + 100},100,MADV_COLD`, 8),
    mark('cold'),
    ...eachHuge((first) => `unmap,1,${16 * H + first},100,`, 8),
    mark('unmapped'),
    ...eachHuge((first) => `madvise,1,${16 * H + first + 200},100,MADV_FREE`, 8),
    mark('freed_after_unmapping'),
  ]),
  collapse_after_fork: scenario([
    ...mapped(ALL, 'MADV_NOHUGEPAGE'),
    `write,1,0,${ALL},`,
    `madvise,1,0,${ALL},MADV_HUGEPAGE`,
    'fork,1,,,2',
    `madvise,2,0,${4 * H},MADV_COLLAPSE`,
    mark('child_collapsed'),
    'exit,2,,,',
    `madvise,1,0,${4 * H},MADV_COLLAPSE`,
    mark('collapsed_without_child'),
    ...eachHuge((first) => `write,1,${first},1,`, 8),
    `madvise,1,0,${ALL},MADV_COLLAPSE`,
    mark('collapsed_with_one_written'),
  ]),
  zero_page: scenario([
    ...mapped(ALL, 'MADV_HUGEPAGE'),
    `read,1,0,${ALL},`,
    mark('read'),
    ...eachHuge((first) => `write,1,${first},1,`, 16),
    mark('written'),
    `madvise,1,0,${8 * H},MADV_DONTNEED`,
    mark('dropped'),
    `read,1,0,${8 * H},`,
    'fork,1,,,2',
    ...eachHuge((first) => `write,2,${first},1,`, 8),
    mark('child_wrote'),
  ]),
  moved: scenario([
    ...filled,
    `remap,1,0,${4 * H},to=${256 * H}`,
    mark('moved_aligned'),
    `remap,1,${8 * H},${4 * H},to=${300 * H + 1}`,
    mark('moved_unaligned'),
    `remap,1,${16 * H},${H / 2},to=${400 * H}`,
    mark('moved_half'),
    `unmap,1,${20 * H},${H / 2},`,
    mark('unmapped_half'),
  ]),
};
