import { plain } from '../../gate/formats/markdown.js';
import { sideText } from '../../gate/formats/words.js';
import { equalMetrics, type MetricRows, metricRows } from '../choice.js';
import type { Diff } from '../diff.js';
import {
  aroundLines,
  changeText,
  geometricText,
  hiddenText,
  metricTitle,
  standingText,
  summaryLine,
  valueText,
} from '../words.js';
import type { Format } from './format.js';

function metricText(diff: Diff, table: MetricRows): string {
  const { metric, rows, hidden } = table;
  const lines = rows.map((row) => {
    const { cell, change } = row;
    const values = [change.a, change.b].map((value) => valueText(value, metric, cell.pageBytes));
    const texts = [plain(cell.label), ...values, changeText(row), plain(standingText(change.standing))];
    return `| ${texts.join(' | ')} |`;
  });
  const below = [hiddenText(hidden), geometricText(diff, table) ?? ''].filter((text) => text !== '');
  return [
    `#### ${plain(metricTitle(metric))}`,
    '',
    '| cell | A | B | change | |',
    '|---|--:|--:|--:|---|',
    ...lines,
    ...(below.length > 0 ? ['', plain(below.join('; '))] : []),
  ].join('\n');
}

/** For a comment on a pull request, or notes. */
export const markdown: Format = {
  name: 'markdown',
  file: 'diff.md',
  text(diff, choice) {
    const around = aroundLines(diff);
    const equal = equalMetrics(diff, choice);
    return `${[
      '### reclaim diff',
      plain(summaryLine(diff, choice)),
      `A: ${plain(sideText(diff.a))}<br>B: ${plain(sideText(diff.b))}`,
      ...(around.length > 0 ? [around.map((line) => `- ${plain(line)}`).join('\n')] : []),
      ...metricRows(diff, choice).map((table) => metricText(diff, table)),
      ...(equal.length > 0 ? [plain(`No difference in ${equal.join(', ')}.`)] : []),
    ].join('\n\n')}\n`;
  },
};
