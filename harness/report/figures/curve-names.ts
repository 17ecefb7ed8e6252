import { type Anchor, crosses, LINE_HEIGHT, padded, placeAround } from './callouts.js';
import type { Page } from './figure.js';
import { brokenNames, panelNames } from './key.js';
import type { PixelLine } from './pixels.js';
import { type Point, thinned } from './series.js';

/** Names are broken at this share of a panel. */
const NAMES_WIDTH = 0.6;
/** A name of more lines covers a panel of a column: the key has it. */
const MOST_LINES = 2;
/** Curves that a name may lie on: it hides them there. */
const MOST_COVERED = 1;
/** Places along a curve where its name may stand. */
const PLACES = 12;

/** The segments of a curve in points. */
function segments(places: readonly Point[]): PixelLine[] {
  return places.slice(1).map(({ x, y }, i) => ({ x: places[i]!.x, y: places[i]!.y, x2: x, y2: y }));
}

/**
 * Names next to their curves, where these are furthest from the others and there is room. The key has all of them, so that
 * one goes without a place here where it would hide what it stands on, or stand nearer to another curve.
 */
export function nameCurves(
  curves: readonly { readonly names: readonly string[]; readonly places: readonly Point[] }[],
  panel: { width: number; height: number },
  page: Page,
) {
  const all = curves.map(({ places }) => segments(thinned(places, 1)));
  const every = all.flat();
  const texts: { x: number; y: number; text: string }[] = [];
  const leaders: PixelLine[] = [];
  const boxes: { left: number; top: number; right: number; bottom: number }[] = [];
  for (const [i, { names, places }] of curves.entries()) {
    const lines = brokenNames(panelNames(names), panel.width * NAMES_WIDTH, page);
    if (lines.length > MOST_LINES) continue;
    const others = all.filter((_, at) => at !== i);
    const candidates = anchorsAlong(places, panel).map(({ x, y }) => {
      const anchor: Anchor = { x, y, lines };
      const gap = Math.min(panel.height, ...others.map((segment) => nearest(segment, x, y)));
      const around = placeAround([anchor], { boxes, lines: every }, panel, page.textWidth);
      return { around, gap };
    });
    const best = candidates
      .filter(({ around }) => around.left.length === 0)
      .map(({ around, gap }) => {
        const [text] = around.texts;
        const width = Math.max(...lines.map(page.textWidth));
        const box = {
          left: text!.x,
          right: text!.x + width,
          top: text!.y - LINE_HEIGHT / 2,
          bottom: text!.y + LINE_HEIGHT * (lines.length - 0.5),
        };
        const under = every.filter((line) => crosses(line, box)).length;
        const covered = all.filter((curve) => curve.some((line) => crosses(line, box))).length;
        const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
        const isNearest = others.every((curve) => nearest(curve, x, y) >= nearest(all[i]!, x, y));
        const cost = under * 20 + around.leaders.length * 8 - Math.min(gap, 12);
        return { around, box, clear: covered <= MOST_COVERED && isNearest, cost };
      })
      .filter(({ clear }) => clear)
      .sort((a, b) => a.cost - b.cost)[0];
    if (!best) continue;
    texts.push(...best.around.texts);
    leaders.push(...best.around.leaders);
    boxes.push(padded(best.box));
  }
  return { texts, leaders };
}

/** Points of a curve at even distances. */
function anchorsAlong(places: readonly Point[], { width }: { width: number }): Point[] {
  const anchors: Point[] = [];
  for (let i = 1; i < PLACES; i++) {
    const x = (width * i) / PLACES;
    const at = places.findIndex((place) => place.x >= x);
    if (at < 1) continue;
    const [from, to] = [places[at - 1]!, places[at]!];
    anchors.push({ x, y: from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x || 1) });
  }
  return anchors.length > 0 ? anchors : places.slice(-1);
}

function nearest(curve: readonly PixelLine[], x: number, y: number): number {
  const under = curve.find((line) => line.x <= x && line.x2 >= x);
  if (!under) return Number.POSITIVE_INFINITY;
  const along = under.y + ((under.y2 - under.y) * (x - under.x)) / (under.x2 - under.x || 1);
  return Math.abs(along - y);
}
