import { readFileSync } from 'node:fs';
import type { ResultFile } from '../../metrics/files.js';
import type { ResultsFolder } from '../../metrics/results.js';
import type { FigureData } from '../figures/data.js';
import { WIDTHS } from '../figures/figure.js';
import { FIGURES, missingFor } from '../figures/registry.js';
import { drawingsOf, pageOf } from '../render/write.js';
import type { Attachment } from './downloads.js';
import { reportPage } from './page.js';

const FILES: readonly ResultFile[] = [
  'runs.csv',
  'draws.csv',
  'timeline.csv',
  'spaces.csv',
  'calls.csv',
  'perf.csv',
  'heatmap.csv',
];

/** The specifications of all figures that have data, before they are fitted to a page. */
function specifications(data: FigureData): Attachment[] {
  const page = pageOf('column');
  const figures = FIGURES.filter((figure) => missingFor(figure, data) === undefined);
  return drawingsOf(figures, data, page).map(({ drawing }) => {
    const spec = drawing.spec(Math.round((WIDTHS[drawing.width] / drawing.columns) * 0.8));
    const content = Buffer.from(`${JSON.stringify(spec)}\n`);
    return { name: `${drawing.name}.vl.json`, content, kind: 'figure' };
  });
}

/**
 * The text of report.html of some results.
 *
 * @throws InputError when the results are not what they should be
 */
export function reportText(results: ResultsFolder, data: FigureData): string {
  const files = FILES.filter((name) => results.has(name)).map(
    (name): Attachment => ({ name, content: readFileSync(results.path(name)), kind: 'results' }),
  );
  return reportPage(data, [...files, ...specifications(data)]);
}
