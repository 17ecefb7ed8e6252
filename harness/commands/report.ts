import { basename, join } from 'node:path';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { ResultsFolder } from '../metrics/results.js';
import { addFiles, checkFolder } from '../output/adding.js';
import { FigureData } from '../report/figures/data.js';
import type { Figure } from '../report/figures/figure.js';
import { WIDTHS, type Width } from '../report/figures/figure.js';
import { FIGURES, figureOf, missingFor, requireFigure } from '../report/figures/registry.js';
import { missingForReport, reportText } from '../report/html/write.js';
import { FORMATS, type Format, figureFiles } from '../report/render/write.js';
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

/** The folder of figures, below that of the results. */
const FIGURE_FOLDER = 'figures';
const REPORT = 'report.html';
const SPEC = '.vl.json';

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

/** Whether there is a comparison to report; says why not. */
function isReported(results: ResultsFolder, quiet: boolean): boolean {
  const missing = missingForReport(results);
  if (missing !== undefined && !quiet) note(`skipped ${REPORT}: ${missing}`);
  return missing === undefined;
}

async function figuresBelow(
  figures: readonly Figure[],
  data: FigureData,
  width: Width,
  formats: readonly Format[],
): Promise<[string, string | Uint8Array][]> {
  const files = await figureFiles(figures, data, width, formats);
  return [...files].map(([name, content]) => [join(FIGURE_FOLDER, name), content]);
}

/**
 * Draws report.html and all figures of a folder of results that have their data, for a column of a paper, in all formats.
 *
 * @returns their contents, by their paths below the folder
 */
export async function drawResults(folder: string): Promise<Map<string, string | Uint8Array>> {
  const results = ResultsFolder.open(folder);
  const data = new FigureData(results);
  const chosen = chooseFigures(undefined, data, true);
  return new Map([
    ...(await figuresBelow(chosen, data, 'column', FORMATS)),
    ...(isReported(results, true) ? [[REPORT, reportText(results, data)] as const] : []),
  ]);
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

/**
 * What was drawn, in a few lines: figures and their formats once, not a line per file.
 *
 * @param names paths below the folder of results
 * @param listed whether the figures are named
 */
export function drawnText(
  folder: string,
  names: readonly string[],
  formats: readonly Format[],
  listed: boolean,
): string {
  const figures = names.filter((name) => name.endsWith(SPEC)).map((name) => basename(name, SPEC));
  // Specification and caption come with any format.
  const kinds = [...formats.map((format) => format.toUpperCase()), 'Vega-Lite', 'TeX'].join(', ');
  return [
    ...(figures.length > 0
      ? [`Figures: ${join(folder, FIGURE_FOLDER)} (${figures.length}, as ${kinds})`]
      : []),
    ...(listed ? nameLines(figures) : []),
    ...(names.includes(REPORT) ? [`Report: ${join(folder, REPORT)}`] : []),
  ].join('\n');
}

async function handler(args: Args): Promise<void> {
  const formats = formatsOf(args.format);
  const results = ResultsFolder.open(args.results, args.mrc === undefined ? {} : { 'mrc.csv': args.mrc });
  const data = new FigureData(results);
  const figures = chooseFigures(args.figure, data, args.quiet);
  const reported = args.figure === undefined && isReported(results, args.quiet);
  if (figures.length === 0 && !reported)
    throw new InputError('nothing to draw, see what is skipped above', { file: args.results });
  await checkFolder(args.results);
  const report = reported ? [[REPORT, reportText(results, data)] as const] : [];
  const files = [...(await figuresBelow(figures, data, args.width, formats)), ...report];
  await addFiles(args.results, new Map(files), note);
  const names = files.map(([name]) => name);
  await print(drawnText(args.results, names, formats, true));
}

export const report: Command = { builder, handler };
