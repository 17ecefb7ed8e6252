import type { Drawing, Page, Spec, Width } from './figure.js';
import { WIDTHS } from './figure.js';
import { brokenNames, type KeyItem, keyHeight, keySpec } from './key.js';
import { textLayer } from './pixels.js';
import { wholeSpec } from './style.js';

/** Between panels above each other. */
const BETWEEN = 2;

/** A panel with a text above its left corner: titles of Vega move with the labels of axes, and would not stand in line. */
function titled(
  { title, indent = 0 }: Panel,
  page: Page,
  { width, height, view = {}, ...panel }: Spec,
): Spec {
  const lines = title.flatMap((text) => brokenNames(text, Number(width) + indent, page, / /));
  const texts = lines.map((text, i) => ({ x: -indent, y: -7 - 9 * (lines.length - 1 - i), text }));
  return { width, height, view, layer: [panel, textLayer(texts, 'left', { color: '#333333' })] };
}

/** A panel of a figure, drawn for a width. */
export interface Panel {
  /** What stands above it, a line each. */
  readonly title: readonly string[];
  /** How far left of the panel that begins. */
  readonly indent?: number;
  draw(width: number): Spec;
}

/** The width of a figure whose panels stand side by side: that of the page for several of them. */
function widthOf(columns: number, page: Page): Width {
  return columns > 1 ? 'page' : page.asked;
}

/** The title of a panel: its trace and its limits, in one line where no other panel stands next to it. */
export function titles(trace: readonly string[], limits: readonly string[], columns: number): string[] {
  const lines = [...trace, ...(limits.length > 0 ? [limits.join(', ')] : [])];
  return columns > 1 ? lines : [lines.join(', ')];
}

/** What a drawing of panels is made of. */
export interface Panels extends Pick<Drawing, 'name' | 'caption' | 'traces' | 'notes'> {
  /** Columns from left to right, each with its panels from top to bottom. */
  readonly columns: readonly (readonly Panel[])[];
  readonly key: readonly KeyItem[];
  /** Room left of the first panel, where the key begins. */
  readonly indent?: number;
}

/** Room of an axis with its title. */
const AXIS = 40;

/** What a figure in a column may take: 2.5 inches. */
const COLUMN_HEIGHT = 180;
/** Room of the axis below the panels, and of a title with the gap to the panel before. */
const BELOW = 44;
const TITLE = 20;
/** Panels are never lower. */
const LEAST_HEIGHT = 24;

/** Panels of a figure, for how high they may be. */
export interface Stack {
  /** How many stand above each other at most. */
  readonly rows: number;
  readonly columns: number;
  readonly key: readonly KeyItem[];
  readonly indent?: number;
  /** The height of panels where there is room, by how many stand above each other. */
  readonly most: readonly number[];
}

/** How high panels are: in a column, what the key and the titles leave of 2.5 inches. */
export function panelHeight({ rows, columns, key, indent = AXIS, most }: Stack, page: Page): number {
  const wanted = most[Math.min(rows, most.length) - 1]!;
  const width = widthOf(columns, page);
  if (width === 'page') return wanted;
  const room = COLUMN_HEIGHT - BELOW - keyHeight(key, WIDTHS[width] - indent, page) - rows * TITLE;
  return Math.max(LEAST_HEIGHT, Math.min(wanted, Math.floor(room / rows)));
}

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
        vconcat: panels.map((panel) => titled(panel, page, panel.draw(wide))),
      }));
      return wholeSpec({
        vconcat: [{ hconcat }, ...(key.length > 0 ? [keySpec(key, WIDTHS[width] - indent, page)] : [])],
      });
    },
  };
}
