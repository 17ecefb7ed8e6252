import { releasePage, zap } from './entries.js';
import { objectPage } from './faults.js';
import type { NaiveKernel, SharedObject } from './state.js';

/** What the trace says about an object. */
export interface ObjectSpec {
  readonly name: string | undefined;
  readonly size: number;
  readonly sealed: boolean;
  readonly descriptor: boolean;
  /** Contents that were there before; without, all is a hole. */
  readonly contents: { readonly first: number; readonly step: 0 | 1 } | undefined;
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
  };
  k.objects.add(object);
  for (let index = 0; contents && index < size; index++)
    objectPage(k, undefined, object, index).content = contents.first + index * contents.step;
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
  if (!object.closed || mappings(k, object).length > 0) return;
  punch(k, object, 0, object.size);
  k.objects.delete(object);
}

/** Makes indexes [from, to) holes: nobody maps their pages any more; private copies stay. */
export function punch(k: NaiveKernel, object: SharedObject, from: number, to: number): void {
  for (const [index, page] of [...object.pages]) {
    if (index < from || index >= to) continue;
    for (const { space, vpn } of k.entriesOf(page)) space.entries.delete(vpn);
    releasePage(k, page);
    object.pages.delete(index);
  }
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
