import { KERNELS } from '../state/settings.js';
import { mergeable, type Space } from '../state/space.js';
import type { State } from '../state/state.js';

/**
 * Joins pages [start, end), which have been changed or moved, with neighbours that they are like now. Before Linux 6.16 they do not
 * join one without private pages when they have some (is_mergeable_anon_vma wanted its list to be singular, which an empty one is not).
 */
export function mergeChanged(m: State, space: Space, start: number, end: number): void {
  if (m.settings.kernel >= KERNELS['6.18'] || !space.find(start)?.anon) {
    space.mergeAround(start, end);
    return;
  }
  space.mergeAround(
    start,
    end,
    (lower, upper) =>
      (lower.end > start || lower.anon !== undefined) && (upper.start < end || upper.anon !== undefined),
  );
}

/**
 * Joins a new mapping of pages [start, end) with its neighbours. Before Linux 6.12 it joins the upper one first, and then the lower
 * one where that has the same private pages, or alone has some (mmap_region).
 */
export function mergeNew(m: State, space: Space, start: number, end: number): void {
  const between = [space.find(start - 1), space.find(start), space.find(end)] as const;
  const [lower, made, upper] = between;
  const isOld = m.settings.kernel < KERNELS['6.12'];
  const joinsUpper = isOld && lower && upper && made && mergeable(made, upper);
  const keepsLower = joinsUpper && upper.anon !== undefined && upper.anon !== lower.anon;
  space.mergeAround(start, end, keepsLower ? (below) => below.end !== start : undefined);
}
