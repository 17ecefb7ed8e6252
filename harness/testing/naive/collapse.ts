import { freeFolio, zap } from './entries.js';
import { swapIn } from './faults.js';
import type { Errno } from './flag-advice.js';
import { mapFolio, mayBeHuge, newFolio } from './huge.js';
import { TABLE } from './pmds.js';
import { settle } from './reclaim.js';
import type { NaiveKernel, Space, Vma } from './state.js';

/** What became of 512 pages: made or there already (0), else the error, and whether the call goes on with the next 512. */
type Outcome = 0 | { readonly errno: Errno; readonly goesOn: boolean };

const NOTHING_THERE: Outcome = { errno: 'EINVAL', goesOn: true };
const PINNED: Outcome = { errno: 'EAGAIN', goesOn: true };
const SWAPPED_OUT: Outcome = { errno: 'EINVAL', goesOn: true };
const GUARDED: Outcome = { errno: 'EINVAL', goesOn: false };
const NOT_CHARGED: Outcome = { errno: 'EBUSY', goesOn: false };

/**
 * madvise_collapse: memory that has an anon_vma and room for a huge page, whatever `enabled` is. What is less than a huge page at
 * both ends is left alone; a range within one is refused.
 */
export function collapse(k: NaiveKernel, space: Space, vma: Vma, start: number, end: number): Errno {
  const last = Math.floor(vma.end / TABLE - 1) * TABLE;
  if (!mayBeHuge(space, vma) || !vma.anon || last < vma.start) return 'EINVAL';
  const from = Math.ceil(start / TABLE);
  const to = Math.floor(end / TABLE);
  if (to < from) return 'EINVAL';
  let errno: Errno = 0;
  for (let table = from; table < to; table++) {
    const outcome = collapseTable(k, space, vma, table);
    if (outcome === 0) continue;
    errno = outcome.errno;
    if (!outcome.goesOn) break;
  }
  return errno;
}

/** hpage_collapse_scan_pmd, collapse_huge_page. */
function collapseTable(k: NaiveKernel, space: Space, vma: Vma, table: number): Outcome {
  if (space.huge.has(table)) return 0;
  if (!space.tables.has(table)) return NOTHING_THERE;
  const vpns = Array.from({ length: TABLE }, (_, i) => table * TABLE + i);
  const entryAt = (vpn: number) => space.entries.get(vpn);
  for (const vpn of vpns) {
    if (space.guards.has(vpn)) return GUARDED;
    const entry = entryAt(vpn);
    if (entry?.present && k.pinned.has(entry.page)) return PINNED;
  }
  for (const vpn of vpns) if (entryAt(vpn)?.present === false) swapIn(k, space, vma, vpn);
  const folio = newFolio(k, space, vma, true);
  k.counters.thp_collapse_alloc++;
  if (!folio) return NOT_CHARGED;
  // To make room, reclaim may have taken what was to be copied.
  if (vpns.some((vpn) => entryAt(vpn)?.present === false)) {
    freeFolio(k, folio);
    return SWAPPED_OUT;
  }
  vpns.forEach((vpn, i) => {
    folio.pages[i]!.content = entryAt(vpn)?.page.content ?? 0;
  });
  zap(k, space, vma, table * TABLE, (table + 1) * TABLE);
  mapFolio(space, vma, table * TABLE, folio);
  if (vma.flags.has('locked')) settle(k, folio.head);
  return 0;
}
