import type { Drawing, Page, Spec, Width } from './figure.js';
import { WIDTHS } from './figure.js';
import { type KeyItem, keySpec } from './key.js';
import { textLayer } from './pixels.js';
import { wholeSpec } from './style.js';

/** Between panels above each other. */
const BETWEEN = 2;

/** A panel with a text above its left corner: titles of Vega move with the labels of axes, and would not stand in line. */
function titled(lines: readonly string[], { width, height, view = {}, ...panel }: Spec): Spec {
  const texts = lines.map((text, i) => ({ x: 0, y: -7 - 9 * (lines.length - 1 - i), text }));
  return { width, height, view, layer: [panel, textLayer(texts, 'left', { color: '#333333' })] };
}

/** A panel of a figure, drawn for a width. */
export interface Panel {
  /** What stands above it, a line each. */
  readonly title: readonly string[];
  draw(width: number): Spec;
}

/** The width of a figure whose panels stand side by side: that of the page for several of them. */
export function widthOf(columns: number, page: Page): Width {
  return columns > 1 ? 'page' : page.asked;
}

/** What a drawing of panels is made of. */
export interface Panels extends Pick<Drawing, 'name' | 'caption' | 'traces'> {
  /** Columns from left to right, each with its panels from top to bottom. */
  readonly columns: readonly (readonly Panel[])[];
  readonly key: readonly KeyItem[];
  /** Room left of the first panel, where the key begins. */
  readonly indent?: number;
}

/** Room of an axis with its title. */
const AXIS = 40;

/** Panels in columns, with a key below them. */
export function panelDrawing({ columns, key, indent = AXIS, ...named }: Panels, page: Page): Drawing {
  const width = widthOf(columns.length, page);
  return {
    ...named,
    width,
    columns: columns.length,
    spec: (wide) => {
      const hconcat = columns.map((panels) => ({
        spacing: BETWEEN,
        vconcat: panels.map(({ title, draw }) => titled(title, draw(wide))),
      }));
      return wholeSpec({
        vconcat: [{ hconcat }, ...(key.length > 0 ? [keySpec(key, WIDTHS[width] - indent, page)] : [])],
      });
    },
  };
}
