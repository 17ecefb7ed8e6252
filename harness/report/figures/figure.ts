import type { NumberColumn } from '../../metrics/columns.js';
import type { ResultFile, ResultRow } from '../../metrics/files.js';
import type { FigureData } from './data.js';

/** A Vega-Lite specification with its data. */
export type Spec = Readonly<Record<string, unknown>>;

/** Widths of figures: what most two-column papers ask for. */
export const WIDTHS = { column: 240, page: 504 } as const;
export type Width = keyof typeof WIDTHS;

/** What a figure is drawn for. Lengths are points of 1/72 inch; a point is a pixel of the specification. */
export interface Page {
  /** The width that was asked for. */
  readonly asked: Width;
  /** Width of a text of `TEXT_POINTS` in the font of the figure. */
  textWidth(text: string): number;
}

/** One picture: a figure may have several, one a family of traces or a reclaim policy. */
export interface Drawing {
  /** Name of its files, without ending. */
  readonly name: string;
  /** What is shown and how to read it, in sentences. */
  readonly caption: string;
  /** Labels of the traces it shows, as runs.csv has them; empty where it is not of traces. */
  readonly traces: readonly string[];
  /** The width it is drawn for: the page's where panels stand side by side that no column has room for. */
  readonly width: Width;
  /** How many panels stand side by side: what a change of their width is multiplied by. */
  readonly columns: number;
  /** What the caption has to say besides, when every panel is `panel` points wide: names that found no room. */
  notes?(panel: number): string[];
  /** The specification when every panel is `panel` points wide. */
  spec(panel: number): Spec;
}

/** Columns with numbers, by file. */
export type Needs = { readonly [F in ResultFile]?: readonly NumberColumn<ResultRow<F>>[] };

/** A kind of figure: one file, one line in the registry. */
export interface Figure {
  readonly name: string;
  /** What it shows, for help and README. */
  readonly summary: string;
  /** The columns it draws, by file: each must have a number in one row at least. */
  readonly needs: Needs;
  /** Why it would show nothing of these results although the columns are there. */
  lacks?(data: FigureData): string | undefined;
  draw(data: FigureData, page: Page): readonly Drawing[];
}
