import { styleText } from 'node:util';
import { sideText } from '../../gate/formats/words.js';
import { type Column, columnsText } from '../../report/compact-table.js';
import { type Look, textWidth, wrapped } from '../../report/terminal-text.js';
import { equalMetrics, type MetricRows, metricRows, type Row } from '../choice.js';
import type { Diff, Standing } from '../diff.js';
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

const COLOURS: Readonly<Partial<Record<Standing, 'red' | 'green' | 'yellow'>>> = {
  worse: 'red',
  better: 'green',
  changed: 'yellow',
};
/** Characters of the column of cells, at least. */
const LEAST_LABEL = 20;

function rowTexts(row: Row): string[] {
  const { cell, change } = row;
  return [
    cell.label,
    valueText(change.a, change.metric, cell.pageBytes),
    valueText(change.b, change.metric, cell.pageBytes),
    changeText(row),
    standingText(change.standing),
  ];
}

/** The widths of columns: numbers as they need it, the label has the rest. */
function columnsOf(rows: readonly (readonly string[])[], { columns }: Look): Column[] {
  const widths = rows[0]!.map((_, i) => 1 + Math.max(...rows.map((row) => textWidth(row[i]!))));
  const [label, ...others] = widths as [number, ...number[]];
  const left = columns - others.reduce((sum, width) => sum + width, 0);
  return [
    { align: 'left', width: Math.max(LEAST_LABEL, Math.min(label, left)) },
    ...others.map((width, i) => ({ align: i === others.length - 1 ? 'left' : 'right', width }) as Column),
  ];
}

/** A line in the colour of how B stands. */
function coloured(texts: readonly string[], standing: Standing, { colour }: Look): string[] {
  const style = COLOURS[standing];
  return texts.map((text, i) => (colour && style && i >= 3 ? styleText(style, text) : text));
}

function metricText(diff: Diff, table: MetricRows, look: Look): string {
  const texts = [['', 'A', 'B', 'change', ''], ...table.rows.map(rowTexts)];
  // A space before the word that follows a column which is aligned to the right.
  const spaced = texts.map((row) => row.map((text, i) => (i === 4 ? ` ${text}` : text)));
  const columns = columnsOf(spaced, look);
  const shown = spaced.map((row, i) =>
    i === 0 ? row : coloured(row, table.rows[i - 1]!.change.standing, look),
  );
  const hidden = hiddenText(table.hidden);
  const mean = geometricText(diff, table);
  const title = wrapped(metricTitle(table.metric), look.columns);
  return [
    look.colour ? styleText('bold', title) : title,
    columnsText(columns, shown),
    ...[hidden, mean ?? ''].filter((line) => line !== ''),
  ].join('\n');
}

/** What differs besides results, and what is not in both. */
function aroundText(diff: Diff, { columns }: Look): string[] {
  const lines = aroundLines(diff);
  return lines.length > 0 ? [lines.map((line) => wrapped(line, columns, '  ')).join('\n')] : [];
}

/** For people at a terminal. */
export const table: Format = {
  name: 'table',
  file: 'diff.txt',
  text(diff, choice, look) {
    const tables = metricRows(diff, choice);
    const equal = equalMetrics(diff, choice);
    const scattered = tables.some(({ rows }) => rows.some(({ change }) => change.difference.n > 1));
    const legend = scattered
      ? ['± is half of the 95 % interval over draws or replicates; ~ cannot be told: they disagree.']
      : [];
    const end = [...(equal.length > 0 ? [`No difference in ${equal.join(', ')}.`] : []), ...legend];
    return `${[
      wrapped(summaryLine(diff, choice), look.columns, '  '),
      wrapped(`A: ${sideText(diff.a)}`, look.columns, '  ') +
        '\n' +
        wrapped(`B: ${sideText(diff.b)}`, look.columns, '  '),
      ...aroundText(diff, look),
      ...tables.map((one) => metricText(diff, one, look)),
      ...(end.length > 0 ? [end.map((line) => wrapped(line, look.columns, '  ')).join('\n')] : []),
    ].join('\n\n')}\n`;
  },
};
