import Table from 'cli-table3';
import type { Comparison } from '../live/fidelity/compare.js';
import type { FidelityRow } from '../live/fidelity/rows.js';
import type { Probes } from '../live/probes.js';
import { cellText } from '../metrics/csv.js';
import type { FidelityCsvRow } from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';

/** What was compared on one live kernel. */
export interface ComparedKernel {
  readonly machine: string;
  /** The version of its memory groups that was asked for, or that of the host. */
  readonly cgroup: string;
  readonly probes: Probes;
  readonly compared: readonly Comparison[];
}

/** How a comparison is printed. */
export type FidelityFormat = 'table' | 'json' | 'markdown';

/** Columns of a setting's table. */
const COLUMNS = [
  'metric',
  'simulated',
  'live_min',
  'live_max',
  'difference',
  'bound',
  'verdict',
  'reason',
] as const satisfies readonly (keyof FidelityRow)[];
const KEYS = [
  'trace',
  'discard',
  'reclaim',
  'merge',
  'controller',
  'swap',
  'thp',
  'readahead',
  'limit',
] as const satisfies readonly (keyof FidelityRow)[];
const NUMBERS = /simulated|live|difference/;

function rowsOf({ compared }: ComparedKernel): FidelityRow[] {
  return compared.flatMap(({ rows }) => rows);
}

function differencesOf({ compared }: ComparedKernel): string[] {
  return compared.flatMap(({ differences }) => differences);
}

function factsOf({ probes }: ComparedKernel): string[] {
  return Object.entries(probes).map(([name, value]) => `${name}: ${value}`);
}

/** The reason of a row; live values that fall into two groups are told. */
function reasonOf({ reason, humps, live }: FidelityRow): string {
  const told = humps === 2 ? `two humps: ${live.join(', ')}` : '';
  return [reason ?? '', told].filter((text) => text !== '').join('; ');
}

function cells(row: FidelityRow, columns: readonly (keyof FidelityRow)[]): string[] {
  return columns.map((column) => {
    if (column === 'reason') return reasonOf(row);
    const value = row[column] as string | number | null;
    return column === 'limit' ? (value === null ? 'none' : `${value}p`) : cellText(value);
  });
}

function markdownRow(values: readonly string[]): string {
  return `| ${values.map((value) => value.replaceAll('|', '\\|')).join(' | ')} |`;
}

function markdownText(kernel: ComparedKernel): string {
  const columns = [...KEYS, ...COLUMNS];
  const head = [
    markdownRow(columns),
    markdownRow(columns.map((name) => (NUMBERS.test(name) ? '--:' : '---'))),
  ];
  const list = [...factsOf(kernel), ...differencesOf(kernel)].map((line) => `- ${line}`);
  return [...head, ...rowsOf(kernel).map((row) => markdownRow(cells(row, columns))), '', ...list].join('\n');
}

/** The setting that rows are of, in words. */
function settingText({
  trace,
  discard,
  reclaim,
  merge,
  controller,
  swap,
  thp,
  readahead,
  limit,
}: FidelityRow): string {
  const bound = limit === null ? 'no limit' : `limit ${limit} pages`;
  const short = limit === null && controller === 'none' ? [] : [`swap ${swap}`, `reclaim ${reclaim}`];
  const more = [
    ...(merge === 'none' ? [] : [`merge ${merge}`]),
    ...(controller === 'none' ? [] : [`controller ${controller}`]),
    ...(thp === 'never' ? [] : [`thp ${thp}`]),
    ...(readahead === 'off' ? [] : [`readahead ${readahead}`]),
  ];
  return [trace, discard, bound, ...short, ...more].join(', ');
}

function settingTable(rows: readonly FidelityRow[]): string {
  const table = new Table({
    head: [...COLUMNS],
    colAligns: COLUMNS.map((column) => (NUMBERS.test(column) ? ('right' as const) : ('left' as const))),
    ...PLAIN_TABLE,
  });
  for (const row of rows) table.push(cells(row, COLUMNS));
  return `${settingText(rows[0]!)}\n${table.toString()}`;
}

function tableText(kernel: ComparedKernel): string {
  const tables = kernel.compared.map(({ rows, differences }) =>
    [settingTable(rows), ...differences].join('\n'),
  );
  return [factsOf(kernel).join('\n'), ...tables].join('\n\n');
}

/** How many rows came to what, in a line. */
function sumText(kernels: readonly ComparedKernel[]): string {
  const rows = kernels.flatMap(rowsOf);
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  return `${rows.length} rows: ${count('same')} the same, ${count('within')} within their bound, ${count('outside')} outside, ${count('n/a')} not comparable, ${count('shown')} shown without a bound`;
}

/** Whether a row is outside its bound. */
export function isOutside(kernels: readonly ComparedKernel[]): boolean {
  return kernels.flatMap(rowsOf).some(({ verdict }) => verdict === 'outside');
}

/** The probes, the rows and what differs, of each kernel. */
export function fidelityText(kernels: readonly ComparedKernel[], format: FidelityFormat): string {
  if (format === 'json') {
    const all = kernels.map((kernel) => ({
      machine: kernel.machine,
      cgroup: kernel.cgroup,
      probes: kernel.probes,
      rows: rowsOf(kernel),
      differences: differencesOf(kernel),
    }));
    return JSON.stringify(all.length === 1 ? all[0] : all, null, 2);
  }
  const text = format === 'markdown' ? markdownText : tableText;
  return [...kernels.map(text), sumText(kernels)].join('\n\n');
}

/** Rows of fidelity.csv. */
export function fidelityRows(kernels: readonly ComparedKernel[]): FidelityCsvRow[] {
  return kernels.flatMap((kernel) =>
    rowsOf(kernel).map(({ limit, live, ...row }) => ({
      ...row,
      machine: kernel.machine,
      kernel: kernel.probes.kernel,
      cgroup: kernel.cgroup,
      limit_pages: limit,
      runs: live.length,
      reason: reasonOf({ ...row, limit, live }) || null,
    })),
  );
}
