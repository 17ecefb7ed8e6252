import { grown } from '../base/arrays.js';
import { TRAIT } from '../policy/reclaim/contract.js';
import { isMerged } from './entries/entry.js';
import { checkHuge } from './huge/check.js';
import { checkKsm } from './ksm/check.js';
import type { Machine } from './machine.js';
import { checkHugetlb } from './mapping/hugetlb-check.js';
import { broken, must } from './memory/invariant.js';
import { PAGE_FLAG, ZERO_PAGE } from './memory/pages.js';
import { checkCgroups } from './reclaim/cgroup/cgroup-check.js';
import { checkPurge } from './reclaim/purge-check.js';
import { GUARD, type LeafPart, PTE, PTE_SHIFT, PURGED } from './state/page-table.js';
import type { Space } from './state/space.js';
import type { SharedObject } from './state/vma.js';

/** Counts by page; the arrays are kept from one check to the next, as tests check after every event. */
let mappings = new Uint32Array(0);
let swapEntries = new Uint32Array(0);
let held = new Uint8Array(0);

/** An array with a zero for each page. */
function cleared<T extends Uint32Array | Uint8Array>(array: T, pages: number): T {
  return grown(array, pages).fill(0, 0, pages) as T;
}

/** What the page tables and objects refer to, counted afresh. Only the newest has meaning. */
class Census {
  readonly mappings: Uint32Array;
  readonly swapEntries: Uint32Array;
  /** Entries of pages that have neither frame nor struct page. */
  readonly uncounted = new Set<number>();
  /** 1 for pages that objects hold. */
  readonly held: Uint8Array;
  rss = 0;
  /** Entries of the shared zero page that KSM made. */
  ksmZeros = 0;

  constructor(private readonly m: Machine) {
    const { count } = m.pages;
    mappings = cleared(mappings, count);
    swapEntries = cleared(swapEntries, count);
    held = cleared(held, count);
    this.mappings = mappings;
    this.swapEntries = swapEntries;
    this.held = held;
    for (const space of m.spaces.values()) this.countSpace(space);
    for (const object of m.objects.all()) {
      if (object.kind === 'shared') this.countObject(object);
    }
    for (const { pages } of m.hugetlb.privates.values()) for (const page of pages) this.held[page] = 1;
  }

  private countObject(object: SharedObject): void {
    const { m } = this;
    let ids = 0;
    for (const index of object.present(0, object.reach)) {
      const page = object.page(index);
      if (this.held[page] !== 0) broken(`page ${page} is in two places of objects`);
      this.held[page] = 1;
      ids++;
      if (m.swapSlotOf(page) >= 0) this.swapEntries[page]!++;
    }
    if (!object.inMemory) return;
    must(ids === object.blocks, () => `object ${object.name} counts ${object.blocks} pages and has ${ids}`);
  }

  private countSpace(space: Space): void {
    let last = -1;
    for (const { start, end } of space.vmas) {
      if (start >= end || start < last) broken(`VMAs of space ${space.id} overlap at page ${start}`);
      last = end;
    }
    let rss = 0;
    for (const part of space.directory.leaves()) rss += this.countLeaf(space, part);
    must(rss === space.rss, () => `space ${space.id} counts ${space.rss} entries and has ${rss}`);
    this.rss += rss;
  }

  /** Counts the entries of one page table. Returns how many are in rss. */
  private countLeaf(space: Space, part: LeafPart): number {
    const { m } = this;
    const { tables } = m;
    const { resident } = m.pages;
    const end = part.at + part.to - part.from;
    let rss = 0;
    for (let at = tables.nextUsed(part.at, end); at < end; at = tables.nextUsed(at + 1, end)) {
      const entry = tables.get(at);
      const vpn = part.from + at - part.at;
      if (space.find(vpn) === undefined) broken(`page ${vpn} of space ${space.id} has an entry and no VMA`);
      const page = entry >>> PTE_SHIFT;
      if (entry === GUARD) continue;
      if (entry === PURGED) {
        if (m.purge.marks.at(space, vpn) === undefined) broken(`page ${vpn} was purged and is not volatile`);
        continue;
      }
      if ((entry & PTE.present) === 0) this.swapEntries[page]!++;
      else if (page === ZERO_PAGE) this.ksmZeros += entry & PTE.dirty ? 1 : 0;
      else if (resident[page] === 1 || m.structPages.has(page)) {
        this.mappings[page]!++;
        rss++;
      } else this.uncounted.add(page);
    }
    return rss;
  }
}

/**
 * Checks the machine's invariants from scratch; costs a walk over all its state.
 *
 * - A free frame is not mapped; a frame's page knows the frame.
 * - A frame's mapping count is the number of entries that map it, and the reverse map finds them all.
 * - Resident and free frames are all frames handed out so far.
 * - A slot's references are the swapped-out entries (and objects) that refer to its page; slots in use hold a page.
 * - A page that is in use is in memory or in swap, and something refers to it.
 * - hugetlb pages are mapped as a whole, and the pool counts them and what was promised (`checkHugetlb`).
 * - What is known of volatile memory agrees with VMAs, objects and pages (`checkPurge`).
 * - What is charged to memory cgroups agrees with frames and slots (`checkCgroups`).
 * - What is known of huge pages agrees with page tables and frames (`checkHuge`).
 * - What KSM tracks agrees with the page tables (`checkKsm`); of merged pages the reverse map may miss some mappings.
 *
 * @throws BrokenInvariant naming the first that does not hold
 */
export function checkMachine(m: Machine): void {
  const census = new Census(m);
  must(census.rss === m.rss, () => `the machine counts ${m.rss} entries and has ${census.rss}`);
  checkFrames(m, census);
  checkSwap(m, census);
  checkPages(m, census);
  checkPurge(m, m.purge);
  checkHugetlb(m);
  if (m.reclaim.cgroups) checkCgroups(m, m.reclaim.cgroups);
  checkKsm(m, m.ksm, census.ksmZeros);
  if (m.huge) checkHuge(m, m.huge);
}

function checkFrames(m: Machine, census: Census): void {
  const { frames } = m;
  let resident = 0;
  let mapped = 0;
  let cached = 0;
  for (let frame = 0; frame < frames.high; frame++) {
    const page = frames.page[frame]!;
    if (page < 0) {
      if (frames.mapcount[frame] !== 0)
        broken(`frame ${frame} is free and mapped ${frames.mapcount[frame]} times`);
      continue;
    }
    resident++;
    if (frames.slotOf(frame) >= 0) cached++;
    if (checkFrame(m, frame, page, census.mappings[page]!)) mapped++;
  }
  must(resident === frames.inUse, () => `${frames.inUse} frames are handed out and ${resident} hold a page`);
  must(mapped === frames.mapped, () => `${frames.mapped} frames count as mapped and ${mapped} are`);
  must(
    cached === frames.inSwapCache,
    () => `${frames.inSwapCache} frames count as in the swap cache and ${cached} are`,
  );
  checkFrameless(m, census);
}

/** Checks a frame that holds a page. Returns whether it is mapped. @param mappings entries that map it, counted */
function checkFrame(m: Machine, frame: number, page: number, mappings: number): boolean {
  const { pages, frames, rmap } = m;
  if (pages.location[page] !== frame || pages.resident[page] !== 1)
    broken(`frame ${frame} holds page ${page}, which is elsewhere`);
  const counted = frames.mapcount[frame]!;
  if (counted !== mappings) broken(`frame ${frame} counts ${counted} mappings and has ${mappings}`);
  rmap.walk(frame);
  if (rmap.length !== mappings && !(isMerged(m, page) && rmap.length < mappings))
    broken(`the reverse map finds ${rmap.length} of the ${mappings} mappings of frame ${frame}`);
  return mappings > 0;
}

/** Checks pages that are mapped and have no frame. */
function checkFrameless({ pages, structPages }: Machine, { mappings, uncounted, held }: Census): void {
  for (const page of uncounted)
    if (pages.location[page] !== -1 || held[page] !== 1) broken(`page ${page} is mapped and has no frame`);
  for (const [page, counted] of structPages)
    if (counted !== mappings[page])
      broken(`struct page of ${page} counts ${counted} mappings and has ${mappings[page]}`);
}

function checkSwap(m: Machine, census: Census): void {
  let used = 0;
  for (let slot = 0; slot < m.swap.high; slot++) {
    const page = m.swap.page(slot);
    if (page < 0) continue;
    used++;
    if (m.swapSlotOf(page) !== slot) broken(`slot ${slot} holds page ${page}, which does not know it`);
    const entries = census.swapEntries[page]!;
    const references = m.swap.references(slot);
    if (references !== entries) broken(`slot ${slot} counts ${references} references and has ${entries}`);
  }
  must(used === m.swap.inUse, () => `${m.swap.inUse} slots count as used and ${used} hold a page`);
}

function checkPages(m: Machine, census: Census): void {
  const { pages } = m;
  let lazyfree = 0;
  let volatile = 0;
  for (let page = 1; page < pages.count; page++) {
    const traits = pages.traits[page]!;
    if (traits & PAGE_FLAG.unused) continue;
    if (traits & TRAIT.lazyfree) lazyfree++;
    if (traits & TRAIT.volatile) volatile += pages.resident[page]!;
    checkPage(m, page, census);
  }
  must(
    lazyfree === pages.lazyfreeCount,
    () => `${pages.lazyfreeCount} pages count as lazily freed and ${lazyfree} are`,
  );
  must(
    volatile === pages.volatileCount,
    () => `${pages.volatileCount} pages count as volatile and ${volatile} are`,
  );
}

/** Checks that a page that is in use is somewhere, and that something refers to it. */
function checkPage(m: Machine, page: number, { mappings, swapEntries, held }: Census): void {
  const { pages } = m;
  if (pages.resident[page] !== 1 && held[page] === 0 && pages.slotOf(page) < 0)
    broken(`page ${page} is nowhere`);
  if (mappings[page] !== 0 || swapEntries[page] !== 0 || held[page] !== 0) {
    if (m.pins.isOrphan(page)) broken(`page ${page} counts as referred to by a device only`);
  } else if (!m.pins.has(page) && m.huge?.folios.of(page) === undefined)
    broken(`nothing refers to page ${page}`);
}
