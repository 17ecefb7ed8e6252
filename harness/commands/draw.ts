import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { entryFile } from '../base/package-root.js';
import { type Here, Pool } from '../experiment/pool.js';
import type { Format } from '../report/render/formats.js';
import {
  type DrawAnswer,
  type DrawJob,
  type DrawnFile,
  type DrawSetup,
  FIGURE_FOLDER,
  REPORT,
} from './draw-job.js';

const SPEC = '.vl.json';
const WORKER_FILE = entryFile('commands', 'draw-worker');

/** Figures and report.html of a folder of results. */
export interface DrawRequest extends DrawSetup {
  /** Names of figures, each of which has its data. */
  readonly figures: readonly string[];
  /** Whether report.html is written. */
  readonly report: boolean;
}

/** Size of results that are small, in bytes. */
const SMALL_BYTES = 2 ** 20;
/** Figures and page that are drawn where they are asked for: loading what draws takes a worker as long as a few of them. */
const FEW = 4;

/** Draws a few figures, or what one worker would draw, of small results in this thread. */
class SmallDrawing implements Here<DrawJob, DrawAnswer> {
  private loaded: Promise<{ answer(job: DrawJob): Promise<DrawAnswer> }> | undefined;

  constructor(
    private readonly setup: DrawSetup,
    private readonly workers: number,
  ) {}

  suits(jobs: readonly DrawJob[]): boolean {
    return (this.workers === 1 || jobs.length <= FEW) && resultBytes(this.setup) <= SMALL_BYTES;
  }

  async answer(job: DrawJob): Promise<DrawAnswer> {
    this.loaded ??= import('./draw-jobs.js').then(({ DrawJobs }) => new DrawJobs(this.setup));
    return (await this.loaded).answer(job);
  }
}

/** Size of all tables of results. */
function resultBytes({ folder, replaced }: DrawSetup): number {
  const tables = readdirSync(folder).filter((name) => name.endsWith('.csv') && !(name in replaced));
  const paths = [...tables.map((name) => join(folder, name)), ...Object.values(replaced)];
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

/**
 * Draws figures and report.html, one of them at a time each worker; what is little in this thread.
 *
 * @returns their contents, by their paths below the folder; undefined where that was interrupted
 * @throws InputError when the results are not what they should be
 */
export async function drawFiles(
  { figures, report, ...setup }: DrawRequest,
  workers: number,
  signal?: AbortSignal,
): Promise<Map<string, string | Uint8Array> | undefined> {
  // The page takes longest.
  const jobs: DrawJob[] = [...(report ? [undefined] : []), ...figures].map((figure) => ({ figure }));
  const pool = new Pool<DrawJob, DrawAnswer>(workers, setup, WORKER_FILE, new SmallDrawing(setup, workers));
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
