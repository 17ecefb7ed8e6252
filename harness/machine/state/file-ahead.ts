import { KERNELS, type Settings } from './settings.js';

/** Most pages of one request to a disk (BLK_DEF_MAX_SECTORS_CAP in include/linux/blkdev.h): 4 MiB since 6.16, 1280 KiB before. */
const IO_PAGES = 1024;
const IO_PAGES_BEFORE = 320;

/** Nothing is on its way. */
export const ARRIVED: Float64Array = new Float64Array(0);

/** How a program said that it reads a file (posix_fadvise). */
export type ReadPattern = 'normal' | 'random' | 'sequential';

/**
 * What a file remembers of its last read-ahead (struct file_ra_state). The kernel has one for each open file; here all mappings
 * and reads of a file are through one.
 */
export class FileAhead {
  /** Where the last window begins, its pages, and how many before its end the page lies whose use starts the next one. */
  start = 0;
  size = 0;
  asyncSize = 0;
  /** Faults through mappings that had to read less those that had not, as far as is counted. */
  mmapMiss = 0;
  /** Reads fetch what they want and no more (FMODE_RANDOM). */
  random = false;
  /** Windows are twice as large. */
  private doubled = false;
  /** A page of the last window that has been evicted before, and is of the working set. */
  returned: number | undefined;
  /** Pages of the last window that nothing waited for: from here, up to there. */
  flightFrom = 0;
  flightTo = 0;
  /** When these are there, in ns of trace time by draw of latency; empty: they are. */
  arrivesNs = ARRIVED;

  /** Pages that are read ahead at most (ra_pages); 0 where nothing is. */
  maxPages({ readAheadPages }: Settings): number {
    return this.doubled ? 2 * readAheadPages : readAheadPages;
  }

  /** Whether a page is of the last window that nothing waited for. */
  isInFlight(index: number): boolean {
    return index >= this.flightFrom && index < this.flightTo;
  }

  /** posix_fadvise(2): RANDOM leaves the size of windows as it is, which faults go by. */
  advise(pattern: ReadPattern): void {
    this.random = pattern === 'random';
    if (pattern !== 'random') this.doubled = pattern === 'sequential';
  }
}

/** Pages that a request of `wanted` pages may be for at most. Source: ractl_max_pages in mm/readahead.c. */
export function maxRequest(wanted: number, maxPages: number, settings: Settings): number {
  const io = ioPages(settings);
  return wanted > maxPages && io > maxPages ? Math.min(wanted, io) : maxPages;
}

/** Pages of the largest request that a disk takes. */
export function ioPages({ kernel }: Settings): number {
  return kernel >= KERNELS['6.18'] ? IO_PAGES : IO_PAGES_BEFORE;
}

/** Pages of the first window for a read of `wanted` pages. Source: get_init_ra_size in mm/readahead.c. */
export function firstWindow(wanted: number, max: number): number {
  const rounded = 2 ** Math.ceil(Math.log2(wanted));
  if (rounded <= Math.floor(max / 32)) return rounded * 4;
  if (rounded <= Math.floor(max / 4)) return rounded * 2;
  return max;
}

/** Pages of the window after one of `size` pages. Source: get_next_ra_size in mm/readahead.c. */
export function nextWindow(size: number, max: number): number {
  if (size < Math.floor(max / 16)) return 4 * size;
  return size <= Math.floor(max / 2) ? 2 * size : max;
}
