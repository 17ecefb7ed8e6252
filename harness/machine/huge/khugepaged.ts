import { PART } from '../../cost/ledger.js';
import { Daemon } from '../memory/daemons.js';
import { PMD_PAGES } from '../memory/folios.js';
import { KERNELS } from '../state/settings.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { collapse } from './collapse.js';
import { wantsHuge } from './eligible.js';
import type { HugeParts } from './parts.js';
import { wantsHugeShmem } from './shmem.js';
import { collapseShmem } from './shmem-collapse.js';

const US_PER_MS = 1000;

/**
 * khugepaged: looks at the memory of processes, one after another, for pages of 4 KiB that it can gather in a huge page. All
 * that may have huge pages are looked at, by the order they began; the kernel has them by when they first had one, or asked.
 * Follows khugepaged_do_scan in mm/khugepaged.c.
 */
export class Khugepaged extends Daemon {
  /** Times it has looked at everything. */
  fullScans = 0;
  /** Where it goes on: the space, undefined for the first, and the page. */
  private space: Space | undefined;
  private address = 0;

  constructor(
    private readonly state: State,
    private readonly huge: HugeParts,
  ) {
    super();
    this.wake();
  }

  /** A setting has changed: it looks at once. */
  wake(): void {
    this.dueUs = this.hasWork() ? this.state.nowUs : Number.POSITIVE_INFINITY;
  }

  /** hugepage_pmd_enabled: mounts of shared memory with huge= do not wake it; shmem_enabled does from Linux 6.12 on. */
  private hasWork(): boolean {
    const { thp, kernel } = this.state.settings;
    if (thp.enabled !== 'never') return true;
    return kernel >= KERNELS['6.12'] && thp.shmemEnabled !== 'never' && thp.shmemEnabled !== 'deny';
  }

  run(nowUs: number): void {
    const { thp } = this.state.settings;
    const roomLacks = this.scan(thp.pagesToScan);
    this.dueUs = nowUs + Math.max(1, (roomLacks ? thp.allocSleepMs : thp.scanSleepMs) * US_PER_MS);
  }

  /** Looks at that many pages, or everything once. Returns whether there was no room for a huge page. */
  private scan(pages: number): boolean {
    let passes = 0;
    for (let left = pages; left > 0; ) {
      const space = this.current();
      if (!space || passes > 1) return false;
      const looked = this.scanSpace(space, left);
      if (looked < 0) return true;
      left -= looked;
      if (this.space === undefined) passes++;
    }
    return false;
  }

  private current(): Space | undefined {
    const { spaces } = this.state;
    if (this.space && spaces.get(this.space.id) === this.space) return this.space;
    this.address = 0;
    this.space = spaces.values().next().value;
    return this.space;
  }

  /** The next space; undefined behind the last. */
  private leave(space: Space): void {
    this.address = 0;
    const spaces = [...this.state.spaces.values()];
    this.space = spaces[spaces.indexOf(space) + 1];
    if (!this.space) this.fullScans++;
  }

  /** khugepaged_scan_mm_slot. Returns the number of pages that count as looked at, -1 where there was no room. */
  private scanSpace(space: Space, left: number): number {
    let looked = 1;
    for (const vma of space.vmas) {
      if (vma.end <= this.address) continue;
      const make = vma.isAnonymous ? collapse : collapseShmem;
      if (vma.isAnonymous ? !wantsHuge(this.state, vma) : vma.object?.backing !== 'shmem') {
        looked++;
        continue;
      }
      const start = Math.ceil(Math.max(vma.start, this.address) / PMD_PAGES) * PMD_PAGES;
      for (let first = start; first + PMD_PAGES <= vma.end; first += PMD_PAGES) {
        this.address = first + PMD_PAGES;
        if (!vma.isAnonymous && !wantsHugeShmem(this.state, vma, first)) continue;
        looked += PMD_PAGES;
        const { maxPtesNone: none, maxPtesSwap: swap, maxPtesShared: shared } = this.state.settings.thp;
        const result = make(this.huge, vma, first, { none, swap, shared, used: true }, PART.discard);
        if (result === 'no frames' || result === 'no charge') return -1;
        if (looked >= left) return looked;
      }
    }
    this.leave(space);
    return looked;
  }
}
