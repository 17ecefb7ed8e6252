import { SpaceKilled } from '../../contract/space-killed.js';
import { PART } from '../../cost/ledger.js';
import { isAnonPage, isExclusive } from '../entries/entry.js';
import { type Contents, READ, UNIQUE } from '../memory/contents.js';
import { MOST_PAGES, PAGE_FLAG, tooManyPages, ZERO_PAGE } from '../memory/pages.js';
import { identify } from '../object/page-in.js';
import type { Merger } from '../state/hooks.js';
import { entryInLeaf, LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import { AccessViolation } from './failure.js';
import { FAULTED, fault, unshare } from './fault.js';

/**
 * Reads or writes each page of a range once, in order; a negative count goes downwards. Returns the pages touched.
 *
 * @param content `READ`, `UNIQUE`, or the content id that a write puts there
 * @param step 1: the i-th page gets `content + i`; 0: every page gets `content`
 * @throws AccessViolation for a page outside every mapping, or against its protection
 */
export function access(
  m: State,
  space: Space,
  first: number,
  count: number,
  content: number,
  step: 0 | 1,
): number {
  const { everyTouch } = m.merger;
  if (everyTouch) return accessAndMerge(m, everyTouch, space, first, count, content, step);
  const touched = accessAll(m, space, first, count, content, step);
  if (content >= 0) m.merger.written(space, first, count, content, step);
  return touched;
}

/**
 * Goes on with an access that met a page which cannot be accessed. A program does not access what it was refused: pages
 * that are `refused` are left out.
 *
 * @param violation what `access` threw for the same range
 * @returns the pages touched, those before the violation included
 * @throws AccessViolation for a page that was not refused
 */
export function accessRest(
  m: State,
  space: Space,
  first: number,
  count: number,
  content: number,
  step: 0 | 1,
  violation: AccessViolation,
  refused: (page: number) => boolean,
): number {
  const direction = count < 0 ? -1 : 1;
  const contentAt = (i: number) => (content < 0 ? content : content + i * step);
  let touched = Math.abs(violation.page - first);
  if (touched > 0 && content >= 0 && !m.merger.everyTouch)
    m.merger.written(space, first, touched * direction, content, step);
  if (!refused(violation.page)) throw violation;
  for (let i = touched + 1; i < Math.abs(count); i++) {
    const page = first + i * direction;
    try {
      touched += access(m, space, page, 1, contentAt(i), step);
    } catch (error) {
      if (!(error instanceof AccessViolation) || !refused(page)) throw error;
    }
  }
  return touched;
}

/** Page by page: each is merged before the next is touched. */
function accessAndMerge(
  m: State,
  everyTouch: NonNullable<Merger['everyTouch']>,
  space: Space,
  first: number,
  count: number,
  content: number,
  step: 0 | 1,
): number {
  const direction = count < 0 ? -1 : 1;
  for (let i = 0; i < Math.abs(count); i++) {
    const vpn = first + i * direction;
    accessOne(m, space, vpn, content < 0 ? content : content + i * step);
    everyTouch.touched(space, vpn);
  }
  return Math.abs(count);
}

function accessAll(
  m: State,
  space: Space,
  first: number,
  count: number,
  content: number,
  step: 0 | 1,
): number {
  if (count === 1) return accessOne(m, space, first, content);
  // Not after the minutes that it takes to get there.
  if (content !== READ && Math.abs(count) > MOST_PAGES) throw tooManyPages('this event writes');
  const direction = count < 0 ? -1 : 1;
  let left = Math.abs(count);
  let vpn = first;
  let done = 0;
  while (left > 0) {
    const vma = allowed(space, vpn, content !== READ);
    const room = direction > 0 ? vma.end - vpn : vpn - vma.start + 1;
    const run = Math.min(left, room);
    accessVma(m, vma, vpn, run, direction, content + done * step, step);
    vpn += run * direction;
    done += run;
    left -= run;
  }
  return done;
}

function allowed(space: Space, vpn: number, write: boolean): Vma {
  const vma = space.find(vpn);
  const verb = write ? 'write' : 'read';
  if (!vma)
    throw new AccessViolation(
      vpn,
      `${verb} of page ${vpn} in space ${space.id} is outside every mapping, expected it mapped`,
    );
  if ((vma.flags & (write ? VM.write : VM.read)) === 0) {
    throw new AccessViolation(
      vpn,
      `${verb} of page ${vpn} in space ${space.id} is against its protection, expected it ${write ? 'writable' : 'readable'}`,
    );
  }
  return vma;
}

/** One page: most events of most traces. The same as `accessVma`, without its loop. */
function accessOne(m: State, space: Space, vpn: number, content: number): number {
  const vma = allowed(space, vpn, content !== READ);
  const { tables, pages } = m;
  const need = content === READ ? PTE.present : PTE.present | PTE.write;
  const mark = content === READ ? PTE.young : PTE.young | PTE.dirty;
  let at = space.directory.entry(vpn);
  let entry = at < 0 ? 0 : tables.get(at);
  if ((entry & need) === need) {
    if ((entry & mark) !== mark) tables.change(at, entry | mark);
    const { touched } = m.reclaim;
    if (touched && (pages.traits[entry >>> PTE_SHIFT]! & PAGE_FLAG.unevictable) === 0) {
      touched.touch(entry >>> PTE_SHIFT);
    }
  } else {
    if (timedFault(m, vma, vpn, content !== READ) === FAULTED.sigbus) return 1;
    at = space.directory.entry(vpn);
    entry = tables.get(at);
  }
  if (content !== READ) put(pages.contents, entry >>> PTE_SHIFT, content);
  return 1;
}

function timedFault(m: State, vma: Vma, vpn: number, write: boolean): number {
  const startNs = m.ledger.spentNs;
  const place = m.ledger.place();
  let outcome: number;
  try {
    outcome = fault(m, vma, vpn, write);
    if (outcome === FAULTED.guard) throw guardViolation(vma.space, vpn, write);
    if (outcome === FAULTED.sigbus) outcome = signal(m, vma.space, vpn, write);
    m.mustLive();
  } catch (error) {
    if (error instanceof SpaceKilled) error.page = vpn;
    throw error;
  }
  m.ledger.touchStalled(m.ledger.spentNs - startNs, place);
  return outcome;
}

function guardViolation({ id }: Space, vpn: number, write: boolean): AccessViolation {
  return new AccessViolation(
    vpn,
    `${write ? 'write' : 'read'} of page ${vpn} in space ${id} meets a guard (MADV_GUARD_INSTALL), expected it removed`,
  );
}

/** SIGBUS: after the program's handler the access is made again, which faults again where the page is not mapped yet. */
function signal(m: State, space: Space, vpn: number, write: boolean): number {
  m.counters.sigbus++;
  m.ledger.cpu(PART.sigbus, m.costs.signals.sigbus.ns);
  if (!m.sigbusHandler?.(space, vpn)) return FAULTED.sigbus;
  const at = space.directory.entry(vpn);
  const need = write ? PTE.present | PTE.write : PTE.present;
  if (at >= 0 && (m.tables.get(at) & need) === need) return FAULTED.ok;
  // The handler's calls may have split or merged the VMA.
  return fault(m, allowed(space, vpn, write), vpn, write);
}

function put(contents: Contents, page: number, content: number): void {
  if (content === UNIQUE) contents.setUnique(page);
  else contents.set(page, content);
}

/** The hot loop: pages of what is one VMA at the start; a signal handler may split it or merge it with others. */
function accessVma(
  m: State,
  vma: Vma,
  first: number,
  count: number,
  direction: 1 | -1,
  content: number,
  step: 0 | 1,
): void {
  const { tables, pages } = m;
  const { directory } = vma.space;
  const { touched } = m.reclaim;
  const need = content === READ ? PTE.present : PTE.present | PTE.write;
  const mark = content === READ ? PTE.young : PTE.young | PTE.dirty;
  let leaf = directory.leaf(first);
  let slot = entryInLeaf(first);
  for (let i = 0; i < count; i++) {
    const vpn = first + i * direction;
    if (slot < 0 || slot === LEAF_ENTRIES) {
      leaf = directory.leaf(vpn);
      slot = direction > 0 ? 0 : LEAF_ENTRIES - 1;
    }
    let at = leaf * LEAF_ENTRIES + slot;
    slot += direction;
    let entry = leaf < 0 ? 0 : tables.get(at);
    if ((entry & need) === need) {
      if ((entry & mark) !== mark) tables.change(at, entry | mark);
      const page = entry >>> PTE_SHIFT;
      if (touched && (pages.traits[page]! & PAGE_FLAG.unevictable) === 0) touched.touch(page);
    } else {
      const current = m.sigbusHandler ? allowed(vma.space, vpn, content !== READ) : vma;
      const outcome = timedFault(m, current, vpn, content !== READ);
      leaf = directory.leaf(vpn);
      if (outcome === FAULTED.sigbus) continue;
      at = leaf * LEAF_ENTRIES + entryInLeaf(vpn);
      entry = tables.get(at);
    }
    if (content !== READ) put(pages.contents, entry >>> PTE_SHIFT, content + i * step);
  }
}

/** The page a read would find, without reading it: 0 (the zero page) for a hole; undefined where nothing is mapped. */
function pageAt(m: State, space: Space, vpn: number): number | undefined {
  const vma = space.find(vpn);
  if (!vma) return undefined;
  const at = space.directory.entry(vpn);
  const entry = at < 0 ? 0 : m.tables.get(at);
  if (entry !== 0) return entry >>> PTE_SHIFT;
  const { object } = vma;
  const index = object ? vma.objectPageAt(vpn) : 0;
  if (!object || index >= object.size || object.isHole(index)) return ZERO_PAGE;
  return identify(m, object, index);
}

/** The content id of a page as a read would find it, without reading it; undefined where nothing is mapped. */
export function contentAt(m: State, space: Space, vpn: number): number | undefined {
  const page = pageAt(m, space, vpn);
  return page === undefined ? undefined : m.pages.contents.get(page);
}

/**
 * Puts a content id into the pages of a range that hold something, as if it had always been there; holes stay holes, and so do
 * pages of a file that nothing has used so far. A private mapping takes a copy first where others have the page too: a
 * fork, or the file. The range may be far larger than what is in it.
 */
export function setContents(m: State, space: Space, first: number, count: number, content: number): void {
  for (const vma of space.overlapping(first, first + count)) {
    const from = Math.max(first, vma.start);
    const to = Math.min(first + count, vma.end);
    for (const part of space.directory.leavesIn(from, to))
      for (let vpn = part.from; vpn < part.to; vpn++) setContentAt(m, vma, vpn, content);
    const { object } = vma;
    if (!object) continue;
    const start = vma.objectPageAt(from);
    for (const index of object.present(start, Math.min(object.size, start + to - from)))
      setContentAt(m, vma, from + index - start, content);
  }
}

function setContentAt(m: State, vma: Vma, vpn: number, content: number): void {
  const found = pageAt(m, vma.space, vpn);
  if (found === undefined || found === ZERO_PAGE) return;
  const page = vma.has(VM.shared) ? found : ownPage(m, vma, vpn);
  m.pages.contents.set(page, content);
}

/** The page of a private mapping that no other mapping has, copied if need be. */
function ownPage(m: State, vma: Vma, vpn: number): number {
  const { directory } = vma.space;
  const known = directory.entry(vpn);
  if (known < 0 || (m.tables.get(known) & PTE.present) === 0) fault(m, vma, vpn, false);
  let at = directory.entry(vpn);
  const page = m.tables.get(at) >>> PTE_SHIFT;
  if (isAnonPage(m, page) && isExclusive(m, page)) return page;
  m.huge?.splitPmd(Math.floor(at / LEAF_ENTRIES));
  if (m.tables.get(at) === 0) {
    // It was shared memory, which is unmapped then. Where there is a table it comes as a page by itself.
    at = m.tables.make(directory, vpn);
    fault(m, vma, vpn, false);
  }
  unshare(m, vma, vpn, at, PART.cow);
  return m.tables.get(at) >>> PTE_SHIFT;
}
