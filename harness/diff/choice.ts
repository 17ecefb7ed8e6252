import { HEADLINE_METRICS } from '../metrics/headline.js';
import { METRICS, type Metric, type MetricName } from '../metrics/schema.js';
import type { CellDiff, Change, Diff, Standing } from './diff.js';

/** What is shown of a diff. */
export interface Choice {
  readonly metrics: readonly MetricName[];
  /** Rows a metric; those beyond it are counted. */
  readonly mostRows: number;
}

/** Rows a metric where not all are asked for. */
const MOST_ROWS = 10;

/**
 * What is shown: the metrics asked for, or all with every row, or the headline.
 *
 * @param named metrics by name; none: as `all` says
 */
export function choiceOf(named: readonly MetricName[], all: boolean): Choice {
  const metrics = all ? METRICS.map(({ name }) => name) : HEADLINE_METRICS;
  return {
    metrics: named.length > 0 ? named : metrics,
    mostRows: all ? Number.POSITIVE_INFINITY : MOST_ROWS,
  };
}

/** A change with the cell that it is of. */
export interface Row {
  readonly cell: CellDiff;
  readonly change: Change;
}

/** The changes of a metric, the worst first; what is equal is counted. */
export interface MetricRows {
  readonly metric: Metric;
  readonly rows: readonly Row[];
  /** Rows that are not shown, by how B stands. */
  readonly hidden: ReadonlyMap<Standing, number>;
}

const ORDER: readonly Standing[] = ['worse', 'changed', 'better', 'unclear', 'equal'];

/** Rows with the worst change first: by how B stands, then by size. */
function worstFirst(rows: readonly Row[]): Row[] {
  return rows.toSorted(
    (a, b) =>
      ORDER.indexOf(a.change.standing) - ORDER.indexOf(b.change.standing) || b.change.size - a.change.size,
  );
}

function countedBy(rows: readonly Row[]): Map<Standing, number> {
  const of = (standing: Standing) => rows.filter(({ change }) => change.standing === standing).length;
  return new Map(ORDER.map((standing) => [standing, of(standing)] as const).filter(([, count]) => count > 0));
}

/** The chosen metrics in which something differs, the one with the worst change first. */
export function metricRows({ cells }: Diff, { metrics, mostRows }: Choice): MetricRows[] {
  const tables = metrics.flatMap((name): MetricRows[] => {
    const all = worstFirst(
      cells.flatMap((cell) =>
        cell.changes.filter(({ metric }) => metric.name === name).map((change) => ({ cell, change })),
      ),
    );
    const rows = all.filter(({ change }) => change.standing !== 'equal').slice(0, mostRows);
    if (rows.length === 0) return [];
    const hidden = countedBy(all.filter((row) => !rows.includes(row)));
    return [{ metric: rows[0]!.change.metric, rows, hidden }];
  });
  const worst = ({ rows: [first] }: MetricRows) =>
    first!.change.standing === 'worse' ? first!.change.size : -1;
  return tables.toSorted((a, b) => worst(b) - worst(a));
}

/** The chosen metrics that are equal in all cells that have them. */
export function equalMetrics({ cells }: Diff, { metrics }: Choice): MetricName[] {
  const changes = cells.flatMap((cell) => cell.changes);
  return metrics.filter((name) => {
    const own = changes.filter(({ metric }) => metric.name === name);
    return own.length > 0 && own.every(({ standing }) => standing === 'equal');
  });
}

/** How many cells are worse, better, both, or neither, by the chosen metrics, and the worst change. */
export interface Summary {
  readonly cells: number;
  readonly worse: number;
  readonly better: number;
  /** Cells that changed only in metrics without a better direction. */
  readonly changed: number;
  /** Cells that changed, if at all, by less than draws or replicates scatter. */
  readonly unclear: number;
  readonly equal: number;
  /** Cells without a value of the chosen metrics on either side: refused, out of memory, or not applicable. */
  readonly unmeasured: number;
  readonly worst: Row | undefined;
}

/** Sums a diff up. A cell that is worse in one metric and better in another counts as both. */
export function summaryOf(diff: Diff, { metrics }: Choice): Summary {
  const rows = diff.cells.map((cell) =>
    cell.changes.filter(({ metric }) => metrics.includes(metric.name)).map((change) => ({ cell, change })),
  );
  const has = (own: readonly Row[], standing: Standing) =>
    own.some(({ change }) => change.standing === standing);
  const lost = diff.cells.filter(({ outcomes }) => outcomes);
  const among = rows.filter((own) => own.length > 0);
  const calm = among.filter((own) => !has(own, 'worse') && !has(own, 'better'));
  const still = calm.filter((own) => !has(own, 'changed'));
  return {
    cells: diff.cells.length,
    worse:
      among.filter((own) => has(own, 'worse')).length +
      lost.filter(({ outcomes }) => outcomes![1] !== 'ok').length,
    better:
      among.filter((own) => has(own, 'better')).length +
      lost.filter(({ outcomes }) => outcomes![1] === 'ok').length,
    changed: calm.length - still.length,
    unclear: still.filter((own) => has(own, 'unclear')).length,
    equal: still.filter((own) => !has(own, 'unclear')).length,
    unmeasured: diff.cells.length - among.length - lost.length,
    worst: worstFirst(rows.flat()).find(({ change }) => change.standing === 'worse'),
  };
}

/** The geometric mean of B over A, over all cells in which both are above 0, as a change in per cent; undefined without any. */
export function geometricMean(
  { cells }: Diff,
  name: MetricName,
): { percent: number; cells: number } | undefined {
  const ratios = cells.flatMap(({ changes }) =>
    changes.filter(({ metric, a, b }) => metric.name === name && a > 0 && b > 0).map(({ a, b }) => b / a),
  );
  if (ratios.length < 2) return undefined;
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return { percent: 100 * (mean - 1), cells: ratios.length };
}
