import type { PixelLine, PixelText } from './pixels.js';

/** A rectangle, by its corners, in points from the top left corner of a panel. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A place that has a name. */
export interface Anchor {
  readonly x: number;
  readonly y: number;
  /** Lines of the name. */
  readonly lines: readonly string[];
  /** Whether it may go without a name where there is no room next to it. */
  readonly optional?: boolean;
  /** Whether its name may stand anywhere in the panel before it goes without one. */
  readonly anywhere?: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What texts must not cover, and what they should not. */
export interface Obstacles {
  readonly boxes: readonly Box[];
  readonly lines: readonly PixelLine[];
}

/** Names in a panel, and the lines that lead from them to what is named where they stand away from it. */
export interface Callouts {
  readonly texts: readonly PixelText[];
  readonly leaders: readonly PixelLine[];
}

export const LINE_HEIGHT = 8.5;
/** From a mark to the name next to it. */
const NEAR = 5.5;
/** How far names are moved away when there is no room nearer. */
const RINGS = [NEAR, 9, 14, 20, 28, 38, 50, 64, 80];
/** Names further away than this have a leader. */
const UNLED = 9;
const DIRECTIONS = 16;
const PADDING = 2.5;
/** What a line under a name counts, in points of distance. */
const CROSSING = 30;

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Whether a line passes through a box (Liang and Barsky, "A new concept and method for line clipping", 1984). */
export function crosses(line: PixelLine, box: Box): boolean {
  const { x, y, x2, y2 } = line;
  // Most lines are far away.
  if ((x < box.left && x2 < box.left) || (x > box.right && x2 > box.right)) return false;
  if ((y < box.top && y2 < box.top) || (y > box.bottom && y2 > box.bottom)) return false;
  const [dx, dy] = [x2 - x, y2 - y];
  const along = (room: number, step: number, none: number) => (step === 0 ? none : room / step);
  const atLeft = along(box.left - x, dx, Number.NEGATIVE_INFINITY);
  const atRight = along(box.right - x, dx, Number.POSITIVE_INFINITY);
  const atTop = along(box.top - y, dy, Number.NEGATIVE_INFINITY);
  const atBottom = along(box.bottom - y, dy, Number.POSITIVE_INFINITY);
  const enters = Math.max(0, Math.min(atLeft, atRight), Math.min(atTop, atBottom));
  const leaves = Math.min(1, Math.max(atLeft, atRight), Math.max(atTop, atBottom));
  return enters < leaves;
}

function boxAt(left: number, top: number, { width, height }: Size): Box {
  return { left, top, right: left + width, bottom: top + height };
}

/** Where a name may stand, and how far that is from its mark. */
interface Place {
  readonly box: Box;
  readonly away: number;
}

const TURNS = Array.from({ length: DIRECTIONS }, (_, i) => (2 * Math.PI * i) / DIRECTIONS).map(
  (turn) => [Math.cos(turn), Math.sin(turn)] as const,
);

/** The places for a name around its mark, nearest first. */
function* placesAround({ x, y }: Anchor, size: Size): Generator<Place> {
  for (const away of RINGS)
    for (const [cos, sin] of TURNS) {
      // The box touches the ring from outside.
      const left = x + away * cos + (size.width / 2) * (cos - 1);
      const top = y - away * sin - (size.height / 2) * (sin + 1);
      yield { box: boxAt(left, top, size), away };
    }
}

/** Between places anywhere in a panel. */
const STEP = 4;

/** All places of a panel, for a name that has no room around its mark. */
function placesAnywhere({ x, y }: Anchor, size: Size, panel: Size): Place[] {
  const columns = Math.max(0, Math.ceil((panel.width - size.width) / STEP));
  const rows = Math.max(0, Math.ceil((panel.height - size.height) / STEP));
  return Array.from({ length: columns * rows }, (_, i) => {
    const box = boxAt(1 + (i % columns) * STEP, Math.floor(i / columns) * STEP, size);
    const line = leaderTo({ x, y, lines: [] }, box);
    return { box, away: Math.hypot(line.x2 - x, line.y2 - y) };
  });
}

/** The line from a mark to its name, which ends at the nearest side of it. */
function leaderTo({ x, y }: Anchor, { left, top, right, bottom }: Box): PixelLine {
  return { x, y, x2: Math.min(Math.max(x, left), right), y2: Math.min(Math.max(y, top), bottom) };
}

function textsOf({ lines }: Anchor, { left, top }: Box): PixelText[] {
  return lines.map((text, i) => ({ x: left, y: top + (i + 0.5) * LINE_HEIGHT, text }));
}

/** A name with the room that keeps it from running into the next. */
export function padded({ left, right, ...box }: Box): Box {
  return { ...box, left: left - PADDING, right: right + PADDING };
}

function fits(box: Box, panel: Size, taken: readonly Box[]): boolean {
  const inside = box.left >= 1 && box.top >= 0 && box.right <= panel.width - 1 && box.bottom <= panel.height;
  return inside && !taken.some((other) => overlap(box, other));
}

const lengthOf = ({ x, y, x2, y2 }: PixelLine) => Math.hypot(x2 - x, y2 - y);

/** The line from a mark to the nearest of some names: marks with the same name may share it. Undefined where there is none. */
function nearestOf(anchor: Anchor, names: readonly Box[]): PixelLine | undefined {
  return names.map((box) => leaderTo(anchor, box)).sort((a, b) => lengthOf(a) - lengthOf(b))[0];
}

/** A name without a place, in points of distance. */
const WITHOUT = 500;

/** More lines under a name than this count no more. */
const MOST_UNDER = 3;

/** How many lines pass through a box, `most` at most. */
function countCrossing(lines: readonly PixelLine[], box: Box, most = Number.POSITIVE_INFINITY): number {
  let count = 0;
  for (const line of lines) {
    if (!crosses(line, box)) continue;
    count++;
    if (count === most) break;
  }
  return count;
}

type Placed<A> = Callouts & { readonly left: readonly A[]; readonly cost: number };

/** Puts names next to their marks, one after the other. */
function placeInOrder<A extends Anchor>(
  anchors: readonly A[],
  { boxes, lines }: Obstacles,
  panel: Size,
  textWidth: (text: string) => number,
): Placed<A> {
  const taken = [...boxes];
  const texts: PixelText[] = [];
  const leaders: PixelLine[] = [];
  const left: A[] = [];
  const placed = new Map<string, Box[]>();
  let cost = 0;
  const cheapest = (places: Iterable<Place>) => {
    let best: (Place & { readonly cost: number }) | undefined;
    for (const { box, away } of places) {
      // Lines only add to what a place costs, and of two that cost the same the first is taken.
      if ((best && away >= best.cost) || !fits(box, panel, taken)) continue;
      const under = countCrossing(lines, box, MOST_UNDER);
      const over = countCrossing(leaders, box);
      const cost = away + CROSSING * (under + over);
      if (!best || cost < best.cost) best = { box, away, cost };
    }
    return best;
  };
  for (const anchor of anchors) {
    const size = {
      width: Math.max(...anchor.lines.map(textWidth)),
      height: anchor.lines.length * LINE_HEIGHT,
    };
    const around = cheapest(placesAround(anchor, size));
    const name = anchor.lines.join(' ');
    const shared = around || !anchor.anywhere ? undefined : nearestOf(anchor, placed.get(name) ?? []);
    if (shared) {
      leaders.push(shared);
      cost += lengthOf(shared);
      continue;
    }
    const best = around ?? (anchor.anywhere ? cheapest(placesAnywhere(anchor, size, panel)) : undefined);
    if (!best || (anchor.optional && best.cost > UNLED)) {
      left.push(anchor);
      cost += anchor.optional ? CROSSING : WITHOUT;
      continue;
    }
    cost += best.cost;
    taken.push(padded(best.box));
    placed.set(name, [...(placed.get(name) ?? []), best.box]);
    texts.push(...textsOf(anchor, best.box));
    if (best.away > UNLED) leaders.push(leaderTo(anchor, best.box));
  }
  return { texts, leaders, left, cost };
}

/**
 * Puts names next to their marks, inside the panel and on no mark and no other name, and on lines only where there is no
 * other room. Where there is none next to a mark, a thin line leads from it to its name, unless it may go without. Of
 * several orders in which names look for room the one is taken that brings them closest. Returns those that found a place;
 * `left` has the others.
 */
export function placeAround<A extends Anchor>(
  anchors: readonly A[],
  obstacles: Obstacles,
  panel: Size,
  textWidth: (text: string) => number,
): Callouts & { readonly left: readonly A[] } {
  const rank = ({ optional = false }: Anchor) => Number(optional);
  const orders =
    anchors.length < 2
      ? [anchors]
      : ([(one) => one.x, (one) => -one.x, (one) => one.y, (one) => -one.y] as ((one: A) => number)[]).map(
          (by) => [...anchors].sort((a, b) => rank(a) - rank(b) || by(a) - by(b)),
        );
  return orders
    .map((order) => placeInOrder(order, obstacles, panel, textWidth))
    .reduce((best, one) => (one.cost < best.cost ? one : best));
}
