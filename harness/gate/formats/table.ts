import Table from 'cli-table3';
import { PLAIN_TABLE } from '../../metrics/table-style.js';
import type { CellReport, TimeReport } from '../report.js';
import type { Format } from './format.js';
import {
  acceptText,
  findingLine,
  SHOWN_CELLS,
  SHOWN_FINDINGS,
  shownOf,
  sideText,
  splitTimes,
  summaryLine,
  timeCells,
} from './words.js';

function cellText({ label, findings, reproduce }: CellReport): string {
  const { shown, more } = shownOf(findings, SHOWN_FINDINGS);
  return [
    label,
    ...shown.map((finding) => `  ${findingLine(finding)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...reproduce.map((command) => `  $ ${command}`),
  ].join('\n');
}

function cellsText(cells: readonly CellReport[]): string[] {
  const { shown, more } = shownOf(
    cells.filter(({ findings }) => findings.length > 0),
    SHOWN_CELLS,
  );
  return [...shown.map(cellText), ...(more > 0 ? [`and ${more} more cells (--format json has all)`] : [])];
}

function timesText(times: readonly TimeReport[]): string[] {
  const { compared, others } = splitTimes(times);
  const table = new Table({
    ...PLAIN_TABLE,
    head: ['wall time', 'baseline\nmedian', 'candidate\nmedian', 'change', 'p', 'noise', ''],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const time of compared) table.push(timeCells(time));
  const lines = others.flatMap(({ name, findings }) =>
    findings.map((finding) => `${name}: ${findingLine(finding)}`),
  );
  return [
    ...(compared.length > 0 ? [table.toString()] : []),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
  ];
}

/** For people at a terminal. */
export const table: Format = {
  name: 'table',
  file: 'gate.txt',
  about: 'text for a terminal or a mail',
  text(report) {
    const { baseline, candidate, general, cells, times } = report;
    const accept = acceptText(report);
    return `${[
      `baseline: ${sideText(baseline)}\ncandidate: ${sideText(candidate)}`,
      ...(general.length > 0 ? [general.map(findingLine).join('\n')] : []),
      ...cellsText(cells),
      ...timesText(times),
      ...(accept === undefined ? [] : [accept]),
      summaryLine(report),
    ].join('\n\n')}\n`;
  },
};
