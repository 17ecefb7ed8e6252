import type { CellReport, Finding, Report, TimeReport } from '../report.js';
import type { Format } from './format.js';
import {
  acceptText,
  SHOWN_CELLS,
  SHOWN_FINDINGS,
  shownOf,
  sideText,
  splitTimes,
  summaryLine,
  timeCells,
} from './words.js';

const SIGN: Readonly<Record<Finding['level'], string>> = {
  failure: '❌ failure',
  warning: '⚠️ warning',
  notice: 'notice',
};

/** In what a host of code makes a link of, also where it was escaped: someone is told, or another issue refers to this one. */
const ZERO_WIDTH_SPACE = '&#8203;';

/** Text that Markdown takes as it is, also in a cell of a table; it mentions no one, and refers to no issue. */
export function plain(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>|#~]/g, '\\$&')
    .replace(/[@#](?=\w)/g, `$&${ZERO_WIDTH_SPACE}`)
    .replace(/\s+/g, ' ');
}

function findingItem({ level, kind, text }: Finding): string {
  return `- ${SIGN[level]}, ${kind}: ${plain(text)}`;
}

function cellText({ label, findings, reproduce }: CellReport): string {
  const { shown, more } = shownOf(findings, SHOWN_FINDINGS);
  return [
    `#### ${plain(label)}`,
    '',
    ...shown.map(findingItem),
    ...(more > 0 ? [`- and ${more} more`] : []),
    ...(reproduce.length > 0 ? ['', '```sh', ...reproduce, '```'] : []),
  ].join('\n');
}

function cellsText(cells: readonly CellReport[]): string[] {
  const found = cells.filter(({ findings }) => findings.length > 0);
  if (found.length === 0) return [];
  const { shown, more } = shownOf(found, SHOWN_CELLS);
  const title = `<details><summary>Cells with differences: ${found.length}</summary>`;
  return [title, ...shown.map(cellText), ...(more > 0 ? [`and ${more} more cells`] : []), '</details>'];
}

function timeRow(time: TimeReport): string {
  const [name, ...figures] = timeCells(time);
  return `| ${[plain(name!), ...figures].join(' | ')} |`;
}

function timesText(times: readonly TimeReport[]): string[] {
  const { compared, others } = splitTimes(times);
  const table = [
    '| wall time | baseline | candidate | change | p | noise | |',
    '|---|--:|--:|--:|--:|--:|---|',
    ...compared.map(timeRow),
  ].join('\n');
  return [
    ...(compared.length > 0 ? [table] : []),
    ...(others.length > 0
      ? [others.map(({ name, findings }) => `${findingItem(findings[0]!)}: ${plain(name)}`).join('\n')]
      : []),
  ];
}

/** For a comment on a pull request. */
export const markdown: Format = {
  name: 'markdown',
  file: 'gate.md',
  about: 'a comment on a pull request, or the summary of a job',
  text(report: Report) {
    const { verdict, baseline, candidate, general, cells, times } = report;
    const accept = acceptText(report);
    return `${[
      `### ${verdict === 'pass' ? '✅' : '❌'} reclaim gate`,
      plain(summaryLine(report)),
      `baseline: ${plain(sideText(baseline))}<br>candidate: ${plain(sideText(candidate))}`,
      ...(general.length > 0 ? [general.map(findingItem).join('\n')] : []),
      ...cellsText(cells),
      ...timesText(times),
      ...(accept === undefined ? [] : [plain(accept)]),
    ].join('\n\n')}\n`;
  },
};
