/** What `reclaim replay` prints on a terminal. */
import type { CellResult } from '../experiment/cell.js';
import { AXES } from '../metrics/axes.js';
import { formatNumber, type Value } from '../metrics/csv.js';
import { type DrawRange, drawRanges } from '../metrics/draws.js';
import { KEY_COLUMNS, type RunRow } from '../metrics/files.js';
import { METRICS, type MetricName, STALL_PARTS } from '../metrics/schema.js';
import { columnsText } from '../report/compact-table.js';
import { wrapped } from '../report/terminal-text.js';

/** What was asked for, above the metrics. */
const ASKED = [
  'trace',
  'limit',
  'memory',
  'swap',
  'backing',
  'discard',
  'reclaim',
  'merge',
  'purge',
  'cpus',
  'clock',
  'outcome',
] as const satisfies readonly (typeof KEY_COLUMNS)[number][];

/** Axes that are shown where they are not what they usually are. */
const UNUSUAL = { clock: AXES.clock.default, cpus: AXES.cpus.default } as const;

function isUsual(run: RunRow, key: keyof RunRow): boolean {
  return key in UNUSUAL && String(run[key]) === UNUSUAL[key as keyof typeof UNUSUAL];
}

/** The metrics that come first: memory, faults, and stalls with what they consist of. */
const FIRST: readonly MetricName[] = [
  'saved_pages_mean',
  'footprint_pages_mean',
  'resident_pages_peak',
  'swap_pages_mean',
  'pgfault',
  'pgmajfault',
  'run_time_ns',
  'slowdown',
  'stall_ns',
  ...STALL_PARTS.map((part) => `stall_${part}_ns` as const),
];

/** Spaces between columns. */
const GAP = 2;

function shown(value: Value): string {
  if (value === null) return '';
  return typeof value === 'number' ? formatNumber(value) : value;
}

/** Rows as columns, of which the last takes what is left of the terminal. */
function fitted(rows: readonly (readonly string[])[], right: readonly number[], columns: number): string {
  const widths = rows[0]!.map((_, i) => GAP + Math.max(...rows.map((row) => row[i]!.length)));
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width, 0);
  const last = Math.min(widths.at(-1)!, Math.max(1, columns - others));
  return columnsText(
    [...widths.slice(0, -1), last].map((width) => ({ align: 'left', width })),
    rows.map((row) => row.map((text, i) => (right.includes(i) ? text.padStart(widths[i]! - GAP) : text))),
  );
}

/**
 * The result of a replay: what was asked for, memory, faults and stalls.
 *
 * @param full whether all other keys and metrics follow
 */
export function replayText({ run, draws }: CellResult, columns: number, full: boolean): string {
  const ranges: Readonly<Record<string, DrawRange | undefined>> = drawRanges(draws);
  const ranged = Object.keys(ranges).length > 0;
  const asked = ASKED.filter((key) => shown(run[key]) !== '' && !isUsual(run, key));
  const others = KEY_COLUMNS.filter((key) => !(ASKED as readonly string[]).includes(key));
  const keys = (names: readonly (typeof KEY_COLUMNS)[number][]) =>
    fitted(
      names.map((key) => [key, shown(run[key])]),
      [],
      columns,
    );
  const measured = METRICS.filter(({ name }) => run[name] !== 0 && run[name] !== null);
  const first = FIRST.flatMap((name) => measured.filter((metric) => metric.name === name));
  const rest = measured.filter(({ name }) => !FIRST.includes(name));
  const listed = full ? [...first, ...rest] : first;
  const rows = listed.map(({ name, unit }) => {
    const range = ranges[name];
    return [
      name,
      shown(run[name]),
      unit,
      ...(ranged ? [range ? `${formatNumber(range.low)} – ${formatNumber(range.high)}` : ''] : []),
    ];
  });
  const head = ['metric', 'value', 'unit', ...(ranged ? [`range of ${draws.length} draws`] : [])];
  const more = full ? METRICS.length - listed.length : rest.length;
  const note = full
    ? `${more} more metrics are 0 or were not measured; --format csv and json list all of them`
    : `${more} more metrics are not 0: --full lists them, --format csv and json all`;
  return [
    keys(asked),
    fitted([head, ...rows], [1], columns),
    ...(full ? [keys(others)] : []),
    wrapped(note, columns),
  ].join('\n\n');
}
