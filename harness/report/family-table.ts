import Table from 'cli-table3';
import type { Row } from '../metrics/csv.js';
import { costNs, groupBy, isRefused, type TraceFacts } from './comparison.js';
import { mib, ms, percent } from './format.js';
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

const HEADS = ['saved\nMiB', 'major\n/1000', 'stall\nms'];

/** What a cell saved, its major faults, and how long programs stalled. */
function figures(row: Row | undefined, facts: TraceFacts, front: readonly Row[]): string[] {
  if (!row) return HEADS.map(() => '');
  if (row.outcome !== 'ok') return [String(row.outcome), '', ''];
  if (isRefused(row)) return ['refused', '', ''];
  const saved = typeof row.saved_pages_mean === 'number' ? mib(row.saved_pages_mean, facts.pageBytes) : '';
  const major = typeof row.major_rate === 'number' ? row.major_rate.toFixed(2) : '';
  return [`${saved}${front.includes(row) ? '*' : ' '}`, major, ms(costNs(row, facts.touchesInferred))];
}

/** The rows of one table: everything but trace, backing, limit and discard policy is the same. */
function tableOf(rows: readonly Row[], factsOf: (row: Row) => TraceFacts): string {
  const limits = [...new Set(rows.map((row) => limitLabel(row, factsOf(row))))];
  const table = new Table({
    ...PLAIN,
    head: [
      'trace',
      'discard',
      ...limits.flatMap((limit) => HEADS.map((head, i) => (i ? head : `${limit}\n${head}`))),
    ],
    colAligns: ['left', 'left', ...limits.flatMap(() => HEADS.map(() => 'right' as const))],
  });
  for (const group of groupBy(rows, ['trace', 'backing'])) {
    const facts = factsOf(group[0] as Row);
    const fronts = limits.map((limit) =>
      paretoFront(
        group.filter((row) => limitLabel(row, facts) === limit),
        facts,
      ),
    );
    groupBy(group, ['discard']).forEach((policy, i) => {
      const values = limits.flatMap((limit, column) =>
        figures(
          policy.find((row) => limitLabel(row, facts) === limit),
          facts,
          fronts[column] as Row[],
        ),
      );
      table.push([i === 0 ? traceName(group[0] as Row) : '', String((policy[0] as Row).discard), ...values]);
    });
  }
  return table.toString();
}

/** The tables of a family, one for each combination of what is around the compared policies: usually one. */
export function familyTables(family: string, runs: readonly Row[], traces: readonly TraceFacts[]): string {
  const members = traces.filter((trace) => trace.family === family);
  const factsOf = (row: Row) => members.find((trace) => trace.label === row.trace) as TraceFacts;
  const rows = runs.filter((row) => factsOf(row));
  return groupBy(rows, ['swap', 'reclaim', 'merge', 'purge', 'seed'])
    .map((group) => `${tableTitle(family, group[0] as Row, runs)}\n${tableOf(group, factsOf)}`)
    .join('\n\n');
}
