import { formatNumber, type Value } from '../metrics/csv.js';
import type { DrawRow } from '../metrics/files.js';
import { type Better, DRAWN_METRICS, METRICS, type Metric } from '../metrics/schema.js';
import type { CellRow } from './read/runs.js';
import type { Finding, Kind, Measured } from './report.js';
import { isWithin, type Tolerance } from './tolerance.js';

const BY_NAME: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** Which direction of a column is better. Counts of the trace, and columns the schema lacks, have none. */
export function betterOf(column: string): Better {
  return BY_NAME.get(column)?.better ?? 'neither';
}

/** What a cell measured, as numbers: counts of the trace are no result. */
export function measuredIn(row: CellRow | undefined, draws: readonly DrawRow[]): Measured[] {
  return METRICS.flatMap(({ name, unit, better }) => {
    const value = row?.values[name];
    if (typeof value !== 'number') return [];
    const measured = { metric: name, unit, better, value };
    const drawn = draws.length > 1 && DRAWN_METRICS.find((one) => one === name);
    return [drawn ? { ...measured, draws: draws.map((draw) => draw[drawn]) } : measured];
  });
}

function shown(value: Value): string {
  if (value === null) return 'not measured';
  return typeof value === 'number' ? formatNumber(value) : value;
}

/** The change as a share of the baseline, with a sign; empty where the baseline is 0. */
function changeText(baseline: number, candidate: number): string {
  if (baseline === 0) return '';
  const share = (100 * (candidate - baseline)) / Math.abs(baseline);
  const digits = Math.abs(share) >= 10 ? 0 : Math.abs(share) >= 0.1 ? 1 : 3;
  return ` (${share > 0 ? '+' : ''}${share.toFixed(digits)} %)`;
}

/**
 * How much two values differ: the logarithm of their ratio for large ones, the difference for small ones, so that
 * 0 has a place and metrics of any unit can be put in one order.
 */
export function distance(baseline: number, candidate: number): number {
  return Math.abs(Math.asinh(candidate) - Math.asinh(baseline));
}

function kindOf(better: Better, baseline: number, candidate: number): Kind {
  if (better === 'neither') return 'changed';
  return candidate < baseline === (better === 'lower') ? 'better' : 'worse';
}

function numbersFinding(column: string, baseline: number, candidate: number, within: boolean): Finding {
  const kind = within ? 'within-tolerance' : kindOf(betterOf(column), baseline, candidate);
  return {
    level: within ? 'notice' : kind === 'better' ? 'warning' : 'failure',
    kind,
    text: `${column} ${shown(baseline)} → ${shown(candidate)}${changeText(baseline, candidate)}`,
    size: distance(baseline, candidate),
    metric: column,
    baseline,
    candidate,
  };
}

/** Compares one column of a cell; undefined where it did not change. */
export function compareValue(
  column: string,
  baseline: Value,
  candidate: Value,
  tolerance: Tolerance | undefined,
): Finding | undefined {
  if (baseline === candidate) return undefined;
  if (typeof baseline === 'number' && typeof candidate === 'number')
    return numbersFinding(column, baseline, candidate, isWithin(tolerance, baseline, candidate));
  return {
    level: 'failure',
    kind: 'changed',
    text: `${column} ${shown(baseline)} → ${shown(candidate)}`,
    size: 0,
    metric: column,
    baseline,
    candidate,
  };
}
