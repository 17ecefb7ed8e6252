import Table from 'cli-table3';
import type { NumberColumn } from '../metrics/columns.js';
import type { RunRow } from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import {
  type Axis,
  comparedAxis,
  comparedRows,
  groupBy,
  isRefused,
  rowName,
  sameColumns,
  type TraceFacts,
  traceName,
  tableTitle,
} from './comparison.js';
import { mib, ms, numberIn, percent } from './format.js';
import { bestOf } from './pareto.js';

interface Column {
  readonly head: string;
  text(row: RunRow, facts: TraceFacts, base: RunRow | undefined): string;
}

const OF_KEEP = 'of\nkeep';

const MEMORY: readonly Column[] = [
  {
    head: 'saved\nMiB',
    text: (row, facts) =>
      typeof row.saved_pages_mean === 'number' ? mib(row.saved_pages_mean, facts.pageBytes) : '',
  },
  {
    head: OF_KEEP,
    text: (row, _facts, base) =>
      base && typeof row.saved_pages_mean === 'number'
        ? percent(row.saved_pages_mean, numberIn(base, 'footprint_pages_mean'))
        : '',
  },
  { head: 'resident\nMiB', text: (row, facts) => mib(numberIn(row, 'resident_pages_mean'), facts.pageBytes) },
  { head: 'in swap\nMiB', text: (row, facts) => mib(numberIn(row, 'swap_pages_mean'), facts.pageBytes) },
  { head: 'swapped\nout MiB', text: (row, facts) => mib(numberIn(row, 'pswpout'), facts.pageBytes) },
];

const FAULTS: readonly Column[] = [
  { head: 'major\n/1000', text: (row) => numberIn(row, 'major_rate').toFixed(2) },
  { head: 'minor\n/1000', text: (row) => numberIn(row, 'minor_rate').toFixed(1) },
];

const STALL: Column = { head: 'stall\nms', text: (row) => ms(numberIn(row, 'stall_ns')) };

const CALLS: readonly Column[] = [
  { head: 'reclaim\nms', text: (row) => ms(numberIn(row, 'stall_reclaim_ns')) },
  { head: 'calls\nms', text: (row) => ms(numberIn(row, 'stall_discard_ns') + numberIn(row, 'stall_pin_ns')) },
];

/** The number in a column, or that it does not apply. */
function textIn(row: RunRow, column: NumberColumn<RunRow>): string {
  return String(row[column] ?? 0);
}

const MERGE: readonly Column[] = [
  { head: 'shared\npages', text: (row) => String(numberIn(row, 'pages_shared')) },
  { head: 'sharing\npages', text: (row) => String(numberIn(row, 'pages_sharing')) },
  { head: 'merged pages\nbroken', text: (row) => textIn(row, 'cow_ksm') },
  { head: 'ksmd\nms', text: (row) => ms(numberIn(row, 'ksmd_cpu_ns')) },
];

function columnsFor(axis: Axis, facts: TraceFacts): readonly Column[] {
  if (axis === 'merge') {
    const ofNone = MEMORY.map((column) =>
      column.head === OF_KEEP ? { ...column, head: OF_KEEP.replace('keep', 'none') } : column,
    );
    return [...ofNone, ...MERGE];
  }
  return [...MEMORY, ...(facts.touches === 'recorded' ? FAULTS : []), STALL, ...CALLS];
}

function limitText(row: RunRow, facts: TraceFacts): string {
  if (row.limit_pages === null) return 'none';
  if (typeof row.limit_pages !== 'number') return 'as the trace says';
  return `${mib(row.limit_pages, facts.pageBytes)} MiB (${percent(row.limit_pages, facts.peakPages)})`;
}

function verdict(row: RunRow, best: readonly RunRow[]): string {
  if (row.outcome !== 'ok') return row.outcome;
  if (isRefused(row)) return 'refused';
  return best.includes(row) ? '* best' : '';
}

function traceTable(rows: readonly RunRow[], facts: TraceFacts, axis: Axis): string {
  const columns = columnsFor(axis, facts);
  const table = new Table({
    ...PLAIN_TABLE,
    head: ['limit', axis, ...columns.map((column) => column.head), ''],
    colAligns: ['left', 'left', ...columns.map(() => 'right' as const), 'left'],
  });
  for (const group of groupBy(rows, ['limit_pages'])) {
    const base = group.find((row) => row.discard === 'keep' && row.merge === 'none');
    const best = bestOf(group);
    group.forEach((row, i) => {
      const limit = i === 0 ? limitText(row, facts) : '';
      const values =
        row.outcome === 'ok' ? columns.map((column) => column.text(row, facts, base)) : columns.map(() => '');
      table.push([limit, rowName(row, axis), ...values, verdict(row, best)]);
    });
  }
  return table.toString();
}

/** The readable tables of a comparison, with what each is of above it. */
export function comparisonTables(runs: readonly RunRow[], traces: readonly TraceFacts[]): string {
  const parts: string[] = [];
  const axis = comparedAxis(runs);
  for (const rows of groupBy(comparedRows(runs, axis), ['trace', 'backing', ...sameColumns(axis)])) {
    const first = rows[0]!;
    const facts = traces.find((trace) => trace.label === first.trace)!;
    parts.push(
      `${tableTitle(traceName(first), first, runs, facts.pageBytes)}\n${traceTable(rows, facts, axis)}`,
    );
  }
  return parts.join('\n\n');
}
