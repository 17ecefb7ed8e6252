import { releasePage } from './entries.js';
import { type Folio, type Page, ZERO } from './page.js';
import { isHuge, splitPmd, TABLE } from './pmds.js';
import { addToSwap, collectDirty, forgetPage, hasSlot, pageOut, settle, take } from './reclaim.js';
import type { NaiveKernel } from './state.js';
import { findVma } from './vmas.js';

/** Huge pages that one call of the shrinker looks at (SHRINK_BATCH). */
const SHRINK_BATCH = 128;

/** folio_maybe_mapped_shared: whether several processes map parts of a huge page. */
export function isShared({ pages }: Folio): boolean {
  const spaces = new Set(pages.flatMap(({ places }) => places.map(({ space }) => space)));
  return spaces.size > 1;
}

/** The page directories that map a huge page whole. */
function splitPmdsOf(k: NaiveKernel, folio: Folio): void {
  for (const { space, vpn } of [...folio.head.places])
    if (isHuge(space, vpn)) splitPmd(k, space, Math.floor(vpn / TABLE));
}

/**
 * split_folio: its pages are by themselves from now on, dirty if any was. Those that nothing maps are free, and those that hold
 * zeros give way to the shared page of zeros, but not in locked memory (try_to_map_unused_to_zeropage).
 *
 * @param how `taking`: reclaim has it in its hands, and goes on with its pages; `kept`: a page that stays, whatever it holds
 */
export function splitFolio(
  k: NaiveKernel,
  folio: Folio,
  how: { readonly taking?: boolean; readonly kept?: Page } = {},
): void {
  // Page tables lose its pages one by one, and it is queued for this split; a page directory loses all at once.
  const onePage = folio.head.places.some(({ space, vpn }) => !isHuge(space, vpn));
  if (onePage && !folio.partlyMapped) k.counters.thp_deferred_split_page++;
  splitPmdsOf(k, folio);
  for (const page of folio.pages) collectDirty(k, page);
  k.deferred.delete(folio);
  for (const page of folio.pages) page.folio = undefined;
  k.counters.thp_split_page++;
  const mapped = folio.pages.filter((page) => k.references(page) > 0);
  if (!how.taking) queueParts(k, folio, mapped);
  for (const page of folio.pages) {
    if (k.references(page) === 0) releasePage(k, page);
    else if (page.content === 0 && page !== how.kept && !isLocked(k, page)) becomeZeros(k, page);
  }
}

function queueParts(k: NaiveKernel, { head }: Folio, mapped: readonly Page[]): void {
  if (!k.evictable.has(head)) {
    for (const page of mapped) settle(k, page);
    return;
  }
  const tails = mapped.filter((page) => page !== head);
  k.chooser.split(head, tails);
  for (const tail of tails) k.evictable.add(tail);
}

function isLocked(k: NaiveKernel, page: Page): boolean {
  return k.entriesOf(page).some(({ space, vpn }) => findVma(space, vpn)?.flags.has('locked'));
}

function becomeZeros(k: NaiveKernel, page: Page): void {
  for (const { space, vpn } of k.entriesOf(page))
    space.entries.set(vpn, { page: ZERO, present: true, writable: false, dirty: false });
  releasePage(k, page);
}

/** deferred_split_scan: those that lost pages are split, and those of mostly zeros; all others leave the queue. Whether frames are free. */
export function shrinkFolios(k: NaiveKernel): boolean {
  const before = k.inUse;
  for (const folio of [...k.deferred].slice(0, SHRINK_BATCH)) {
    if (folio.partlyMapped) splitFolio(k, folio);
    else if (isUnderused(k, folio)) {
      k.counters.thp_underused_split_page++;
      splitFolio(k, folio);
    } else k.deferred.delete(folio);
  }
  return k.inUse < before;
}

/** thp_underused. */
function isUnderused(k: NaiveKernel, { pages }: Folio): boolean {
  const { maxPtesNone } = k.huge;
  const zeros = pages.filter(({ content }) => content === 0).length;
  return maxPtesNone < TABLE - 1 && zeros > maxPtesNone;
}

/** shrink_folio_list for a victim that is a huge page. Returns how many pages went. */
export function takeFolio(k: NaiveKernel, folio: Folio): number {
  const { head, pages } = folio;
  k.evictable.delete(head);
  for (const page of pages) collectDirty(k, page);
  if (folio.lazyfree && folio.dirty) {
    folio.lazyfree = false;
    k.evictable.add(head);
    k.chooser.reject(head);
    settle(k, head);
    return 0;
  }
  if (folio.lazyfree) drop(k, folio);
  else if (folio.partlyMapped) return splitAndTake(k, folio);
  else if (!hasSlot(k, head)) {
    k.placeless.push(head);
    return 0;
  } else if (k.slotsFree() < pages.length) {
    k.counters.thp_swpout_fallback++;
    return splitAndTake(k, folio);
  } else swapOut(k, folio);
  return pages.length;
}

function splitAndTake(k: NaiveKernel, folio: Folio): number {
  splitFolio(k, folio, { taking: true });
  return folio.pages.filter((page) => page.inMemory && take(k, page)).length;
}

/** A clean huge page that was freed lazily goes as one. Linux 6.18 was seen to split its mapping first, and to keep the page table. */
function drop(k: NaiveKernel, folio: Folio): void {
  splitPmdsOf(k, folio);
  k.deferred.delete(folio);
  for (const page of folio.pages) {
    for (const { space, vpn } of k.entriesOf(page)) space.entries.delete(vpn);
    page.folio = undefined;
    page.lazyfree = false;
    k.setInMemory(page, false);
  }
  k.counters.pglazyfreed += folio.pages.length;
}

/** All of it is written to swap, from where it comes back page by page. */
function swapOut(k: NaiveKernel, folio: Folio): void {
  beginSwapOut(k, folio);
  for (const page of folio.pages) {
    addToSwap(k, page, collectDirty(k, page));
    k.setInMemory(page, false);
  }
}

function beginSwapOut(k: NaiveKernel, folio: Folio): void {
  k.counters.thp_swpout++;
  splitPmdsOf(k, folio);
  k.deferred.delete(folio);
  for (const page of folio.pages) {
    page.folio = undefined;
    page.dirty = true;
  }
}

/** reclaim_pages for a huge page that one process maps whole. Where swap has no place for it, it is split all the same. */
export function pageOutFolio(k: NaiveKernel, folio: Folio): void {
  const { head, pages } = folio;
  for (const page of pages) collectDirty(k, page);
  if (folio.lazyfree && folio.dirty) {
    folio.lazyfree = false;
    settle(k, head);
  } else if (folio.lazyfree) {
    forgetPage(k, head);
    drop(k, folio);
  } else if (k.swap === 'none' || k.slotsFree() < pages.length) {
    k.counters.thp_swpout_fallback++;
    splitFolio(k, folio);
    for (const page of pages) if (page.inMemory) pageOut(k, page);
  } else if (k.swap === 'zram') {
    forgetPage(k, head);
    swapOut(k, folio);
  } else pageOutLater(k, folio);
}

/** To a device that does not answer at once: the pages are in the swap cache, each next to go. */
function pageOutLater(k: NaiveKernel, folio: Folio): void {
  forgetPage(k, folio.head);
  beginSwapOut(k, folio);
  for (const page of folio.pages) {
    k.evictable.add(page);
    k.chooser.insert(page);
    addToSwap(k, page, collectDirty(k, page));
    k.chooser.rotate(page);
  }
}
