import { readFileSync } from 'node:fs';
import type { ResultFile } from '../../metrics/files.js';
import type { ResultsFolder } from '../../metrics/results.js';
import type { FigureData } from '../figures/data.js';
import { missingPackages, missingText } from '../render/packages.js';
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

/**
 * The text of report.html of some results. It has no specifications of figures where what draws them is not installed, and
 * says so.
 *
 * @throws InputError when the results are not what they should be
 */
export async function reportText(
  results: ResultsFolder,
  data: FigureData,
  missing: readonly string[] = missingPackages([]),
): Promise<string> {
  const files = FILES.filter((name) => results.has(name)).map(
    (name): Attachment => ({ name, content: readFileSync(results.path(name)), kind: 'results' }),
  );
  if (missing.length > 0) return reportPage(data, files, missingText(missing));
  const { specifications } = await import('./specifications.js');
  return reportPage(data, [...files, ...specifications(data)]);
}
