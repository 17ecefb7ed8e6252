import { availableParallelism } from 'node:os';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { ResultsFolder } from '../metrics/results.js';
import { addFiles, checkFolder } from '../output/adding.js';
import { FigureData } from '../report/figures/data.js';
import type { Figure } from '../report/figures/figure.js';
import { WIDTHS, type Width } from '../report/figures/figure.js';
import { FIGURES, figureOf, missingFor, requireFigure } from '../report/figures/registry.js';
import { missingForReport } from '../report/html/missing.js';
import { FORMATS, type Format, USUAL_FORMATS } from '../report/render/formats.js';
import { USUAL_COLUMNS, wrapped } from '../report/terminal-text.js';
import { drawFiles, drawnText } from './draw.js';
import { REPORT } from './draw-job.js';
import { drawable, requireDrawing } from './drawable.js';
import { type Command, loneHyphen, quietFlag } from './flags.js';
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
      coerce: loneHyphen,
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
        default: USUAL_FORMATS.join(','),
        describe: `file formats besides the specification, separated by commas: ${FORMATS.join(', ')}`,
        requiresArg: true,
      },
      mrc: {
        type: 'string',
        describe: 'output of mrc --format csv (default: mrc.csv in the folder)',
        requiresArg: true,
      },
      ...quietFlag,
    })
    .epilogue(`Figures:\n${FIGURES.map(figureLines).join('\n')}`);
}

/** Columns of names of figures in the help. */
const NAME_COLUMNS = 15;

/** What a figure shows, next to its name. */
function figureLines({ name, summary }: (typeof FIGURES)[number]): string {
  const lines = wrapped(summary, USUAL_COLUMNS - 2 - NAME_COLUMNS).split('\n');
  return lines.map((line, i) => `  ${(i === 0 ? name : '').padEnd(NAME_COLUMNS)}${line}`).join('\n');
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

/** Whether figures are what was asked for, and not only what comes with report.html. */
function asksForFigures({ figure, format }: Args): boolean {
  return figure !== undefined || format !== USUAL_FORMATS.join(',');
}

/** Whether there is a comparison to report; says why not. */
function isReported(results: ResultsFolder, quiet: boolean): boolean {
  const missing = missingForReport(results);
  if (missing !== undefined && !quiet) note(`skipped ${REPORT}: ${missing}`);
  return missing === undefined;
}

async function handler(args: Args): Promise<void> {
  const formats = formatsOf(args.format);
  const replaced: Record<string, string> = args.mrc === undefined ? {} : { 'mrc.csv': args.mrc };
  const results = ResultsFolder.open(args.results, replaced);
  const chosen = chooseFigures(args.figure, new FigureData(results), args.quiet);
  const reported = args.figure === undefined && isReported(results, args.quiet);
  if (chosen.length === 0 && !reported)
    throw new InputError('nothing to draw, see what is skipped above', { file: args.results });
  if (asksForFigures(args) || !reported) requireDrawing(formats);
  const figures = drawable(chosen, formats);
  await checkFolder(args.results);
  const request = {
    folder: args.results,
    replaced,
    width: args.width,
    formats,
    figures: figures.map(({ name }) => name),
    report: reported,
  };
  const files = (await drawFiles(request, availableParallelism()))!;
  await addFiles(args.results, files, note);
  await print(drawnText(args.results, [...files.keys()], { formats, listed: true, more: false }));
}

export const report: Command = { builder, handler };
