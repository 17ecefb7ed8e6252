import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { parseSize, sizeInPages } from '../base/size.js';
import { findTrace } from '../experiment/traces.js';
import { csvHeader, csvRows, jsonRow, type Value } from '../metrics/csv.js';
import { MRC_COLUMNS, MRC_ESTIMATE_COLUMNS, type MrcEstimateRow, type MrcRow } from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import type { ReferenceString } from '../mrc/reference.js';
import { openReference } from '../mrc/requests.js';
import { Shards } from '../mrc/shards.js';
import { type SweepResult, sweep } from '../mrc/sweep.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { formatSpec, parsePolicyList } from '../policy/spec.js';
import { drawCurves } from '../report/curve.js';
import {
  type Command,
  filePositional,
  loadPolicyModules,
  MAX_SEED,
  type PolicyModuleArgs,
  policyModuleFlag,
  quietFlag,
  wholeFlag,
} from './flags.js';
import { print } from './terminal.js';

type Row = MrcRow | MrcEstimateRow;

interface Args extends PolicyModuleArgs {
  trace: string;
  policy: string;
  size: string;
  shards?: number;
  reader?: string;
  split: boolean;
  format: 'table' | 'json' | 'csv';
  seed: number;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('trace', filePositional('a trace of any format that is read, or - for standard input'))
    .options({
      policy: {
        type: 'string',
        default: 'lru',
        describe: 'replacement policies: name or name:key=value, separated by commas',
        requiresArg: true,
      },
      size: {
        type: 'string',
        default: '1%,2%,5%,10%,20%,40%,80%',
        describe: 'cache sizes, separated by commas; N% is of the distinct pages, rounded down',
        requiresArg: true,
      },
      shards: {
        type: 'number',
        describe: 'estimate lru from this share of the pages (0 to 1), with its standard error',
        requiresArg: true,
      },
      reader: {
        type: 'string',
        describe: 'reader of requests, NAME or NAME:key=value,…, if not detected (see reclaim readers)',
        requiresArg: true,
      },
      split: {
        type: 'boolean',
        default: false,
        describe: 'cut requests into pages of 4 KiB instead of taking each as one object',
      },
      format: {
        choices: ['table', 'json', 'csv'] as const,
        default: 'table' as const,
        describe: 'how the misses are printed; the table has a curve below',
      },
      seed: { type: 'number', default: 1, describe: 'seed of all random draws', requiresArg: true },
      ...policyModuleFlag,
      ...quietFlag,
    })
    .epilogue('SIZE: N or Np pages, NKiB, NMiB, NGiB, or N% of the distinct pages of the trace.');
}

/** The sizes a user asked for; `relative` when the distinct pages must be known for them. */
function readSizes(text: string): { relative: boolean; sizes: (distinct: number) => number[] } {
  const parsed = text.split(',').map((size) => parseSize(size, PAGE_BYTES));
  return {
    relative: parsed.some(({ kind }) => kind === 'percent'),
    sizes: (distinct) => [...new Set(parsed.map((size) => sizeInPages(size, distinct)))],
  };
}

function rowOf({ policy, size, requests, misses }: SweepResult): MrcRow {
  const [name, ...params] = policy.text.split(':');
  return {
    policy: name!,
    params: params.join(':'),
    size_pages: size,
    requests,
    misses,
    miss_ratio: requests === 0 ? 0 : misses / requests,
  };
}

/** SHARDS: the distinct pages are known only after the pass, and sizes in % are of them. */
async function estimate(
  reference: ReferenceString,
  rate: number,
  sizes: (distinct: number) => number[],
): Promise<MrcEstimateRow[]> {
  const shards = new Shards(rate);
  let distinct = 0;
  for await (const batch of reference.batches()) {
    shards.record(batch.ids, batch.length, batch.distinct);
    distinct = batch.distinct;
  }
  const { requests } = shards;
  return sizes(distinct).map((size) => {
    const { missRatio, error } = shards.estimate(size);
    return {
      policy: 'lru',
      params: `shards=${rate}`,
      size_pages: size,
      requests,
      misses: Math.round(missRatio * requests),
      miss_ratio: missRatio,
      error,
    };
  });
}

function labelOf(row: Row): string {
  return row.params === '' ? row.policy : `${row.policy}:${row.params}`;
}

/** Miss ratios: a row a size, a column a policy; an estimate with its standard error. */
function table(rows: readonly Row[]): string {
  const labels = [...new Set(rows.map(labelOf))];
  const sizes = [...new Set(rows.map((row) => row.size_pages))];
  const shown = new Table({
    head: ['size\npages', ...labels.map((label) => `${label}\nmiss ratio`)],
    colAligns: ['right', ...labels.map(() => 'right' as const)],
    ...PLAIN_TABLE,
  });
  const cells = new Map(rows.map((row) => [`${row.size_pages} ${labelOf(row)}`, row]));
  for (const size of sizes) {
    shown.push([size, ...labels.map((label) => ratio(cells.get(`${size} ${label}`)))]);
  }
  return `${rows[0]?.requests ?? 0} requests\n${shown.toString()}`;
}

function ratio(row: Row | undefined): string {
  if (!row) return '';
  const shown = row.miss_ratio.toFixed(4);
  return 'error' in row ? `${shown} ± ${row.error.toFixed(4)}` : shown;
}

function curve(rows: readonly Row[]): string {
  const labels = [...new Set(rows.map(labelOf))];
  const curves = labels.map((label) => ({
    label,
    points: rows
      .filter((row) => labelOf(row) === label)
      .map((row) => [row.size_pages, row.miss_ratio] as const)
      .sort(([a], [b]) => a - b),
  }));
  if (curves.some(({ points }) => points.length < 2)) return '';
  const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  return `\n\n${drawCurves(curves, color)}`;
}

async function show<C extends string>(
  rows: readonly (Row & Readonly<Record<C, Value>>)[],
  columns: readonly C[],
  format: Args['format'],
): Promise<void> {
  if (format === 'csv') await print(csvHeader(columns) + csvRows(columns, rows));
  else if (format === 'json')
    await print(
      JSON.stringify(
        rows.map((row) => jsonRow(columns, row)),
        null,
        2,
      ),
    );
  else await print(table(rows) + curve(rows));
}

function shardsRate(args: Args): number | undefined {
  const { shards, policy } = args;
  if (shards === undefined) return undefined;
  if (!(shards > 0 && shards <= 1)) throw new InputError('--shards is not a share above 0 and up to 1');
  if (policy !== 'lru') throw new InputError(`--shards estimates lru only, expected no --policy ${policy}`);
  return shards;
}

async function handler(args: Args): Promise<void> {
  await loadPolicyModules(args);
  const policies = parsePolicyList(args.policy).map((spec) => reclaimPolicies.choose(formatSpec(spec)));
  const { relative, sizes } = readSizes(args.size);
  const seed = wholeFlag('seed', args.seed, 0, MAX_SEED);
  const rate = shardsRate(args);
  const { path, shown } = findTrace(args.trace);
  const reference = await openReference(path, {
    shown,
    split: args.split,
    ...(args.reader === undefined ? {} : { reader: args.reader }),
  });
  if (rate !== undefined) {
    await show(await estimate(reference, rate, sizes), MRC_ESTIMATE_COLUMNS, args.format);
    return;
  }
  const results = await sweep(reference, { policies, sizes, relative, seed });
  await show(results.map(rowOf), MRC_COLUMNS, args.format);
}

export const mrc: Command = { builder, handler };
