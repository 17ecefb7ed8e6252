import Table from 'cli-table3';
import type { Row } from '../metrics/csv.js';
import {
  type Axis,
  comparedAxis,
  comparedRows,
  costNs,
  groupBy,
  isRefused,
  rowName,
  sameColumns,
  type TraceFacts,
} from './comparison.js';
import { listed, mib, ms, numberIn, percent } from './format.js';
import { paretoFront } from './pareto.js';
import { PLAIN, tableTitle } from './table.js';

/** What a limit is called in the head of a table: traces differ in pages, not in shares. */
export function limitLabel(row: Row, { peakPages }: TraceFacts): string {
  if (row.limit_pages === null) return 'no limit';
  if (typeof row.limit_pages !== 'number') return 'as the trace says';
  return `limit ${percent(row.limit_pages, peakPages)}`;
}

/** What a trace is called, with the kind of its memory where that is not the recorded one. */
export function traceName(row: Row): string {
  return row.backing === 'recorded' ? String(row.trace) : `${row.trace}\non ${row.backing}`;
}

/** A figure of a cell, a column for each limit. */
interface Figure {
  readonly head: string;
  text(row: Row, facts: TraceFacts, onFront: boolean): string;
}

const SAVED: Figure = {
  head: 'saved\nMiB',
  text: (row, { pageBytes }, onFront) =>
    typeof row.saved_pages_mean === 'number'
      ? `${mib(row.saved_pages_mean, pageBytes)}${onFront ? '*' : ' '}`
      : '',
};

const STALL: Figure = { head: 'stall\nms', text: (row, facts) => ms(costNs(row, facts.touchesInferred)) };

/** What memory that was given back costs later, by what is compared. */
const PRICE: Readonly<Record<Axis, Figure>> = {
  discard: {
    head: 'major\n/1000',
    text: (row) => (typeof row.major_rate === 'number' ? row.major_rate.toFixed(2) : ''),
  },
  merge: { head: 'ksmd\nms', text: (row) => ms(numberIn(row, 'ksmd_cpu_ns')) },
  purge: {
    head: 'made again\nMiB',
    text: (row, { pageBytes }) => mib(numberIn(row, 'regenerated_pages'), pageBytes),
  },
};

/** The texts of a cell: what it saved, what that costs later, and how long programs stalled. */
function texts(
  row: Row | undefined,
  figures: readonly Figure[],
  facts: TraceFacts,
  front: readonly Row[],
): string[] {
  const none = figures.map(() => '');
  if (!row) return none;
  if (row.outcome !== 'ok') return [String(row.outcome), ...none.slice(1)];
  if (isRefused(row)) return ['refused', ...none.slice(1)];
  return figures.map((figure) => figure.text(row, facts, front.includes(row)));
}

/** The rows of one table: everything but trace, backing, limit and what is compared is the same. */
function tableOf(rows: readonly Row[], axis: Axis, factsOf: (row: Row) => TraceFacts): string {
  const limits = [...new Set(rows.map((row) => limitLabel(row, factsOf(row))))];
  const figures = [SAVED, PRICE[axis], STALL];
  const table = new Table({
    ...PLAIN,
    head: [
      'trace',
      axis,
      ...limits.flatMap((limit) => figures.map(({ head }, i) => (i ? head : `${limit}\n${head}`))),
    ],
    colAligns: ['left', 'left', ...limits.flatMap(() => figures.map(() => 'right' as const))],
  });
  for (const group of groupBy(rows, ['trace', 'backing'])) {
    const facts = factsOf(group[0] as Row);
    const under = (limit: string, among: readonly Row[]) =>
      among.filter((row) => limitLabel(row, facts) === limit);
    const fronts = limits.map((limit) => paretoFront(under(limit, group), facts));
    groupBy(group, ['discard', axis]).forEach((policy, i) => {
      const values = limits.flatMap((limit, column) =>
        texts(under(limit, policy)[0], figures, facts, fronts[column] as Row[]),
      );
      const first = policy[0] as Row;
      table.push([i === 0 ? traceName(first) : '', rowName(first, axis), ...values]);
    });
  }
  return table.toString();
}

/** The tables of a family, one for each combination of what is around the compared policies: usually one. */
export function familyTables(family: string, runs: readonly Row[], traces: readonly TraceFacts[]): string {
  const members = traces.filter((trace) => trace.family === family);
  const factsOf = (row: Row) => members.find((trace) => trace.label === row.trace) as TraceFacts;
  const rows = runs.filter((row) => factsOf(row));
  const axis = comparedAxis(rows);
  const [done, impossible] = apart(comparedRows(rows, axis));
  const tables = groupBy(done, sameColumns(axis)).map(
    (group) => `${tableTitle(family, group[0] as Row, rows)}\n${tableOf(group, axis, factsOf)}`,
  );
  const left = impossible.length === 0 ? [] : [`Not possible, so left out: ${listed(impossible)}.`];
  return [...tables, ...left].join('\n\n');
}

/** The rows to show, and the names of traces that no policy could be tried on with that kind of memory. */
function apart(rows: readonly Row[]): [rows: Row[], impossible: string[]] {
  const groups = groupBy(rows, ['trace', 'backing']);
  const refused = (group: readonly Row[]) => group.every(({ outcome }) => outcome === 'refused');
  return [
    groups.filter((group) => !refused(group)).flat(),
    groups.filter(refused).map((group) => traceName(group[0] as Row).replace('\n', ' ')),
  ];
}
