import type { DiscardContext, DiscardPolicy, DiscardPolicyInfo, PageRange, Unpinned } from './contract.js';
import { RangeSet } from './range-set.js';
import { REGEN } from './regenerate.js';

/**
 * Lazy freeing. The kernel does not report what it purged, so the program writes a cookie into every page before it
 * frees them, and looks for lost cookies when it needs the range again.
 */
class Free implements DiscardPolicy {
  /** Unpinned ranges that the kernel accepted. */
  private readonly freed = new RangeSet();

  private readonly byRange: boolean;

  constructor(private readonly context: DiscardContext) {
    this.byRange = context.values.regen === 'range';
  }

  discard(range: PageRange): void {
    this.context.kernel.madvise(range, 'MADV_FREE');
  }

  unpin(range: Unpinned): void {
    this.freed.delete(range);
    this.context.program.writeCookies(range);
    const errno = this.context.kernel.madvise(range, 'MADV_FREE');
    // ENOMEM says that a part was not mapped; what was mapped may go anyway.
    if (errno === 0 || errno === 'ENOMEM') this.freed.add(range);
  }

  unmapped(range: PageRange): void {
    this.freed.delete(range);
  }

  moved(range: PageRange, to: number): void {
    this.freed.move(range, to);
  }

  pin(range: PageRange, unpinned: Unpinned | undefined): void {
    const { program } = this.context;
    const regenNs = unpinned?.regenNs ?? 0;
    for (const part of this.freed.within(range)) {
      if (this.byRange) {
        if (program.firstLost(part) < 0) continue;
        program.regenerate(range, regenNs); // the first purged page loses the whole range
        break;
      }
      this.pinPages(part, regenNs / range.count);
    }
    this.freed.delete(range);
  }

  private pinPages(part: PageRange, regenNsPerPage: number): void {
    const { program } = this.context;
    let rest = part;
    for (let lost = program.firstLost(rest); lost >= 0; lost = program.firstLost(rest)) {
      const page = rest.page + lost;
      program.regenerate({ space: part.space, page, count: 1 }, regenNsPerPage);
      rest = { space: part.space, page: page + 1, count: rest.count - lost - 1 };
    }
  }
}

export const free: DiscardPolicyInfo = {
  name: 'free',
  summary:
    'madvise(MADV_FREE): reclaim may drop the pages without writing them out, until they are written again; EINVAL on shared memory',
  source: 'madvise_free_single_vma in mm/madvise.c; cookies as jemalloc and WebKit check lazily freed memory',
  parameters: { regen: REGEN },
  create: (context) => new Free(context),
};
