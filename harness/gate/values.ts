import { formatNumber, type Value } from '../metrics/csv.js';
import type { DrawRow } from '../metrics/files.js';
import { type Better, DRAWN_METRICS, METRICS, type Metric } from '../metrics/schema.js';
import type { CellRow } from './read/runs.js';
import type { Finding, Kind, Level, Measured } from './report.js';
import { isWithin, type Tolerance, toleranceText } from './tolerance.js';

const BY_NAME: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** Which direction of a column is better. Counts of the trace, and columns the schema lacks, have none. */
export function betterOf(column: string): Better {
  return BY_NAME.get(column)?.better ?? 'neither';
}

function unitOf(column: string): string {
  return BY_NAME.get(column)?.unit ?? '';
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

/** How a column is compared. */
export interface Rule {
  readonly tolerance: Tolerance | undefined;
  /** Whether it can fail the gate; otherwise it is told. */
  readonly guards: boolean;
}

function levelOf(kind: Kind, guards: boolean): Level {
  if (kind === 'within-tolerance' || !guards) return 'notice';
  return kind === 'better' ? 'warning' : 'failure';
}

function numbersFinding(column: string, baseline: number, candidate: number, rule: Rule): Finding {
  const { tolerance, guards } = rule;
  const within = isWithin(tolerance, baseline, candidate);
  const kind = within ? 'within-tolerance' : kindOf(betterOf(column), baseline, candidate);
  const allowed = tolerance ? `, tolerance ${toleranceText(tolerance, unitOf(column))}` : '';
  const told = guards || within ? '' : ', not guarded';
  return {
    level: levelOf(kind, guards),
    kind,
    text: `${column} ${shown(baseline)} → ${shown(candidate)}${changeText(baseline, candidate)}${allowed}${told}`,
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
  rule: Rule,
): Finding | undefined {
  if (baseline === candidate) return undefined;
  if (typeof baseline === 'number' && typeof candidate === 'number')
    return numbersFinding(column, baseline, candidate, rule);
  return {
    level: levelOf('changed', rule.guards),
    kind: 'changed',
    text: `${column} ${shown(baseline)} → ${shown(candidate)}`,
    size: 0,
    metric: column,
    baseline,
    candidate,
  };
}
