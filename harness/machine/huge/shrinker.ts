import { PART } from '../../cost/ledger.js';
import type { Folio } from '../memory/folios.js';
import type { HugeParts } from './parts.js';

/** Folios that one call of the shrinker looks at. Source: SHRINK_BATCH in mm/shrinker.c. */
const SHRINK_BATCH = 128;

/**
 * deferred_split_scan: splits folios that have lost pages, and those that are mostly zeros, in the order they were queued. Those
 * that are well used leave the queue. Folios of shared memory that reach beyond the end of their object go the same way. Returns how many frames are free.
 */
export function shrinkDeferred(huge: HugeParts): number {
  const m = huge.state;
  const { deferred } = huge.folios;
  const before = m.frames.inUse;
  let left = SHRINK_BATCH;
  for (const folio of [...deferred]) {
    if (left-- === 0) break;
    if (folio.partlyMapped) huge.split(folio);
    else if (isUnderused(huge, folio)) {
      m.counters.thp_underused_split_page++;
      huge.split(folio);
    } else deferred.delete(folio);
  }
  huge.shrinkBeyondEnd();
  m.paySplits(PART.reclaim);
  return before - m.frames.inUse;
}

/** thp_underused: whether more pages are zeros than khugepaged would fill in. */
function isUnderused({ state: m }: HugeParts, folio: Folio): boolean {
  const { maxPtesNone } = m.settings.thp;
  if (maxPtesNone === folio.size - 1) return false;
  let zeros = 0;
  for (const page of folio.pages) if (m.pages.contents.isZero(page)) zeros++;
  return zeros > maxPtesNone;
}
