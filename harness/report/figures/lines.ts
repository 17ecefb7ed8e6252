import type { PolicyStyle } from '../style.js';
import type { Spec } from './figure.js';
import type { KeyItem } from './key.js';
import type { Point } from './series.js';
import { rounded } from './units.js';

/** A line whose points are marked. */
export interface MarkedLine {
  readonly text: string;
  readonly look: PolicyStyle;
  readonly points: readonly Point[];
}

/** Lines with their points, on the axes `x` and `y`: specifications of channels. */
export function markedLines(lines: readonly MarkedLine[], x: Spec, y: Spec): Spec[] {
  return lines.map(({ look, points }) => ({
    data: { values: points.map((point, at) => ({ x: rounded(point.x), y: rounded(point.y), at })) },
    mark: {
      type: 'line',
      color: look.color,
      ...(look.dash.length > 0 ? { strokeDash: look.dash } : {}),
      point: { filled: true, size: 20, opacity: 1, color: look.color, shape: look.mark },
    },
    encoding: {
      x: { field: 'x', type: 'quantitative', ...x },
      y: { field: 'y', type: 'quantitative', ...y },
      // Points of one time stay in their order.
      order: { field: 'at', type: 'quantitative' },
    },
  }));
}

/** What a key says of lines: their marks with their names. */
export function keyOfLines(lines: readonly MarkedLine[]): KeyItem[] {
  return lines.map(({ look, text }) => ({
    sample: { kind: 'line-mark', color: look.color, dash: look.dash, shape: look.mark },
    text,
  }));
}
