import type { Width } from '../report/figures/figure.js';
import type { Format } from '../report/render/formats.js';

/** The folder of figures, below that of the results. */
export const FIGURE_FOLDER = 'figures';
/** The page of results, in their folder. */
export const REPORT = 'report.html';

/** What every worker that draws receives when it starts. */
export interface DrawSetup {
  /** The folder of results. */
  readonly folder: string;
  /** Files of results that lie elsewhere, by the names that they have in the folder. */
  readonly replaced: Readonly<Record<string, string>>;
  readonly width: Width;
  readonly formats: readonly Format[];
}

/** A figure by its name, or report.html. */
export interface DrawJob {
  readonly figure: string | undefined;
}

/** A file by its path below the folder of results. */
export type DrawnFile = readonly [path: string, content: string | Uint8Array];

/** What was drawn, or why nothing can be drawn. */
export type DrawAnswer = { readonly files: readonly DrawnFile[] } | { readonly refused: string };
