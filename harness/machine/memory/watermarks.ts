/** Free pages below which the kernel acts, as in /proc/zoneinfo; in pages. */
export interface Watermarks {
  /** Below it only reclaim itself and atomic requests may allocate: others reclaim first (direct reclaim). */
  readonly min: number;
  /** Below it kswapd wakes. */
  readonly low: number;
  /** At it kswapd sleeps again. */
  readonly high: number;
}

const KB_PER_PAGE = 4;
/** Default of vm.watermark_scale_factor: ten thousandths of the memory between two watermarks. */
const WATERMARK_SCALE_FACTOR = 10;
/** A batch of a per-CPU list is cut from at most 1 MiB (mm/page_alloc.c, zone_batchsize). */
const BATCH_CEILING_PAGES = 256;

/**
 * vm.min_free_kbytes as the kernel chooses it at boot: 4 √(memory in KiB), between 128 KiB and 256 MiB
 * (mm/page_alloc.c, calculate_min_free_kbytes; no zone has watermarks yet, so all its memory counts).
 *
 * While transparent huge pages are enabled, khugepaged raises it (mm/khugepaged.c,
 * set_recommended_min_free_kbytes): to 67584 on a machine of three zones and 1.3 to 272 GiB.
 *
 * @param pages memory in pages of 4 KiB
 */
export function minFreeKbytes(pages: number): number {
  const wanted = Math.floor(Math.sqrt(pages * KB_PER_PAGE * 16));
  return Math.min(262144, Math.max(128, wanted));
}

/**
 * The watermarks of memory that is one zone (mm/page_alloc.c, __setup_per_zone_wmarks): min is vm.min_free_kbytes; the
 * steps from there to low and to high are alike, a quarter of min or a thousandth of the memory, the larger.
 *
 * @param pages memory in pages of 4 KiB
 * @param minFree vm.min_free_kbytes; by default the kernel's choice at boot
 */
export function watermarks(pages: number, minFree: number = minFreeKbytes(pages)): Watermarks {
  const min = Math.floor(minFree / KB_PER_PAGE);
  const step = Math.max(Math.floor(min / 4), Math.floor((pages * WATERMARK_SCALE_FACTOR) / 10000));
  return { min, low: min + step, high: min + 2 * step };
}

/**
 * pcp->batch: frames that go between the free blocks and a per-CPU list at once (mm/page_alloc.c, zone_batchsize). One
 * less than a power of two, at most 63; at least 1.
 *
 * @param pages memory in pages of 4 KiB
 */
export function pcpBatch(pages: number): number {
  const share = Math.max(1, Math.floor(Math.min(Math.floor(pages / 1024), BATCH_CEILING_PAGES) / 4));
  const rounded = 1 << (31 - Math.clz32(share + Math.floor(share / 2)));
  return Math.max(1, rounded - 1);
}

/**
 * pcp->high_min: frames on a per-CPU list from which a batch goes back to the free blocks (mm/page_alloc.c,
 * zone_highsize). All lists together hold the low watermark, so that kswapd is awake before they hold all that is free.
 * Kernels since 6.7 let a list grow beyond it while it is busy; this is where they return to.
 *
 * @param low the low watermark, in pages
 * @param batch pcp->batch
 * @param cpus lists that share the memory
 */
export function pcpHigh(low: number, batch: number, cpus: number): number {
  return Math.max(Math.floor(low / cpus), 4 * batch);
}
