import Table from 'cli-table3';
import type { RunRow } from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import {
  type Axis,
  comparedAxis,
  comparedRows,
  groupBy,
  isRefused,
  limitLabel,
  rowName,
  sameColumns,
  stallsAre,
  type TraceFacts,
  traceName,
  varyingColumns,
} from './comparison.js';
import { partition } from './family-rows.js';
import { listed, mib, ms, numberIn } from './format.js';
import { costNs, paretoFront } from './pareto.js';
import { tableTitle } from './table.js';

/** A figure of a cell, a column for each limit. */
interface Figure {
  readonly head: string;
  /** Undefined where it was not measured. */
  value(row: RunRow, facts: TraceFacts): number | undefined;
  text(value: number, facts: TraceFacts, row: RunRow): string;
}

const SAVED: Figure = {
  head: 'saved\nMiB',
  value: ({ saved_pages_mean: saved }) => (typeof saved === 'number' ? saved : undefined),
  text: (saved, { pageBytes }) => mib(saved, pageBytes),
};

const STALL_MARKS = { known: '', inferred: '~', least: '\u2265' } as const;

/** `~` where accesses, and so the faults among the stalls, are inferred; `≥` where faults are missing. */
const STALL: Figure = {
  head: 'stall\nms',
  value: (row) => costNs(row),
  text: (ns, facts, row) => `${STALL_MARKS[stallsAre(row, facts)]}${ms(ns)}`,
};

const MAJOR: Figure = {
  head: 'major\n/1000',
  value: ({ major_rate: rate }) => (typeof rate === 'number' ? rate : undefined),
  text: (rate) => rate.toFixed(2),
};

const KSMD: Figure = { head: 'ksmd\nms', value: (row) => numberIn(row, 'ksmd_cpu_ns'), text: ms };

/** What memory that was given back costs later, by what is compared. */
const PRICE: Readonly<Record<Axis, Figure>> = {
  discard: MAJOR,
  merge: KSMD,
  'discard and merge': KSMD,
  reclaim: MAJOR,
  purge: {
    head: 'regenerated\nMiB',
    value: ({ regenerated_pages: pages }) => (typeof pages === 'number' ? pages : undefined),
    text: (pages, { pageBytes }) => mib(pages, pageBytes),
  },
};

/** One place in a table. */
export interface TableCell {
  readonly text: string;
  /** What it is sorted by; undefined where there is no number. */
  readonly value?: number | undefined;
  /** Whether the cell is on the Pareto front; undefined where the column has no such mark. */
  readonly best?: boolean | undefined;
}

/** Policies with the same figures under every limit. */
export interface TableLine {
  readonly names: readonly string[];
  readonly cells: readonly TableCell[];
}

/** One table of a family, without its layout. */
export interface FamilyTable {
  readonly title: string;
  readonly axis: Axis;
  readonly limits: readonly string[];
  /** Heads of the columns below each limit, in lines. */
  readonly heads: readonly string[];
  /** The lines of each trace on each kind of memory, and a row that says which. */
  readonly traces: readonly { readonly first: RunRow; readonly lines: readonly TableLine[] }[];
}

/** A cell of the results: what it saved, what that costs later, and how long programs stalled. */
function tableCells(
  row: RunRow | undefined,
  figures: readonly Figure[],
  facts: TraceFacts,
  front: readonly RunRow[],
): TableCell[] {
  const none = figures.map(() => ({ text: '' }));
  if (!row) return none;
  if (row.outcome !== 'ok') return [{ text: row.outcome }, ...none.slice(1)];
  if (isRefused(row)) return [{ text: 'refused' }, ...none.slice(1)];
  return figures.map((figure) => {
    const value = figure.value(row, facts);
    if (value === undefined) return { text: '' };
    const best = figure === SAVED ? front.includes(row) : undefined;
    return { text: figure.text(value, facts, row), value, best };
  });
}

/** The rows of one table: everything but trace, backing, limit and what is compared is the same. */
function familyTable(
  title: string,
  rows: readonly RunRow[],
  axis: Axis,
  factsOf: (row: RunRow) => TraceFacts,
): FamilyTable {
  const limits = [...new Set(rows.map((row) => limitLabel(row, factsOf(row))))];
  const figures = [SAVED, PRICE[axis], STALL];
  const traces = groupBy(rows, ['trace', 'backing']).map((group) => {
    const facts = factsOf(group[0]!);
    const under = (limit: string, among: readonly RunRow[]) =>
      among.filter((row) => limitLabel(row, facts) === limit);
    const fronts = limits.map((limit) => paretoFront(under(limit, group)));
    const lines = groupBy(group, ['discard', 'merge', 'purge', 'reclaim']).map((policy) => ({
      names: [rowName(policy[0]!, axis)],
      cells: limits.flatMap((limit, column) =>
        tableCells(under(limit, policy)[0], figures, facts, fronts[column]!),
      ),
    }));
    return { first: group[0]!, lines: merged(lines) };
  });
  return { title, axis, limits, heads: figures.map(({ head }) => head), traces };
}

/** A table for a terminal. */
function tableText({ axis, limits, heads, traces }: FamilyTable): string {
  const table = new Table({
    ...PLAIN_TABLE,
    head: [
      'trace',
      axis,
      ...limits.flatMap((limit) => heads.map((head, i) => (i ? head : `${limit}\n${head}`))),
    ],
    colAligns: ['left', 'left', ...limits.flatMap(() => heads.map(() => 'right' as const))],
  });
  const marked = ({ text, best }: TableCell) => (best === undefined ? text : `${text}${best ? '*' : ' '}`);
  for (const { first, lines } of traces) {
    lines.forEach(({ names, cells }, i) => {
      table.push([i === 0 ? traceName(first, '\n') : '', wrapped(names), ...cells.map(marked)]);
    });
  }
  return table.toString();
}

/** Policies with the same figures under every limit share a line. */
function merged(lines: readonly TableLine[]): TableLine[] {
  const byTexts = new Map<string, TableLine>();
  for (const { names, cells } of lines) {
    const key = JSON.stringify(cells.map(({ text, best }) => [text, best]));
    const same = byTexts.get(key);
    byTexts.set(key, { names: [...(same?.names ?? []), ...names], cells: same?.cells ?? cells });
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

/** The tables of a family, one for each combination of the axes that are not compared: usually one. */
export interface FamilyTables {
  readonly tables: readonly FamilyTable[];
  /** What the tables leave out, as a sentence; empty where nothing is. */
  readonly leftOut: string;
}

/**
 * @param members the traces of the family
 */
export function familyTables(
  name: string,
  runs: readonly RunRow[],
  members: readonly TraceFacts[],
): FamilyTables {
  const factsOf = (row: RunRow) => members.find((trace) => trace.label === row.trace)!;
  const rows = runs.filter((row) => factsOf(row));
  const axis = comparedAxis(rows);
  const { shown, impossible, same } = partition(comparedRows(rows, axis));
  const tables = groupBy(shown, varyingColumns(rows, sameColumns(axis))).map((group) =>
    familyTable(tableTitle(name, group[0]!, rows, factsOf(group[0]!).pageBytes), group, axis, factsOf),
  );
  const left = [
    ...(impossible.length > 0 ? [`${listed(impossible)} (not possible)`] : []),
    ...(same.length > 0 ? [`${listed(same)} (same as recorded)`] : []),
  ];
  return { tables, leftOut: left.length > 0 ? `Left out: ${left.join('; ')}.` : '' };
}

/** The tables of a family for a terminal. */
export function familyTablesText(
  name: string,
  runs: readonly RunRow[],
  members: readonly TraceFacts[],
): string {
  const { tables, leftOut } = familyTables(name, runs, members);
  const texts = tables.map((table) => `${table.title}\n${tableText(table)}`);
  return [...texts, ...(leftOut === '' ? [] : [leftOut])].join('\n\n');
}
