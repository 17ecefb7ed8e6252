import { InputError } from '../../input/errors.js';
import type { ObjectArg } from '../../trace/args.js';
import type { Machine } from '../machine.js';
import { unmapPage } from '../mapping/entry.js';
import { newObjectPage } from '../mapping/fault.js';
import { zapRange } from '../mapping/mmap.js';
import type { Space } from '../mapping/space.js';
import type { SharedObject } from './shared.js';

/**
 * Declares an object. Contents that the trace gives were there before: the pages are in memory from the start.
 *
 * @throws InputError for a kind that this version does not model, or a name in use
 */
export function declareObject(m: Machine, size: number, arg: ObjectArg): void {
  if (arg.kind !== 'shmem')
    throw new InputError(`${arg.kind} objects are not modelled by this version, expected shmem`);
  const object = m.objects.createShared(arg.name, size, { sealed: arg.sealed, descriptor: !arg.nofd });
  if (!arg.contents) return;
  for (let index = 0; index < size; index++) {
    const page = newObjectPage(m, object, index);
    m.pages.contents.set(page, arg.contents.content + (arg.contents.up ? index : 0));
  }
}

/** The last descriptor or name of an object is gone. */
export function closeObject(m: Machine, name: string): void {
  const object = m.objects.named(name);
  object.closed = true;
  releaseIfDead(m, object);
}

/** Frees the pages of an object that nobody can reach any more, and forgets it. */
export function releaseIfDead(m: Machine, object: SharedObject): void {
  if (!object.dead) return;
  for (const index of object.present(0, object.size)) freeObjectPage(m, object, index);
  m.objects.drop(object);
}

/**
 * Makes a hole at an index: clears the entries that map the page in every space (private copies are pages of their
 * own and stay), then frees frame and swap slot without any I/O. Gives how many entries it cleared.
 * Source: shmem_undo_range in mm/shmem.c.
 */
export function freeObjectPage(m: Machine, object: SharedObject, index: number): number {
  const page = object.page(index);
  let cleared = 0;
  if (m.pages.resident[page] === 1) {
    m.rmap.walk(m.pages.place[page] as number);
    cleared = m.rmap.length;
    for (let i = 0; i < cleared; i++) unmapPage(m, m.rmap.spaces[i] as Space, m.rmap.entries[i] as number, 0);
  }
  object.setPage(index, 0);
  m.freePage(page);
  return cleared;
}

/**
 * Sets the size of an object. Shrinking frees what is beyond and, other than a hole, also clears private copies
 * beyond: access there is SIGBUS from now on.
 */
export function truncateObject(m: Machine, name: string, size: number): void {
  const object = m.objects.named(name);
  const old = object.size;
  object.size = size;
  if (size >= old) return;
  for (const vma of object.mappings) {
    const from = Math.max(vma.start, vma.start + size - vma.objectPage);
    if (from < vma.end) zapRange(m, vma, from, vma.end);
  }
  for (const index of object.present(size, old)) freeObjectPage(m, object, index);
}
