import { join } from 'node:path';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { prepareFolder } from '../experiment/store.js';
import { ResultsFolder } from '../metrics/results.js';
import { FigureData } from '../report/figures/data.js';
import type { Figure } from '../report/figures/figure.js';
import { WIDTHS, type Width } from '../report/figures/figure.js';
import { FIGURES, figureOf, missingFor, requireFigure } from '../report/figures/registry.js';
import { missingForReport, writeReport } from '../report/html/write.js';
import { FORMATS, type Format, writeFigures } from '../report/render/write.js';
import { type Command, quietFlag } from './flags.js';
import { note, print } from './terminal.js';

interface Args {
  results: string;
  figure?: string;
  width: Width;
  format: string;
  mrc?: string;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('results', {
      type: 'string',
      demandOption: true,
      describe:
        'folder that compare or bench wrote; report.html goes there, figures go to its folder figures/',
    })
    .options({
      figure: {
        type: 'string',
        describe: 'only these figures, separated by commas, and no report.html; an error if one has no data',
        requiresArg: true,
      },
      width: {
        choices: Object.keys(WIDTHS) as Width[],
        default: 'column' as Width,
        describe: 'a column of a paper (3.33 in) or its full width (7 in)',
      },
      format: {
        type: 'string',
        default: FORMATS.join(','),
        describe: 'file formats besides the specification, separated by commas',
        requiresArg: true,
      },
      mrc: {
        type: 'string',
        describe: 'output of mrc --format csv (default: mrc.csv in the folder)',
        requiresArg: true,
      },
      ...quietFlag,
    })
    .epilogue(`Figures:\n${FIGURES.map(({ name, summary }) => `  ${name.padEnd(15)}${summary}`).join('\n')}`);
}

function formatsOf(text: string): Format[] {
  return text.split(',').map((format) => {
    if (!(FORMATS as readonly string[]).includes(format)) throw unknownName('format', format, FORMATS);
    return format as Format;
  });
}

/** The figures asked for, each of which must have its data; without names, all that have it. */
function chooseFigures(names: string | undefined, data: FigureData, quiet: boolean): readonly Figure[] {
  if (names !== undefined) {
    const asked = [...new Set(names.split(','))].map(figureOf);
    for (const figure of asked) requireFigure(figure, data);
    return asked;
  }
  return FIGURES.filter((figure) => {
    const missing = missingFor(figure, data);
    if (missing !== undefined && !quiet) note(`skipped ${figure.name}: ${missing}`);
    return missing === undefined;
  });
}

/** Writes report.html, where there is a comparison to report. */
function reportOf(results: ResultsFolder, data: FigureData, quiet: boolean): string[] {
  const missing = missingForReport(results);
  if (missing === undefined) return [writeReport(results, data)];
  if (!quiet) note(`skipped report.html: ${missing}`);
  return [];
}

/**
 * Draws the figures of a folder of results for a column of a paper, in all formats, and writes report.html.
 *
 * @returns the last lines that `reclaim compare` prints
 */
export async function drawResults(folder: string): Promise<string> {
  const results = ResultsFolder.open(folder);
  const data = new FigureData(results);
  const report = reportOf(results, data, true);
  const figures = join(folder, 'figures');
  prepareFolder(figures);
  const chosen = chooseFigures(undefined, data, true);
  const written = await writeFigures(chosen, data, figures, 'column', FORMATS);
  const drawings = written.filter((path) => path.endsWith('.vl.json')).length;
  return [
    `Figures: ${figures} (${drawings}, each as PDF, SVG, PNG and specification)`,
    ...report.map((path) => `Report: ${path}`),
  ].join('\n');
}

async function handler(args: Args): Promise<void> {
  const formats = formatsOf(args.format);
  const results = ResultsFolder.open(args.results, args.mrc === undefined ? {} : { 'mrc.csv': args.mrc });
  const data = new FigureData(results);
  const figures = chooseFigures(args.figure, data, args.quiet);
  const report = args.figure === undefined ? reportOf(results, data, args.quiet) : [];
  if (figures.length + report.length === 0)
    throw new InputError('nothing to draw, see what is skipped above', { file: args.results });
  const folder = join(args.results, 'figures');
  prepareFolder(folder);
  const written = await writeFigures(figures, data, folder, args.width, formats);
  await print([...written, ...report].join('\n'));
}

export const report: Command = { builder, handler };
