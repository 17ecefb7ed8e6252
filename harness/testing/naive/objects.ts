import { releasePage, zap } from './entries.js';
import { dirtyPage, objectPage, type WrittenContent } from './faults.js';
import type { Errno } from './flag-advice.js';
import { newFileState, readMissing, readNext } from './read-ahead.js';
import type { NaiveKernel, Page, SharedObject } from './state.js';
import { isFull } from './tmpfs.js';

/** What the trace says about an object. */
export interface ObjectSpec {
  readonly name: string | undefined;
  readonly file?: boolean;
  readonly size: number;
  readonly sealed: boolean;
  readonly descriptor: boolean;
  /** Contents that were there before; without, all is a hole. */
  readonly contents: { readonly first: number; readonly step: 0 | 1 } | undefined;
  /** Name of the tmpfs that its blocks come out of. */
  readonly fs?: string;
}

export function declareObject(k: NaiveKernel, spec: ObjectSpec): SharedObject {
  const { name, size, sealed, descriptor, contents } = spec;
  const object: SharedObject = {
    name,
    size,
    sealed,
    descriptor,
    closed: name === undefined,
    pages: new Map(),
    disk: spec.file ? new Map() : undefined,
    dirty: false,
    ahead: newFileState(),
    fs: spec.fs === undefined ? undefined : k.tmpfs.get(spec.fs),
  };
  k.objects.add(object);
  for (let index = 0; index < size; index++) {
    const content = contents && contents.first + index * contents.step;
    if (object.disk) object.disk.set(index, content ?? k.unique());
    else if (content !== undefined) {
      const page = objectPage(k, undefined, object, index);
      page.content = content;
      page.dirty = true;
    }
  }
  return object;
}

/** The last descriptor or name is gone: the object lives on in its mappings. */
export function closeObject(k: NaiveKernel, object: SharedObject): void {
  object.closed = true;
  releaseIfDead(k, object);
}

/** Where an object is mapped. */
function mappings(k: NaiveKernel, object: SharedObject) {
  return [...k.spaces.values()].flatMap((space) =>
    space.vmas.filter((vma) => vma.object === object).map((vma) => ({ space, vma })),
  );
}

export function releaseIfDead(k: NaiveKernel, object: SharedObject): void {
  if (object.disk || !object.closed || mappings(k, object).length > 0) return;
  punch(k, object, 0, object.size);
  k.objects.delete(object);
}

/** Makes indexes [from, to) holes: their pages are not mapped any more; private copies stay. */
export function punch(k: NaiveKernel, object: SharedObject, from: number, to: number): void {
  for (const [index, page] of [...object.pages]) {
    if (index < from || index >= to) continue;
    for (const { space, vpn } of k.entriesOf(page)) space.entries.delete(vpn);
    releasePage(k, page);
    object.pages.delete(index);
  }
  for (let index = from; index < to; index++) object.disk?.delete(index);
}

/** ftruncate: beyond the new end nothing stays mapped, private copies included. */
export function truncate(k: NaiveKernel, object: SharedObject, size: number): void {
  const old = object.size;
  object.size = size;
  if (size >= old) return;
  for (const { space, vma } of mappings(k, object)) {
    const from = Math.max(vma.start, vma.start + size - vma.offset);
    if (from < vma.end) zap(k, space, vma, from, vma.end);
  }
  punch(k, object, size, old);
}

/** Whether there is a page that is more than allocated: one in swap has been cleared. */
function isUsed(page: Page | undefined): boolean {
  return page !== undefined && !(page.unused && page.inMemory);
}

/** pread: through the page cache; a hole of shared memory is read from the zero page. */
export function readFile(k: NaiveKernel, object: SharedObject, first: number, count: number): void {
  const { readTo } = object.ahead;
  for (let index = first; index < Math.min(first + count, object.size); index++) {
    if (object.disk && k.readAhead > 0) readAheadOf(k, object, index, first + count - index, readTo);
    if (object.disk || isUsed(object.pages.get(index))) objectPage(k, undefined, object, index);
    object.ahead.readTo = index + 1;
  }
}

/** filemap_get_pages, but for the page itself. */
function readAheadOf(
  k: NaiveKernel,
  object: SharedObject,
  index: number,
  wanted: number,
  readTo?: number,
): void {
  if (!object.pages.has(index)) readMissing(k, object, index, wanted, readTo);
  if (object.pages.get(index)?.marked) readNext(k, object, index, wanted);
}

/** pwrite of whole pages: what is on disk is not read before. Ends where a tmpfs is full. */
export function writeFile(
  k: NaiveKernel,
  object: SharedObject,
  first: number,
  count: number,
  content: WrittenContent,
): Errno {
  if (!object.fs) object.size = Math.max(object.size, first + count);
  for (let i = 0; i < count; i++) {
    const index = first + i;
    if (isFull(k, object, index)) return 'ENOSPC';
    object.size = Math.max(object.size, index + 1);
    const read = k.counters.file_pages_in;
    const page = objectPage(k, undefined, object, index);
    k.counters.file_pages_in = read;
    dirtyPage(object, index, page);
    page.content = content === 'unique' ? k.unique() : content.first + i * content.step;
  }
  return 0;
}

/** SGP_FALLOC: a new page is not cleared before its first use or the second fallocate; what is in swap is read; all get dirty. */
function allocatePage(k: NaiveKernel, object: SharedObject, index: number): void {
  const known = object.pages.get(index);
  if (!known) {
    const page = objectPage(k, undefined, object, index);
    page.unused = true;
    page.dirty = true;
    return;
  }
  if (known.inSwap) objectPage(k, undefined, object, index);
  known.unused = false;
  known.dirty = true;
}

/**
 * fallocate without flags, or with ZERO_RANGE: holes get blocks of zeros. Where a tmpfs is full, what it has allocated goes again
 * (shmem_undo_range), and the size stays.
 */
export function allocate(
  k: NaiveKernel,
  object: SharedObject,
  first: number,
  count: number,
  zero: boolean,
): Errno {
  if (object.fs && count > object.fs.pages) return 'ENOSPC';
  const { size } = object;
  object.size = Math.max(size, first + count);
  if (zero) punch(k, object, first, first + count);
  for (let index = first; index < first + count; index++) {
    if (isFull(k, object, index)) {
      for (let at = first; at < index; at++) if (object.pages.get(at)!.unused) punch(k, object, at, at + 1);
      object.size = size;
      return 'ENOSPC';
    }
    if (!object.disk) allocatePage(k, object, index);
    else if (!object.disk.has(index)) object.disk.set(index, 0);
  }
  return 0;
}
