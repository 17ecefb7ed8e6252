import type { Folio } from '../memory/folios.js';
import { must } from '../memory/invariant.js';
import { PAGE_FLAG, ZERO_PAGE } from '../memory/pages.js';
import { LEAF_ENTRIES, type LeafPart, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import type { HugeParts } from './parts.js';
import { placeOf } from './shmem-folio.js';

/**
 * Checks what is known of huge pages against page tables and frames.
 *
 * - All pages of a folio have frames, and none a slot; they are filed next to each other; reclaim may choose all or none.
 * - A folio counts as unmapped what no entry maps, which is not all of it, and waits to be split where that is anything.
 * - A folio of shared memory is what its object has there, whether it is mapped or not.
 * - What a page directory maps is whole: a folio's pages in order, or zeros, in one mapping.
 *
 * @throws BrokenInvariant naming the first that does not hold
 */
export function checkHuge(m: State, huge: HugeParts): void {
  for (const folio of huge.folios.all()) checkFolio(m, huge, folio);
  const leaves = new Set<number>();
  for (const space of m.spaces.values())
    for (const part of space.directory.leaves()) {
      if (!huge.pmds.has(part.leaf)) continue;
      leaves.add(part.leaf);
      checkPmd(m, huge, space, part);
    }
  const marked = huge.pmds.folios.size + huge.pmds.shared.size + huge.pmds.zeros.size;
  must(marked === leaves.size, () => `${marked} leaves count as huge and ${leaves.size} are`);
}

function checkFolio(m: State, huge: HugeParts, folio: Folio): void {
  const { head, pages, size } = folio;
  const { frames } = m;
  const headFrame = m.pages.location[head]!;
  const flag = m.pages.traits[head]! & PAGE_FLAG.unevictable;
  if (folio.shared) checkInObject(m, huge, folio);
  let unmapped = 0;
  pages.forEach((page, i) => {
    const frame = m.pages.location[page]!;
    must(huge.folios.headOf(page) === head, () => `page ${page} does not know its folio ${head}`);
    must(m.pages.resident[page] === 1, () => `page ${page} of folio ${head} is not in memory`);
    must(frames.slotOf(frame) === -1, () => `page ${page} of folio ${head} is in the swap cache`);
    must(
      frames.object[frame] === frames.object[headFrame] &&
        frames.index[frame] === frames.index[headFrame]! + i,
      () => `page ${page} of folio ${head} is filed elsewhere`,
    );
    must(
      (m.pages.traits[page]! & PAGE_FLAG.unevictable) === flag,
      () => `page ${page} may be chosen and its folio ${head} not, or the other way round`,
    );
    if (frames.mapcount[frame] === 0 && !folio.shared) unmapped++;
  });
  must(
    unmapped === folio.unmapped,
    () => `folio ${head} counts ${folio.unmapped} unmapped pages and has ${unmapped}`,
  );
  if (folio.shared) return;
  must(unmapped < size, () => `nothing maps folio ${head}`);
  must(
    folio.partlyMapped === unmapped > 0,
    () => `folio ${head} has ${unmapped} unmapped pages, and does not know`,
  );
  must(
    !folio.partlyMapped || huge.folios.deferred.has(folio),
    () => `folio ${head} does not wait to be split`,
  );
}

/** A folio of shared memory lies where its object says, and is on the list of those that reach beyond the end if it does. */
function checkInObject(m: State, huge: HugeParts, folio: Folio): void {
  const { object, first } = placeOf(m, folio);
  must(object.kind === 'shared' && object.backing === 'shmem', () => `folio ${folio.head} is of no object`);
  must(first % folio.size === 0, () => `folio ${folio.head} of ${object.name} begins at ${first}`);
  must(
    folio.pages.every((page, i) => object.page(first + i) === page),
    () => `folio ${folio.head} is not what ${object.name} has at ${first}`,
  );
  must(
    first + folio.size <= object.size || huge.folios.beyondEnd.has(folio),
    () => `folio ${folio.head} reaches beyond the end of ${object.name}, and does not wait to be split`,
  );
  must(first < object.size, () => `folio ${folio.head} is beyond the end of ${object.name}`);
}

function checkPmd(m: State, huge: HugeParts, space: Space, { leaf, from }: LeafPart): void {
  const first = leaf * LEAF_ENTRIES;
  const vma = space.find(from);
  must(
    vma !== undefined && vma.start <= from && vma.end >= from + LEAF_ENTRIES,
    () => `the huge page at ${from} of space ${space.id} is not in one mapping`,
  );
  const folio = huge.folios.of(m.tables.get(first) >>> PTE_SHIFT);
  must(
    (folio === undefined) === huge.pmds.zeros.has(leaf),
    () => `the huge page at ${from} is of another kind`,
  );
  const place = huge.pmds.shared.get(leaf);
  must(
    (folio?.shared === true) === (place !== undefined),
    () => `the huge page at ${from} is of another kind`,
  );
  must(
    !place || (place.space === space && place.first === from),
    () => `the huge page at ${from} of space ${space.id} is taken to be elsewhere`,
  );
  for (let i = 0; i < LEAF_ENTRIES; i++) {
    const entry = m.tables.get(first + i);
    const page = folio ? folio.pages[i] : ZERO_PAGE;
    must(
      (entry & PTE.present) !== 0 && entry >>> PTE_SHIFT === page,
      () => `page ${from + i} of space ${space.id} is not that of its huge page`,
    );
  }
}
