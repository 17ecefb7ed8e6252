import type { Contender } from '../selection.js';
import type { Point } from './series.js';

/** The line of a policy in a panel. */
export interface Curve {
  readonly one: Contender;
  /** In time; a step may have two points at one time. */
  readonly points: readonly Point[];
}

/** The height of a curve at a time, along the line between the points around it; that of its end beyond them. */
function heightAt(points: readonly Point[], x: number): number {
  if (points.length === 0) return 0;
  let [low, high] = [0, points.length - 1];
  if (x <= points[low]!.x) return points[low]!.y;
  if (x >= points[high]!.x) return points[high]!.y;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x <= x) low = middle;
    else high = middle;
  }
  const [from, to] = [points[low]!, points[high]!];
  return from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x || 1);
}

/** The lowest and the highest point of a curve within a span of time. */
function rangeWithin(points: readonly Point[], from: number, to: number): [number, number] {
  const ends = [heightAt(points, from), heightAt(points, to)];
  let [least, most] = [Math.min(...ends), Math.max(...ends)];
  let i = firstFrom(points, from);
  for (; i < points.length && points[i]!.x <= to; i++) {
    least = Math.min(least, points[i]!.y);
    most = Math.max(most, points[i]!.y);
  }
  return [least, most];
}

/** The first point at a time or after it. */
function firstFrom(points: readonly Point[], x: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Whether two curves hide each other: no point of one is more than `height` from what the other has within `time` of it. A
 * step that comes a little later hides the other, however high it is.
 */
export function hide(a: readonly Point[], b: readonly Point[], time: number, height: number): boolean {
  const covers = (points: readonly Point[], other: readonly Point[]) =>
    points.every(({ x, y }) => {
      const [least, most] = rangeWithin(other, x - time, x + time);
      return y >= least - height && y <= most + height;
    });
  return a === b || (covers(a, b) && covers(b, a));
}

/** A curve less another, at the times of both. */
export function minus(a: readonly Point[], b: readonly Point[]): Point[] {
  if (a.length === b.length && a.every(({ x }, i) => x === b[i]!.x))
    return a.map(({ x, y }, i) => ({ x, y: y - b[i]!.y }));
  const times = [...new Set([...a, ...b].map(({ x }) => x))].sort((one, other) => one - other);
  return times.map((x) => ({ x, y: heightAt(a, x) - heightAt(b, x) }));
}
