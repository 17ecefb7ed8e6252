/** A point of a line. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Names that show the same in all panels get one entry in a legend. Returns the joined label of each name, in the order of
 * the names: `remove, punch` for both where they are the same.
 *
 * @param same whether a name shows the same as an earlier one
 */
export function joinSame(
  names: readonly string[],
  same: (name: string, earlier: string) => boolean,
): Map<string, string> {
  const groups: string[][] = [];
  for (const name of names) {
    const group = groups.find(([first]) => same(name, first!));
    if (group) group.push(name);
    else groups.push([name]);
  }
  return new Map(groups.flatMap((group) => group.map((name) => [name, group.join(', ')] as const)));
}

/**
 * As `joinSame`, for names with equal contents.
 *
 * @param contentOf what a name shows in all panels, as a text
 */
export function joinEqual(
  names: readonly string[],
  contentOf: (name: string) => string,
): Map<string, string> {
  const contents = new Map(names.map((name) => [name, contentOf(name)]));
  return joinSame(names, (name, earlier) => contents.get(name) === contents.get(earlier));
}

/** Distance of a point from the line through two others, vertically: time moves on, so lines are never vertical. */
function offLine(point: Point, from: Point, to: Point): number {
  const share = to.x === from.x ? 0 : (point.x - from.x) / (to.x - from.x);
  return Math.abs(point.y - (from.y + share * (to.y - from.y)));
}

/**
 * Leaves out the points of a line that cannot be seen: those less than `tolerance` above or below the line that is left.
 * Source: Douglas and Peucker, "Algorithms for the reduction of the number of points", 1973.
 */
export function thinned(points: readonly Point[], tolerance: number): Point[] {
  if (points.length < 3) return [...points];
  const kept = new Uint8Array(points.length);
  kept[0] = 1;
  kept[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [from, to] = part;
    let worst = 0;
    let at = from;
    for (let i = from + 1; i < to; i++) {
      const off = offLine(points[i]!, points[from]!, points[to]!);
      if (off > worst) [worst, at] = [off, i];
    }
    if (worst <= tolerance) continue;
    kept[at] = 1;
    open.push([from, at], [at, to]);
  }
  return points.filter((_, i) => kept[i] === 1);
}
