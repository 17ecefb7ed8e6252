import Table from 'cli-table3';
import type { MrcBytesRow, MrcCountRow, MrcEstimateRow } from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { drawCurves } from '../report/curve.js';
import { outputLook } from './terminal.js';

/** A row of mrc.csv: misses counted in pages or in bytes, or estimated. */
export type MrcRow = MrcCountRow | MrcEstimateRow | MrcBytesRow;

function labelOf(row: MrcRow): string {
  return row.params === '' ? row.policy : `${row.policy}:${row.params}`;
}

function sizeOf(row: MrcRow): number {
  return 'size_bytes' in row ? row.size_bytes : row.size_pages;
}

function unitOf(rows: readonly MrcRow[]): 'pages' | 'bytes' {
  return rows.some((row) => 'size_bytes' in row) ? 'bytes' : 'pages';
}

/** Miss ratios: a row a size, a column a policy; an estimate with its standard error. */
function table(rows: readonly MrcRow[]): string {
  const labels = [...new Set(rows.map(labelOf))];
  const sizes = [...new Set(rows.map(sizeOf))];
  const shown = new Table({
    head: [`size\n${unitOf(rows)}`, ...labels.map((label) => `${label}\nmiss ratio`)],
    colAligns: ['right', ...labels.map(() => 'right' as const)],
    ...PLAIN_TABLE,
  });
  const cells = new Map(rows.map((row) => [`${sizeOf(row)} ${labelOf(row)}`, row]));
  for (const size of sizes) {
    shown.push([size, ...labels.map((label) => ratio(cells.get(`${size} ${label}`)))]);
  }
  return `${rows[0]?.requests ?? 0} requests${backendText(rows)}\n${shown.toString()}`;
}

const BACKEND_NAMES: Readonly<Record<string, string>> = { js: 'JavaScript', wasm: 'WebAssembly' };

/** What counted the misses: one name for all of them, or the policies of each. */
function backendText(rows: readonly MrcRow[]): string {
  const labels = (backend: string) => [
    ...new Set(rows.filter((row) => row.backend === backend).map(labelOf)),
  ];
  const used = [...new Set(rows.map(({ backend }) => backend))];
  const texts = used.map((backend) =>
    used.length === 1 ? BACKEND_NAMES[backend] : `${BACKEND_NAMES[backend]} (${labels(backend).join(', ')})`,
  );
  return texts.length === 0 ? '' : `, counted in ${texts.join(' and ')}`;
}

function ratio(row: MrcRow | undefined): string {
  if (!row) return '';
  const shown = row.miss_ratio.toFixed(4);
  return 'error' in row ? `${shown} ± ${row.error.toFixed(4)}` : shown;
}

function curve(rows: readonly MrcRow[]): string {
  const labels = [...new Set(rows.map(labelOf))];
  const curves = labels.map((label) => ({
    label,
    points: rows
      .filter((row) => labelOf(row) === label)
      .map((row) => [sizeOf(row), row.miss_ratio] as const)
      .sort(([a], [b]) => a - b),
  }));
  if (curves.some(({ points }) => points.length < 2)) return '';
  return `\n\n${drawCurves(curves, unitOf(rows), outputLook().colour)}`;
}

/** Miss ratios as a table, with a curve below where there are several sizes. */
export function mrcText(rows: readonly MrcRow[]): string {
  return table(rows) + curve(rows);
}
