import Table from 'cli-table3';
import type { Row } from '../metrics/csv.js';
import { bestOf, groupBy, isRefused, type TraceFacts } from './comparison.js';
import { mib, ms, numberIn, percent } from './format.js';

interface Column {
  readonly head: string;
  text(row: Row, facts: TraceFacts, base: Row | undefined): string;
}

const MEMORY: readonly Column[] = [
  {
    head: 'saved\nMiB',
    text: (row, facts) =>
      typeof row.saved_pages_mean === 'number' ? mib(row.saved_pages_mean, facts.pageBytes) : '',
  },
  {
    head: 'of\nkeep',
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
  { head: 'stall\nms', text: (row) => ms(numberIn(row, 'stall_ns')) },
];

const CALLS: readonly Column[] = [
  { head: 'reclaim\nms', text: (row) => ms(numberIn(row, 'stall_reclaim_ns')) },
  { head: 'calls\nms', text: (row) => ms(numberIn(row, 'stall_discard_ns') + numberIn(row, 'stall_pin_ns')) },
];

/** No colours and no heavy lines: tables are pasted into mails. */
const PLAIN = { style: { head: [], border: [], compact: true } };

function limitText(row: Row, facts: TraceFacts): string {
  if (row.limit_pages === null) return 'none';
  if (typeof row.limit_pages !== 'number') return 'as the trace says';
  return `${mib(row.limit_pages, facts.pageBytes)} MiB (${percent(row.limit_pages, facts.peakPages)})`;
}

function verdict(row: Row, best: readonly Row[]): string {
  if (row.outcome !== 'ok') return String(row.outcome);
  if (isRefused(row)) return 'refused';
  return best.includes(row) ? '* best' : '';
}

function tableOf(rows: readonly Row[], facts: TraceFacts): string {
  const columns = facts.touchesInferred ? [...MEMORY, ...CALLS] : [...MEMORY, ...FAULTS, ...CALLS];
  const table = new Table({
    ...PLAIN,
    head: ['limit', 'discard', ...columns.map((column) => column.head), ''],
    colAligns: ['left', 'left', ...columns.map(() => 'right' as const), 'left'],
  });
  for (const group of groupBy(rows, ['limit_pages'])) {
    const base = group.find((row) => row.discard === 'keep' && row.merge === 'none');
    const best = bestOf(group, facts.touchesInferred);
    group.forEach((row, i) => {
      const limit = i === 0 ? limitText(row, facts) : '';
      const values =
        row.outcome === 'ok' ? columns.map((column) => column.text(row, facts, base)) : columns.map(() => '');
      table.push([limit, String(row.discard), ...values, verdict(row, best)]);
    });
  }
  return table.toString();
}

/** What a trace and the machine around the compared policies have in common, one table for each. */
const TABLE_KEYS = ['trace', 'backing', 'swap', 'reclaim', 'merge', 'purge', 'seed'];

/** The readable tables of a comparison, with what each is of above it. */
export function comparisonTables(runs: readonly Row[], traces: readonly TraceFacts[]): string {
  const parts: string[] = [];
  for (const rows of groupBy(runs, TABLE_KEYS)) {
    const first = rows[0] as Row;
    const facts = traces.find((trace) => trace.label === first.trace) as TraceFacts;
    const seeds = new Set(runs.map((row) => row.seed)).size > 1 ? `, seed ${first.seed}` : '';
    const merge = first.merge === 'none' ? '' : `, merge ${first.merge}`;
    parts.push(
      `${first.trace}: reclaim ${first.reclaim}, swap ${first.swap}${merge}${seeds}\n${tableOf(rows, facts)}`,
    );
  }
  return parts.join('\n\n');
}
