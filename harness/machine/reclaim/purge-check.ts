import { TRAIT } from '../../policy/reclaim/contract.js';
import { must } from '../memory/invariant.js';
import { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { type SharedObject, VM } from '../state/vma.js';
import type { Purge } from './purge.js';
import type { VolatileMarks } from './volatile-marks.js';
import { before, type VolatileRange } from './volatile-range.js';

/**
 * Checks what is known of volatile memory. That entries of purged pages lie in ranges is checked with the entries.
 *
 * - Ranges of a holder do not overlap, and lie in memory that is there; those of private memory are its volatile VMAs.
 * - A page in memory of a volatile part of an object counts as volatile, and no other page of an object does.
 * - What was purged lies in a range; nothing that was purged is in memory (its place says so instead of a page).
 * - The queue is in order, and holds no range but these.
 *
 * @throws BrokenInvariant naming the first that does not hold
 */
export function checkPurge(m: State, purge: Purge): void {
  const { marks } = purge;
  const known = new Set<VolatileRange>();
  if (marks.isEmpty && m.pages.volatileCount === 0) return;
  for (const [holder, ranges] of marks.all()) {
    checkRanges(ranges);
    for (const range of ranges) known.add(range);
    if (holder instanceof Space)
      must(m.spaces.get(holder.id) === holder, () => `space ${holder.id} is gone, and volatile`);
    else must(m.objects.get(holder.number) === holder, () => `object ${holder.name} is gone, and volatile`);
  }
  for (const space of m.spaces.values()) checkSpace(space, purge);
  for (const object of m.objects.all()) {
    if (object.kind === 'shared' && object.backing === 'shmem') checkObject(m, object, marks);
  }
  checkQueue(marks.queue.all, known);
}

function checkRanges(ranges: readonly VolatileRange[]): void {
  let last = -1;
  for (const { start, end, from } of ranges) {
    must(start >= last && start < end, () => `volatile ranges overlap or are empty at page ${start}`);
    must(from >= start && from <= end, () => `a volatile range goes on at page ${from}, outside it`);
    last = end;
  }
}

function checkSpace(space: Space, { marks, rules }: Purge): void {
  for (const vma of space.vmas) {
    if (!vma.isAnonymous || rules.order === 'lazyfree') continue;
    const expected = vma.has(VM.volatile) ? vma.end - vma.start : 0;
    const covered = marks
      .within(space, vma.start, vma.end)
      .reduce((sum, { start, end }) => sum + Math.min(end, vma.end) - Math.max(start, vma.start), 0);
    must(
      covered === expected,
      () => `${covered} pages of the mapping at ${vma.start} are in volatile ranges`,
    );
  }
}

function checkObject(m: State, object: SharedObject, marks: VolatileMarks): void {
  for (const index of object.purged(0, object.size)) {
    const range = marks.at(object, index);
    must(range !== undefined, () => `page ${index} of ${object.name} was purged and is not volatile`);
  }
  for (const index of object.present(0, object.size)) {
    const marked = (m.pages.traits[object.page(index)]! & TRAIT.volatile) !== 0;
    const within = marks.at(object, index) !== undefined;
    must(marked === within, () => `page ${index} of ${object.name} and its range disagree`);
  }
  for (const { end } of marks.within(object, object.size, Number.MAX_SAFE_INTEGER))
    must(false, () => `pages of ${object.name} up to ${end} are volatile and beyond its end`);
}

function checkQueue(queue: readonly VolatileRange[], known: ReadonlySet<VolatileRange>): void {
  queue.forEach((range, at) => {
    must(range.queuedAt === at, () => `the volatile range at ${range.start} is elsewhere in the queue`);
    must(known.has(range), () => `the volatile range at ${range.start} is in the queue and nowhere else`);
    const parent = queue[(at - 1) >> 1];
    must(at === 0 || !before(range, parent!), () => `the queue is out of order at ${at}`);
  });
}
