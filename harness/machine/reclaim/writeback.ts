import { TRAIT } from '../../policy/reclaim/contract.js';
import { Daemon } from '../memory/daemons.js';
import { PTE } from '../state/page-table.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';

const US_PER_CENTISEC = 10_000;

/**
 * Writes the dirty pages of a file to its device: they are clean afterwards, and write-protected, so that the next write
 * is noticed (folio_mkclean). Returns how many it wrote.
 */
export function writeBack(m: State, object: SharedObject): number {
  return writeBackRange(m, object, 0, object.size);
}

/**
 * The same of pages [start, end) of a file.
 *
 * @param each hears of each page that is written
 */
export function writeBackRange(
  m: State,
  object: SharedObject,
  start: number,
  end: number,
  each?: (page: number) => void,
): number {
  if (start === 0 && end >= object.size) object.dirtySinceUs = undefined;
  if (object.inMemory) return 0;
  const stop = Math.min(end, object.size);
  let written = 0;
  for (
    let index = object.nextPresent(start, stop);
    index < stop;
    index = object.nextPresent(index + 1, stop)
  ) {
    const page = object.page(index);
    if (m.pages.resident[page] === 0) continue;
    cleanEntries(m, page);
    if ((m.pages.traits[page]! & TRAIT.dirty) === 0) continue;
    m.pages.clearDirty(page);
    m.reclaim.written(page);
    each?.(page);
    written++;
  }
  if (object.backing === 'file') m.counters.file_pages_out += written;
  m.ledger.daemonNs += written * m.costs.reclaim.write_back.ns;
  return written;
}

/** Collects the dirty bits of a page's entries, and takes them and the right to write away. */
function cleanEntries(m: State, page: number): void {
  const { rmap, tables, pages } = m;
  rmap.walk(pages.location[page]!);
  for (let i = 0; i < rmap.length; i++) {
    const at = rmap.entries[i]!;
    const entry = tables.get(at);
    if (entry & PTE.dirty) pages.markDirty(page);
    tables.change(at, entry & ~(PTE.dirty | PTE.write));
  }
}

/** The flusher: writes a file back once it has been dirty for long enough. Source: wb_workfn in fs/fs-writeback.c. */
export class Flusher extends Daemon {
  constructor(private readonly state: State) {
    super();
  }

  /** A clean file has become dirty. */
  dirtied(): void {
    const { nowUs, settings } = this.state;
    this.dueUs = Math.min(this.dueUs, nowUs + settings.dirtyWritebackCentisecs * US_PER_CENTISEC);
  }

  /** Reclaim met dirty pages: all files are written as soon as time moves on. */
  wake(): void {
    if (this.anyDirty()) this.dueUs = this.state.nowUs;
    this.urgent = true;
  }

  private urgent = false;

  run(nowUs: number): void {
    const { settings } = this.state;
    const oldest = this.urgent ? nowUs : nowUs - settings.dirtyExpireCentisecs * US_PER_CENTISEC;
    this.urgent = false;
    this.writeAll(oldest);
    this.dueUs = this.anyDirty()
      ? nowUs + Math.max(1, settings.dirtyWritebackCentisecs * US_PER_CENTISEC)
      : Number.POSITIVE_INFINITY;
  }

  /** Writes every file that became dirty at `sinceUs` or before. Returns the pages written. */
  writeAll(sinceUs: number): number {
    let written = 0;
    for (const object of this.dirtyObjects()) {
      if (object.dirtySinceUs! <= sinceUs) written += writeBack(this.state, object);
    }
    return written;
  }

  anyDirty(): boolean {
    for (const _ of this.dirtyObjects()) return true;
    return false;
  }

  private *dirtyObjects(): Generator<SharedObject> {
    for (const object of this.state.objects.all()) {
      if (object.kind === 'shared' && object.dirtySinceUs !== undefined) yield object;
    }
  }
}
