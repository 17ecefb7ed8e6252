import { PAGE_BYTES } from '../../../base/page.js';
import type { Range } from './call.js';
import type { Scene } from './scene.js';
import type { Segment } from './segments.js';

/** Bytes of the hugetlb pages that the format has, and its pages of them. */
const HUGETLB_BYTES = 2 * 2 ** 20;
const HUGETLB_PAGES = HUGETLB_BYTES / PAGE_BYTES;

/** The largest vm.nr_hugepages that a trace can set. */
const MOST_POOL = 524_288;
const POOL_INFERRED =
  'settings of vm.nr_hugepages that are inferred: as many pages as what is mapped may need';

/** Bits of flags that hold the binary logarithm of a size (MAP_HUGE_SHIFT, MFD_HUGE_SHIFT, SHM_HUGE_SHIFT). */
const SIZE_SHIFT = 26;
const SIZE_MASK = 63;

/** Why hugetlb memory of other sizes is left out. @param what it is, with the name of the flag */
export function otherSizes(what: string): string {
  return `${what} in hugetlb pages of other sizes than 2 MiB, which the format does not have`;
}

/**
 * Whether flags of mmap, memfd_create or shmget ask for hugetlb memory, and in pages of 2 MiB: by name (`MAP_HUGE_2MB`), by bits
 * (`21<<MAP_HUGE_SHIFT`, `0x54000000`), or by none, which asks for the default size: 2 MiB on x86-64.
 *
 * @param flags as the log has them
 */
export function hugetlbOf(flags: string): 'no' | '2 MiB' | 'other' {
  if (!/\b(MAP|MFD|SHM)_HUGETLB\b/.test(flags)) return 'no';
  const named = /\b(?:MAP|MFD|SHM)_HUGE_(\d+[KMG]B)\b/.exec(flags);
  if (named) return named[1] === '2MB' ? '2 MiB' : 'other';
  const shifted = /\b(\d+) ?<< ?(?:MAP|MFD|SHM)_HUGE_SHIFT\b/.exec(flags);
  if (shifted) return shifted[1] === '21' ? '2 MiB' : 'other';
  const bits = flags
    .split('|')
    .reduce((all, part) => (/^0x[0-9a-f]+$/i.test(part) ? all | Number(part) : all), 0);
  const size = (bits >>> SIZE_SHIFT) & SIZE_MASK;
  return size === 0 || 2 ** size === HUGETLB_BYTES ? '2 MiB' : 'other';
}

/** A number of pages, rounded up to whole hugetlb pages. */
export function wholeHugetlb(pages: number): number {
  return Math.ceil(pages / HUGETLB_PAGES) * HUGETLB_PAGES;
}

/** A range with its end rounded up to a whole hugetlb page. */
export function hugetlbRange({ start, end }: Range): Range {
  return { start, end: start + wholeHugetlb(end - start) };
}

/**
 * Raises vm.nr_hugepages to what mappings and segments of hugetlb need now, if it is lower: the log does not say how large the pool
 * was, only that these calls found it large enough. It never shrinks. Mappings with MAP_NORESERVE need none until they are touched,
 * which the log does not show.
 *
 * @param more pages of 4 KiB of private memory that are about to be mapped
 */
export function raisePool(scene: Scene, more = 0): void {
  const needed = Math.min(MOST_POOL, Math.ceil((more + neededNow(scene)) / HUGETLB_PAGES));
  if (needed <= scene.hugetlbPool.size) return;
  scene.hugetlbPool.size = needed;
  scene.remark(POOL_INFERRED);
  scene.event('set', { text: `vm.nr_hugepages=${needed}` });
}

/** Pages of 4 KiB: shared memory counts once, as far as it was mapped or allocated, for as long as anything leads to it. */
function neededNow(scene: Scene): number {
  let needed = 0;
  const shared = new Map<object, number>();
  for (const segment of scene.hugetlbPool.segments)
    if (segment.named || segment.descriptors > 0) shared.set(segment, segment.hugetlbPages);
  for (const [, maps] of scene.spaces()) {
    for (const { backing, start, end } of maps.all) {
      if ('segment' in backing) {
        const { hugetlb, hugetlbPages } = backing.segment;
        if (hugetlb && backing.kind === 'shared') shared.set(backing.segment, hugetlbPages);
        else if (hugetlb && !backing.noReserve) needed += end - start;
      } else if (backing.hugetlb && !backing.noReserve) {
        if (backing.kind === 'anon-shared') shared.set(backing, backing.hugetlb.pages);
        else needed += end - start;
      }
    }
  }
  for (const pages of shared.values()) needed += pages;
  return needed;
}

/** A segment of hugetlb is mapped shared, or allocated, up to a page: the pool has what that needs. */
export function raisePoolTo(scene: Scene, segment: Segment, end: number): void {
  segment.hugetlbPages = Math.max(segment.hugetlbPages, wholeHugetlb(end));
  scene.hugetlbPool.segments.add(segment);
  raisePool(scene);
}
