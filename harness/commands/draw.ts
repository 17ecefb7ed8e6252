import { basename, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { entryFile } from '../base/package-root.js';
import { Pool } from '../experiment/pool.js';
import type { Width } from '../report/figures/figure.js';
import type { Format } from '../report/render/formats.js';

/** The folder of figures, below that of the results. */
export const FIGURE_FOLDER = 'figures';
/** The page of results, in their folder. */
export const REPORT = 'report.html';
const SPEC = '.vl.json';
const WORKER_FILE = entryFile('commands', 'draw-worker');

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
type DrawnFile = readonly [path: string, content: string | Uint8Array];

/** What was drawn, or why nothing can be drawn. */
export type DrawAnswer = { readonly files: readonly DrawnFile[] } | { readonly refused: string };

/** Figures and report.html of a folder of results. */
export interface DrawRequest extends DrawSetup {
  /** Names of figures, each of which has its data. */
  readonly figures: readonly string[];
  /** Whether report.html is written. */
  readonly report: boolean;
}

/**
 * Draws figures and report.html in workers, one of them at a time each.
 *
 * @returns their contents, by their paths below the folder; undefined where that was interrupted
 * @throws InputError when the results are not what they should be
 */
export async function drawInWorkers(
  { figures, report, ...setup }: DrawRequest,
  workers: number,
  signal?: AbortSignal,
): Promise<Map<string, string | Uint8Array> | undefined> {
  // The page takes longest.
  const jobs: DrawJob[] = [...(report ? [undefined] : []), ...figures].map((figure) => ({ figure }));
  const pool = new Pool<DrawJob, DrawAnswer>(workers, setup, WORKER_FILE);
  const stop = () => void pool.close();
  signal?.addEventListener('abort', stop, { once: true });
  const drawn = new Map<DrawJob, readonly DrawnFile[]>();
  try {
    await pool.run(jobs, {
      answered(job, answer) {
        if ('refused' in answer) throw new InputError(answer.refused);
        drawn.set(job, answer.files);
      },
      died({ figure }, reason) {
        throw new Error(`the worker that draws ${figure ?? REPORT} died: ${reason}`);
      },
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool.close();
  }
  return signal?.aborted ? undefined : new Map(jobs.flatMap((job) => drawn.get(job) ?? []));
}

/** Width of the list of figures, in characters. */
const LINE = 80;

/** Names with commas, as many to a line as fit, indented. */
function nameLines(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [i, name] of names.entries()) {
    const word = i < names.length - 1 ? `${name},` : name;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

/** How it is said what was drawn. */
interface DrawnLook {
  readonly formats: readonly Format[];
  /** Whether the figures are named. */
  readonly listed: boolean;
  /** Whether there is more to draw, which `reclaim report` draws. */
  readonly more: boolean;
}

/**
 * What was drawn, in a few lines: figures and their formats once, not a line per file.
 *
 * @param names paths below the folder of results
 */
export function drawnText(
  folder: string,
  names: readonly string[],
  { formats, listed, more }: DrawnLook,
): string {
  const figures = names.filter((name) => name.endsWith(SPEC)).map((name) => basename(name, SPEC));
  // Specification and caption come with any format.
  const kinds = [...formats.map((format) => format.toUpperCase()), 'Vega-Lite', 'TeX'].join(', ');
  return [
    ...(figures.length > 0
      ? [`Figures: ${join(folder, FIGURE_FOLDER)} (${figures.length}, as ${kinds})`]
      : []),
    ...(listed ? nameLines(figures) : []),
    ...(more ? [`  all others: reclaim report ${folder}`] : []),
    ...(names.includes(REPORT) ? [`Report: ${join(folder, REPORT)}`] : []),
  ].join('\n');
}
