import Table from 'cli-table3';
import { median } from '../../stats/quantile.js';
import type { CellReport, TimeReport } from '../report.js';
import { signedPercent } from '../times.js';
import type { Format } from './format.js';
import {
  acceptText,
  findingLine,
  SHOWN_CELLS,
  SHOWN_FINDINGS,
  shownOf,
  sideText,
  summaryLine,
  timeText,
} from './words.js';

/** No colours and no heavy lines: tables are pasted into mails. */
const PLAIN = { style: { head: [], border: [], compact: true } };

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

function timeRow({ name, baseline, candidate, change, p, noise, findings }: TimeReport): string[] {
  return [
    name,
    timeText(median(baseline)),
    timeText(median(candidate)),
    signedPercent(change as number),
    (p as number).toPrecision(2),
    `${(100 * (noise as number)).toFixed(1)} %`,
    findings[0]?.kind ?? '',
  ];
}

function timesText(times: readonly TimeReport[]): string[] {
  const compared = times.filter(({ change }) => change !== undefined);
  const table = new Table({
    ...PLAIN,
    head: ['wall time', 'baseline\nmedian', 'candidate\nmedian', 'change', 'p', 'noise', ''],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const time of compared) table.push(timeRow(time));
  const others = times
    .filter(({ change, findings }) => change === undefined && findings.length > 0)
    .flatMap(({ name, findings }) => findings.map((finding) => `${name}: ${findingLine(finding)}`));
  return [
    ...(compared.length > 0 ? [table.toString()] : []),
    ...(others.length > 0 ? [others.join('\n')] : []),
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
