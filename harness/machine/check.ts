import { TRAIT } from '../policy/reclaim/contract.js';
import { isMerged } from './entries/entry.js';
import { checkHuge } from './huge/check.js';
import { checkKsm } from './ksm/check.js';
import type { Machine } from './machine.js';
import { checkHugetlb } from './mapping/hugetlb-check.js';
import { must } from './memory/invariant.js';
import { PAGE_FLAG, ZERO_PAGE } from './memory/pages.js';
import { checkCgroups } from './reclaim/cgroup/cgroup-check.js';
import { checkPurge } from './reclaim/purge-check.js';
import { GUARD, PTE, PTE_SHIFT, PURGED } from './state/page-table.js';
import type { Space } from './state/space.js';
import type { SharedObject } from './state/vma.js';

/** What the page tables and objects refer to, counted afresh. */
class Census {
  readonly mappings = new Map<number, number>();
  readonly swapEntries = new Map<number, number>();
  /** Entries of pages that have neither frame nor struct page. */
  readonly uncounted = new Map<number, number>();
  /** Pages that objects hold. */
  readonly held = new Set<number>();
  rss = 0;
  /** Entries of the shared zero page that KSM made. */
  ksmZeros = 0;

  constructor(private readonly m: Machine) {
    for (const space of m.spaces.values()) this.countSpace(space);
    for (const object of m.objects.all()) {
      if (object.kind === 'shared') this.countObject(object);
    }
    for (const { pages } of m.hugetlb.privates.values()) for (const page of pages) this.held.add(page);
  }

  private countObject(object: SharedObject): void {
    const { m } = this;
    let ids = 0;
    for (const index of object.present(0, object.reach)) {
      const page = object.page(index);
      must(!this.held.has(page), () => `page ${page} is in two places of objects`);
      this.held.add(page);
      ids++;
      if (m.swapSlotOf(page) >= 0) add(this.swapEntries, page);
    }
    if (!object.inMemory) return;
    must(ids === object.blocks, () => `object ${object.name} counts ${object.blocks} pages and has ${ids}`);
  }

  private countSpace(space: Space): void {
    const { m } = this;
    const { tables } = m;
    let rss = 0;
    let last = -1;
    for (const vma of space.vmas) {
      must(
        vma.start < vma.end && vma.start >= last,
        () => `VMAs of space ${space.id} overlap at page ${vma.start}`,
      );
      last = vma.end;
    }
    for (const part of space.directory.leaves()) {
      for (let i = 0; i < part.to - part.from; i++) {
        const entry = tables.entries[part.at + i]!;
        if (entry === 0) continue;
        const vpn = part.from + i;
        must(space.find(vpn) !== undefined, () => `page ${vpn} of space ${space.id} has an entry and no VMA`);
        const page = entry >>> PTE_SHIFT;
        if (entry === GUARD) continue;
        if (entry === PURGED) {
          must(
            m.purge.marks.at(space, vpn) !== undefined,
            () => `page ${vpn} was purged and is not volatile`,
          );
          continue;
        }
        if ((entry & PTE.present) === 0) add(this.swapEntries, page);
        else if (page === ZERO_PAGE) this.ksmZeros += entry & PTE.dirty ? 1 : 0;
        else if (m.pages.resident[page] === 1 || m.structPages.has(page)) {
          add(this.mappings, page);
          rss++;
        } else add(this.uncounted, page);
      }
    }
    must(rss === space.rss, () => `space ${space.id} counts ${space.rss} entries and has ${rss}`);
    this.rss += rss;
  }
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
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
  const { frames, pages } = m;
  let resident = 0;
  let mapped = 0;
  let cached = 0;
  for (let frame = 0; frame < frames.high; frame++) {
    const page = frames.page[frame]!;
    if (page < 0) {
      must(
        frames.mapcount[frame] === 0,
        () => `frame ${frame} is free and mapped ${frames.mapcount[frame]} times`,
      );
      continue;
    }
    resident++;
    if (frames.slot[frame]! >= 0) cached++;
    must(
      pages.location[page] === frame && pages.resident[page] === 1,
      () => `frame ${frame} holds page ${page}, which is elsewhere`,
    );
    const mappings = census.mappings.get(page) ?? 0;
    if (mappings > 0) mapped++;
    must(
      frames.mapcount[frame] === mappings,
      () => `frame ${frame} counts ${frames.mapcount[frame]} mappings and has ${mappings}`,
    );
    m.rmap.walk(frame);
    must(
      m.rmap.length === mappings || (isMerged(m, page) && m.rmap.length < mappings),
      () => `the reverse map finds ${m.rmap.length} of the ${mappings} mappings of frame ${frame}`,
    );
  }
  must(resident === frames.inUse, () => `${frames.inUse} frames are handed out and ${resident} hold a page`);
  must(mapped === frames.mapped, () => `${frames.mapped} frames count as mapped and ${mapped} are`);
  must(
    cached === frames.inSwapCache,
    () => `${frames.inSwapCache} frames count as in the swap cache and ${cached} are`,
  );
  for (const page of census.uncounted.keys()) {
    must(
      pages.location[page] === -1 && census.held.has(page),
      () => `page ${page} is mapped and has no frame`,
    );
  }
  for (const [page, mappings] of m.structPages) {
    const counted = census.mappings.get(page) ?? 0;
    must(mappings === counted, () => `struct page of ${page} counts ${mappings} mappings and has ${counted}`);
  }
}

function checkSwap(m: Machine, census: Census): void {
  let used = 0;
  for (let slot = 0; slot < m.swap.high; slot++) {
    const page = m.swap.page(slot);
    if (page < 0) continue;
    used++;
    must(m.swapSlotOf(page) === slot, () => `slot ${slot} holds page ${page}, which does not know it`);
    const entries = census.swapEntries.get(page) ?? 0;
    must(
      m.swap.references(slot) === entries,
      () => `slot ${slot} counts ${m.swap.references(slot)} references and has ${entries}`,
    );
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
    const somewhere = pages.resident[page] === 1 || pages.slotOf(page) >= 0 || census.held.has(page);
    must(somewhere, () => `page ${page} is nowhere`);
    const referred = census.mappings.has(page) || census.swapEntries.has(page) || census.held.has(page);
    must(!referred || !m.pins.isOrphan(page), () => `page ${page} counts as referred to by a device only`);
    must(
      referred || m.pins.has(page) || m.huge?.folios.of(page) !== undefined,
      () => `nothing refers to page ${page}`,
    );
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
