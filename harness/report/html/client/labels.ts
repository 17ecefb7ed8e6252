/** A rectangle, by its corners, in points. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A mark in a panel, in points from its top left corner, and the text that belongs to it; no text where it needs none. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Where a text stands: its left end and its middle. */
export interface PlacedLabel extends Labelled {}

const MARK = 4;
const TEXT_HEIGHT = 8;

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** The places for a text around its mark, the best first: the line of a front leaves its marks to the right and below. */
function places({ x, y }: Labelled, width: number): { left: number; middle: number }[] {
  const away = MARK + 1;
  return [
    { left: x - away - width, middle: y },
    { left: x - width / 2, middle: y - away - TEXT_HEIGHT / 2 },
    { left: x + away, middle: y },
    ...[x - width / 2, x + away / 2, x - width - away / 2].flatMap((left) => [
      { left, middle: y - away - TEXT_HEIGHT / 2 },
      { left, middle: y + away + TEXT_HEIGHT / 2 },
    ]),
    { left: x + away, middle: y + 2 * TEXT_HEIGHT },
    { left: x - away - width, middle: y + 2 * TEXT_HEIGHT },
  ];
}

/**
 * Puts texts next to their marks so that they stay inside the panel and touch no mark and no other text. A text that finds
 * no place is left out: the legend still has it.
 */
export function placeLabels(
  marks: readonly Labelled[],
  panel: { readonly width: number; readonly height: number },
  textWidth: (text: string) => number,
): PlacedLabel[] {
  const taken: Box[] = marks.map(({ x, y }) => ({
    left: x - MARK,
    right: x + MARK,
    top: y - MARK,
    bottom: y + MARK,
  }));
  const placed: PlacedLabel[] = [];
  for (const mark of marks.filter(({ text }) => text !== '')) {
    const width = textWidth(mark.text);
    for (const { left, middle } of places(mark, width)) {
      const box = {
        left,
        right: left + width,
        top: middle - TEXT_HEIGHT / 2,
        bottom: middle + TEXT_HEIGHT / 2,
      };
      const inside = box.left >= 0 && box.right <= panel.width && box.top >= 0 && box.bottom <= panel.height;
      if (!inside || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      placed.push({ x: left, y: middle, text: mark.text });
      break;
    }
  }
  return placed;
}
