import { isShared, splitFolio } from './folios.js';
import type { Entry, Folio } from './page.js';
import { isWhole, type Part, partsOf, TABLE } from './pmds.js';
import type { NaiveKernel, Space } from './state.js';

/**
 * madvise_cold_or_pageout_pte_range, madvise_free_pte_range: visits each entry of a page by itself, and each huge page that a page
 * table maps whole by its first entry. Huge pages of which there is only a part are split first. Those that other processes map are
 * left out, and so are those of zeros.
 */
export function eachUnit(
  k: NaiveKernel,
  space: Space,
  start: number,
  end: number,
  visit: (vpn: number, entry: Entry) => void,
): void {
  for (const part of partsOf(start, end))
    if (!visitHuge(k, space, part, visit)) visitTable(k, space, part, visit);
}

/** What a page directory maps. False where a page table does, from now on perhaps. */
function visitHuge(
  k: NaiveKernel,
  space: Space,
  part: Part,
  visit: (vpn: number, entry: Entry) => void,
): boolean {
  if (!space.huge.has(part.table)) return false;
  const entry = space.entries.get(part.start)!;
  const { folio } = entry.page;
  if (!folio || isShared(folio)) return true;
  if (isWhole(part)) {
    visit(part.start, entry);
    return true;
  }
  splitFolio(k, folio);
  return false;
}

function visitTable(
  k: NaiveKernel,
  space: Space,
  { start, end }: Part,
  visit: (vpn: number, entry: Entry) => void,
): void {
  for (let vpn = start; vpn < end; ) {
    const entry = space.entries.get(vpn);
    const folio = entry?.page.folio;
    if (!entry || !folio) {
      if (entry) visit(vpn, entry);
      vpn++;
      continue;
    }
    const mapped = batch(space, folio, entry, vpn, end);
    if (mapped < TABLE && !isShared(folio)) {
      splitFolio(k, folio);
      continue;
    }
    if (mapped === TABLE && !isShared(folio)) visit(vpn, entry);
    vpn += mapped;
  }
}

/** folio_pte_batch: how many entries map pages of a huge page one after another. */
function batch(space: Space, { pages }: Folio, { page }: Entry, vpn: number, end: number): number {
  const at = pages.indexOf(page);
  let length = 1;
  while (
    vpn + length < end &&
    at + length < TABLE &&
    space.entries.get(vpn + length)?.page === pages[at + length]
  )
    length++;
  return length;
}
