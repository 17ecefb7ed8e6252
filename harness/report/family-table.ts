import Table from 'cli-table3';
import type { Row } from '../metrics/csv.js';
import {
  type Axis,
  comparedAxis,
  comparedRows,
  costNs,
  EQUAL_COST,
  EQUAL_SAVING,
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

/** `~` where accesses, and so the faults among the stalls, are inferred. */
const STALL: Figure = {
  head: 'stall\nms',
  text: (row, { touchesInferred }) => `${touchesInferred ? '~' : ''}${ms(costNs(row))}`,
};

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
    const fronts = limits.map((limit) => paretoFront(under(limit, group)));
    const lines = groupBy(group, ['discard', axis]).map((policy) => ({
      name: rowName(policy[0] as Row, axis),
      texts: limits.flatMap((limit, column) =>
        texts(under(limit, policy)[0], figures, facts, fronts[column] as Row[]),
      ),
    }));
    merged(lines).forEach(({ names, texts: values }, i) => {
      table.push([i === 0 ? traceName(group[0] as Row) : '', wrapped(names), ...values]);
    });
  }
  return table.toString();
}

/** Policies with the same figures under every limit share a line. */
function merged(lines: readonly { name: string; texts: string[] }[]): { names: string[]; texts: string[] }[] {
  const byTexts = new Map<string, { names: string[]; texts: string[] }>();
  for (const line of lines) {
    const key = JSON.stringify(line.texts);
    const same = byTexts.get(key);
    if (same) same.names.push(line.name);
    else byTexts.set(key, { names: [line.name], texts: line.texts });
  }
  return [...byTexts.values()];
}

/** Characters of a column of policies. */
const NAMES_WIDTH = 34;

/** Names with commas, on as many lines as they need. */
function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  for (const [i, name] of names.entries()) {
    const word = i < names.length - 1 ? `${name},` : name;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= NAMES_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** The tables of a family, one for each combination of what is around the compared policies: usually one. */
export function familyTables(family: string, runs: readonly Row[], traces: readonly TraceFacts[]): string {
  const members = traces.filter((trace) => trace.family === family);
  const factsOf = (row: Row) => members.find((trace) => trace.label === row.trace) as TraceFacts;
  const rows = runs.filter((row) => factsOf(row));
  const axis = comparedAxis(rows);
  const { shown, impossible, same } = apart(comparedRows(rows, axis));
  const tables = groupBy(shown, sameColumns(axis)).map(
    (group) => `${tableTitle(family, group[0] as Row, rows)}\n${tableOf(group, axis, factsOf)}`,
  );
  const left = [
    ...(impossible.length > 0 ? [`${listed(impossible)}: not possible`] : []),
    ...(same.length > 0 ? [`${listed(same)}: as recorded`] : []),
  ];
  return [...tables, ...(left.length > 0 ? [`Left out: ${left.join('; ')}.`] : [])].join('\n\n');
}

/** Whether two cells of one trace, on two kinds of memory, cannot be told apart. */
function alike(a: Row, b: Row | undefined): boolean {
  if (!b || a.outcome !== b.outcome || isRefused(a) !== isRefused(b)) return false;
  const close = (column: string, tolerance: number) =>
    Math.abs(numberIn(a, column) - numberIn(b, column)) <= tolerance * numberIn(a, column);
  return (
    close('saved_pages_mean', EQUAL_SAVING) &&
    close('footprint_pages_mean', EQUAL_SAVING) &&
    close('stall_ns', EQUAL_COST)
  );
}

/**
 * The rows to show; and the names of traces that no policy could be tried on with that kind of memory, or where it
 * changes nothing, since what is given back is memory that cannot be of another kind.
 */
export function apart(rows: readonly Row[]): { shown: Row[]; impossible: string[]; same: string[] } {
  const parts = { shown: [] as Row[], impossible: [] as string[], same: [] as string[] };
  const groups = groupBy(rows, ['trace', 'backing']);
  for (const group of groups) {
    const first = group[0] as Row;
    const name = traceName(first).replace('\n', ' ');
    const recorded = groups.find(([other]) => other?.trace === first.trace && other?.backing === 'recorded');
    if (group.every(({ outcome }) => outcome === 'refused')) parts.impossible.push(name);
    else if (recorded && recorded !== group && group.every((row, i) => alike(row, recorded[i])))
      parts.same.push(name);
    else parts.shown.push(...group);
  }
  return parts;
}
