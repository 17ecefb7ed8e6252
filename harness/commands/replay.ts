import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { type CostTable, costsNote, readCosts } from '../cost/table.js';
import { type CellResult, runCell } from '../experiment/cell.js';
import {
  type Limit,
  type PlannedTrace,
  parseBacking,
  parseLimit,
  parseMemory,
  parseSwap,
} from '../experiment/plan.js';
import { peakPages } from '../experiment/run.js';
import { prepareFolder } from '../experiment/store.js';
import { findTrace } from '../experiment/traces.js';
import { csvHeader, csvRows, formatNumber, jsonRow, type Value } from '../metrics/csv.js';
import { KEY_COLUMNS, RUN_COLUMNS, type RunRow, SPACE_COLUMNS, TIMELINE_COLUMNS } from '../metrics/files.js';
import { METRICS } from '../metrics/schema.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { loadPolicyModule } from '../policy/module.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { compileTrace } from '../trace/compile.js';
import { openTrace, type Trace } from '../trace/trace.js';
import {
  type Command,
  MAX_SEED,
  outFlag,
  policyModuleFlag,
  quietFlag,
  tracePositional,
  wholeFlag,
} from './flags.js';
import { note, Progress, print } from './terminal.js';

interface Args {
  trace: string;
  discard: string;
  reclaim: string;
  merge: string;
  purge: string;
  limit?: string;
  memory?: string;
  swap: string;
  backing: string;
  seed: number;
  costs?: string;
  out?: string;
  format: 'table' | 'json' | 'csv';
  check: boolean;
  quiet: boolean;
  policyModule: string[];
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('trace', tracePositional)
    .options({
      discard: {
        type: 'string',
        default: 'keep',
        describe: 'discard policy: what discard, unpin and pin do',
        requiresArg: true,
      },
      reclaim: {
        type: 'string',
        default: 'linux',
        describe: 'reclaim policy: which page goes when memory is short',
        requiresArg: true,
      },
      merge: { type: 'string', default: 'none', describe: 'merge policy', requiresArg: true },
      purge: {
        type: 'string',
        default: 'range-lru',
        describe: 'purge policy of volatile memory',
        requiresArg: true,
      },
      limit: {
        type: 'string',
        describe: 'memory limit (SIZE or none) instead of the limit events of the trace',
        requiresArg: true,
      },
      memory: {
        type: 'string',
        describe:
          'memory of the machine (SIZE): kswapd reclaims below its watermarks; by default never short',
        requiresArg: true,
      },
      swap: {
        type: 'string',
        default: 'none',
        describe: 'swap device: none, ssd or zram',
        requiresArg: true,
      },
      backing: {
        type: 'string',
        default: 'recorded',
        describe: 'memory that one space alone maps: as recorded, private (anon), or of a file (shmem)',
        requiresArg: true,
      },
      seed: { type: 'number', default: 1, describe: 'seed of all random draws', requiresArg: true },
      costs: {
        type: 'string',
        describe: 'cost table (JSON); rows that it lacks are those of the shipped one',
        requiresArg: true,
      },
      ...outFlag,
      format: {
        choices: ['table', 'json', 'csv'] as const,
        default: 'table' as const,
        describe: 'how the metrics are printed',
      },
      check: {
        type: 'boolean',
        default: false,
        describe: 'verify the invariants of the machine after every event',
      },
      ...policyModuleFlag,
      ...quietFlag,
    })
    .epilogue(
      'SIZE: N or Np pages, NKiB, NMiB, NGiB, or N% of the peak of the trace under keep without a limit.',
    );
}

/** What sizes are measured by; the trace is replayed once more where one is a percentage. */
async function planned(sizes: (string | undefined)[], trace: Trace, costs: CostTable): Promise<PlannedTrace> {
  const { pageBytes } = trace.meta;
  const relative = sizes.some((text) => text?.endsWith('%'));
  return { pageBytes, peakPages: relative ? await peakPages(trace, costs) : 0 };
}

/** What is not zero, as a table; all of it is in the other formats. */
function metricTable(row: RunRow): string {
  const table = new Table({
    head: ['metric', 'value', 'unit'],
    colAligns: ['left', 'right', 'left'],
    ...PLAIN_TABLE,
  });
  for (const key of KEY_COLUMNS) table.push([key, shown(row[key]), '']);
  const told = METRICS.filter(({ name }) => row[name] !== 0 && row[name] !== null);
  for (const { name, unit } of told) table.push([name, shown(row[name]), unit]);
  return `${table.toString()}\n${METRICS.length - told.length} other metrics are 0 or not measured; --format csv and json have them all`;
}

function shown(value: Value): string {
  if (value === null) return '';
  return typeof value === 'number' ? formatNumber(value) : value;
}

function writeFiles(folder: string, result: CellResult): void {
  const write = <C extends string>(
    name: string,
    columns: readonly C[],
    rows: readonly Readonly<Record<C, Value>>[],
  ) => writeFileSync(join(folder, name), csvHeader(columns) + csvRows(columns, rows));
  write('runs.csv', RUN_COLUMNS, [result.run]);
  write('timeline.csv', TIMELINE_COLUMNS, result.timeline);
  write('spaces.csv', SPACE_COLUMNS, result.spaces);
}

async function handler(args: Args): Promise<void> {
  for (const file of args.policyModule) await loadPolicyModule(file);
  // Everything that can be wrong is looked at before the trace is read.
  const cellPolicies = {
    discard: discardPolicies.choose(args.discard).text,
    reclaim: reclaimPolicies.choose(args.reclaim).text,
    merge: mergePolicies.choose(args.merge).text,
    purge: purgePolicies.choose(args.purge).text,
    swap: parseSwap(args.swap),
    backing: parseBacking(args.backing),
  };
  const seed = wholeFlag('seed', args.seed, 0, MAX_SEED);
  const anyTrace = { peakPages: 100, pageBytes: PAGE_BYTES };
  if (args.limit !== undefined) parseLimit(args.limit, anyTrace);
  if (args.memory !== undefined) parseMemory(args.memory, anyTrace);
  const { costs, fromDefault } = readCosts(args.costs);
  const { path, label, shown } = findTrace(args.trace);
  const trace = await openTrace(await compileTrace(path, shown));
  const by = await planned([args.limit, args.memory], trace, costs);
  const limit: Limit = args.limit === undefined ? 'trace' : parseLimit(args.limit, by);
  const memory = args.memory === undefined ? {} : { memory: parseMemory(args.memory, by) };
  const lacking = costsNote(args.costs ?? '', fromDefault);
  if (lacking !== undefined) note(lacking);
  const made = args.out === undefined ? undefined : prepareFolder(args.out);
  const progress = new Progress('replay', trace.totals.events, args.quiet);
  try {
    const cell = { cell: 1, experiment: 'replay', trace: 0, limit, ...memory, seed, ...cellPolicies };
    const result = await runCell(cell, trace, label, costs, {
      check: args.check,
      progress: (events) => progress.set(events),
    });
    progress.stop();
    if (result.outcome === 'refused') throw new InputError(result.reason!);
    if (args.out !== undefined) writeFiles(args.out, result);
    if (args.format === 'json') await print(JSON.stringify(jsonRow(RUN_COLUMNS, result.run), null, 2));
    else if (args.format === 'csv') await print(csvHeader(RUN_COLUMNS) + csvRows(RUN_COLUMNS, [result.run]));
    else await print(metricTable(result.run));
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true });
    throw error;
  } finally {
    progress.stop();
  }
}

export const replay: Command = { builder, handler };
