import type { AnonVma, Flag, Space, Vma } from './state.js';

/** The VMA that holds a page. */
export function findVma(space: Space, vpn: number): Vma | undefined {
  return space.vmas.find((vma) => vma.start <= vpn && vpn < vma.end);
}

/** The VMAs that overlap [start, end), by address. */
export function overlapping(space: Space, start: number, end: number): Vma[] {
  return space.vmas.filter((vma) => vma.start < end && start < vma.end);
}

/** Adds a VMA where nothing is mapped. */
export function insertVma(space: Space, vma: Vma): void {
  space.vmas = [...space.vmas, vma].sort((a, b) => a.start - b.start);
}

/** __split_vma: both parts keep the anon_vma. */
export function splitAt(space: Space, at: number): void {
  const vma = findVma(space, at);
  if (!vma || vma.start === at) return;
  const upper = { ...vma, start: at, flags: new Set(vma.flags), offset: vma.offset + at - vma.start };
  vma.end = at;
  insertVma(space, upper);
}

/** is_mergeable_anon_vma: one that a fork gave is never handed to a neighbour that has none. */
function anonCompatible(lower: Vma, upper: Vma): boolean {
  if (lower.anon === upper.anon) return true;
  if (lower.anon && upper.anon) return false;
  return !(lower.anon ? lower : upper).forked;
}

function sameFlags(a: Vma, b: Vma, but: readonly Flag[] = []): boolean {
  const differing = [...a.flags].filter((flag) => !b.flags.has(flag));
  differing.push(...[...b.flags].filter((flag) => !a.flags.has(flag)));
  return differing.every((flag) => but.includes(flag));
}

/** Adjacent, of the same object (or none), and one continuing the other there. */
function contiguous(lower: Vma, upper: Vma): boolean {
  return (
    lower.end === upper.start &&
    lower.object === upper.object &&
    upper.offset === lower.offset + upper.start - lower.start
  );
}

/**
 * Joins two neighbours if they are alike, into the one that was there before. Source: can_vma_merge_after,
 * vma_merge_new_range and vma_merge_existing_range in mm/vma.c.
 */
function tryMerge(space: Space, lower: Vma | undefined, upper: Vma | undefined, stays = lower): void {
  if (!lower || !upper) return;
  if (!contiguous(lower, upper) || !sameFlags(lower, upper) || !anonCompatible(lower, upper)) return;
  if (!lower.anon) {
    lower.anon = upper.anon;
    lower.forked = upper.forked;
  }
  lower.end = upper.end;
  lower.swapHistory = stays?.swapHistory;
  space.vmas.splice(space.vmas.indexOf(upper), 1);
}

/** A VMA is new or has changed: joins it with its neighbours, the lower one first. */
export function mergeWithNeighbours(space: Space, vma: Vma): void {
  tryMerge(space, space.vmas[space.vmas.indexOf(vma) - 1], vma);
  const at = space.vmas.findIndex(({ start, end }) => start <= vma.start && vma.start < end);
  const [lower, upper] = [space.vmas[at], space.vmas[at + 1]];
  tryMerge(space, lower, upper, lower === vma ? upper : lower);
}

/** A VMA has grown up to the next: it is the one that stays (vma_merge_extend). */
export function mergeWithNext(space: Space, vma: Vma): void {
  tryMerge(space, vma, space.vmas[space.vmas.indexOf(vma) + 1]);
}

/**
 * Changes the flags of [start, end), VMA by VMA, each cut to the range and joined with its neighbours. A VMA whose
 * flags stay is left alone. Calls `visit` with the parts that changed, before they are joined. False, and the rest is as it
 * was, where there would be more than `most` VMAs. Source: vma_modify.
 */
export function changeFlags(
  space: Space,
  start: number,
  end: number,
  change: (flags: Set<Flag>, vma: Vma) => void,
  visit?: (part: Vma) => void,
  most: number = Number.POSITIVE_INFINITY,
): boolean {
  for (const vma of overlapping(space, start, end)) {
    const flags = new Set(vma.flags);
    change(flags, vma);
    if (sameFlags(vma, { ...vma, flags })) continue;
    const from = Math.max(start, vma.start);
    const to = Math.min(end, vma.end);
    if (cuts(space, from, to, flags) > Math.max(0, most - space.vmas.length)) return false;
    splitAt(space, from);
    splitAt(space, to);
    const part = findVma(space, from)!;
    part.flags = flags;
    visit?.(part);
    mergeWithNeighbours(space, part);
  }
  return true;
}

/** VMAs that a part costs: none where a neighbour takes it over, as it is alike then. */
function cuts(space: Space, from: number, to: number, flags: Set<Flag>): number {
  const trial: Space = { ...space, vmas: space.vmas.map((other) => ({ ...other })) };
  splitAt(trial, from);
  splitAt(trial, to);
  const split = trial.vmas.length;
  const part = findVma(trial, from)!;
  part.flags = flags;
  mergeWithNeighbours(trial, part);
  return trial.vmas.length < split ? 0 : split - space.vmas.length;
}

/**
 * anon_vma_prepare: what the VMA's own pages are filed under, taken from a neighbour that differs in its protection
 * only (find_mergeable_anon_vma), the upper one first.
 */
export function prepareAnon(space: Space, vma: Vma): void {
  if (vma.anon) return;
  const at = space.vmas.indexOf(vma);
  const lower = space.vmas[at - 1];
  const upper = space.vmas[at + 1];
  const reusable = (old: Vma | undefined, a: Vma | undefined, b: Vma | undefined): AnonVma | undefined =>
    old && a && b && contiguous(a, b) && sameFlags(a, b, ['read', 'write', 'exec']) && !old.forked
      ? old.anon
      : undefined;
  vma.anon = reusable(upper, vma, upper) ?? reusable(lower, lower, vma) ?? {};
}
