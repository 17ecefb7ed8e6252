import { mergeable, type Space } from '../state/space.js';
import type { State } from '../state/state.js';
import type { Vma } from '../state/vma.js';
import { CallFailure } from './failure.js';
import { mustNotCutHuge } from './hugetlb.js';
import { mergeChanged } from './merging.js';

/**
 * vma_modify_flags: changes the flags of pages [start, end) of one VMA. The part joins a neighbour that it is like now, or
 * is cut out of its VMA. False, and nothing has changed, when that would take more VMAs than vm.max_map_count allows
 * (split_vma in mm/vma.c).
 *
 * @throws CallFailure EINVAL when it would cut a hugetlb page
 */
export function modifyFlags(m: State, vma: Vma, start: number, end: number, flags: number): boolean {
  if (flags === vma.flags) return true;
  mustNotCutHuge(vma.space, start, end);
  const { space } = vma;
  const more = cuts(vma, start, end, flags);
  if (more > 0 && space.vmas.length + more > m.settings.maxMapCount) return false;
  splitVma(m, space, start);
  splitVma(m, space, end);
  space.find(start)!.flags = flags;
  mergeChanged(m, space, start, end);
  m.countVmas(space);
  return true;
}

/** split_vma: a huge page across the border is mapped by a page table from then on. */
export function splitVma(m: State, space: Space, at: number): void {
  m.huge?.splitPmdAcross(space, at);
  space.split(at);
}

/** How many VMAs more there are once [start, end) of a VMA has other flags. */
export function cuts(vma: Vma, start: number, end: number, flags: number): number {
  if (flags === vma.flags) return 0;
  const { space } = vma;
  const lower = start === vma.start ? space.find(start - 1) : undefined;
  const upper = end === vma.end ? space.find(end) : undefined;
  // A neighbour that takes the part over moves its border: nothing is cut (vma_merge_existing_range).
  if ((lower && mergeable(lower, vma, flags)) || (upper && mergeable(vma, upper, upper.flags, flags)))
    return 0;
  return (start > vma.start ? 1 : 0) + (end < vma.end ? 1 : 0);
}

/**
 * Changes the flags of all VMAs in [start, end), one by one, as mlock and mprotect do: where a page is not mapped, or there
 * would be too many VMAs, the call ends, and what lies before is changed. Parts whose flags do change are given to `changed`.
 *
 * @param call what messages call it
 * @param change the new flags of a VMA, or throws
 * @throws CallFailure ENOMEM
 */
export function changeFlags(
  m: State,
  space: Space,
  start: number,
  end: number,
  call: string,
  change: (vma: Vma) => number,
  changed?: (start: number, end: number) => void,
): void {
  let at = start;
  for (const vma of space.overlapping(start, end)) {
    if (vma.start > at) break;
    const to = Math.min(end, vma.end);
    const flags = change(vma);
    if (flags !== vma.flags) {
      if (!modifyFlags(m, vma, at, to, flags)) throw tooManyVmas(m, space, at);
      changed?.(at, to);
    }
    at = to;
  }
  if (at < end)
    throw new CallFailure(
      'ENOMEM',
      `${call} of page ${at} in space ${space.id} is outside every mapping, expected it mapped`,
    );
}

/** @throws CallFailure ENOMEM when a space has no room for that many more VMAs */
export function mustHaveRoom(m: State, space: Space, page: number, more: number): void {
  if (space.vmas.length + more > m.settings.maxMapCount) throw tooManyVmas(m, space, page);
}

export function tooManyVmas(m: State, space: Space, page: number): CallFailure {
  return new CallFailure(
    'ENOMEM',
    `space ${space.id} would have more than ${m.settings.maxMapCount} mappings at page ${page} (ENOMEM), expected fewer or a larger vm.max_map_count`,
  );
}
