import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { parseSize, sizeInPages } from '../base/size.js';
import { findTrace } from '../experiment/trace-names.js';
import { csvHeader, csvRows, jsonRow, type Value } from '../metrics/csv.js';
import {
  MRC_BYTES_COLUMNS,
  MRC_COLUMNS,
  MRC_ESTIMATE_COLUMNS,
  type MrcBytesRow,
  type MrcCountRow,
  type MrcEstimateRow,
} from '../metrics/files.js';
import { sampleWarning } from '../metrics/warnings.js';
import { BACKENDS, type Backend, wasmRefusal } from '../mrc/backend.js';
import type { ReferenceString } from '../mrc/reference.js';
import { openReference } from '../mrc/requests.js';
import { Shards } from '../mrc/shards.js';
import { type SweepResult, sweep } from '../mrc/sweep.js';
import { type ByteResult, sweepBytes } from '../mrc/sweep-bytes.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { formatSpec, parsePolicyList } from '../policy/spec.js';
import { noteAccount } from './account.js';
import {
  type Command,
  filePositional,
  inputLimitFlags,
  loadPolicyModules,
  MAX_SEED,
  type PolicyModuleArgs,
  policyModuleFlag,
  type WorkerArgs,
  wholeFlag,
  workersFlag,
  workersOf,
} from './flags.js';
import { isolated } from './isolated.js';
import type { MrcRow } from './mrc-table.js';
import { note, print } from './terminal.js';

interface Args extends PolicyModuleArgs, WorkerArgs {
  trace: string;
  policy: string;
  size: string;
  shards?: number;
  reader?: string;
  split: boolean;
  bytes: boolean;
  backend?: Backend;
  format: 'table' | 'json' | 'csv';
  seed: number;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional(
      'trace',
      filePositional(
        'a trace of any format that is read, its address (http, https), or - for standard input',
      ),
    )
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
      bytes: {
        type: 'boolean',
        default: false,
        describe: 'caches in bytes: objects take their own size, and N in --size is bytes',
      },
      backend: {
        choices: BACKENDS,
        describe:
          'what runs the policies: JavaScript or WebAssembly; by default WebAssembly where a policy has a module',
        requiresArg: true,
      },
      format: {
        choices: ['table', 'json', 'csv'] as const,
        default: 'table' as const,
        describe: 'how the misses are printed; the table has a curve below',
      },
      seed: { type: 'number', default: 1, describe: 'seed of all random draws', requiresArg: true },
      workers: {
        ...workersFlag.workers,
        describe:
          'most worker threads, which share many policies and sizes (default: one per core); --bytes and --shards take one',
      },
      ...inputLimitFlags,
      ...policyModuleFlag,
    })
    .epilogue(
      'SIZE: N or Np pages, NKiB, NMiB, NGiB, or N% of the distinct pages of the trace; with --bytes, N bytes or N% of the bytes of the distinct objects.',
    );
}

/** The sizes a user asked for; `relative` when the distinct pages must be known for them. */
function readSizes(
  text: string,
  bytes: boolean,
): { relative: boolean; sizes: (distinct: number) => number[] } {
  const parsed = text.split(',').map((size) => {
    if (bytes && size.endsWith('p'))
      throw new InputError(`--size ${size} is in pages, expected bytes, KiB, MiB, GiB or N% with --bytes`);
    return parseSize(size, bytes ? 1 : PAGE_BYTES);
  });
  return {
    relative: parsed.some(({ kind }) => kind === 'percent'),
    sizes: (distinct) => [...new Set(parsed.map((size) => sizeInPages(size, distinct)))],
  };
}

function ratioOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function policyColumns({ policy }: SweepResult) {
  const [name, ...params] = policy.text.split(':');
  return { policy: name!, params: params.join(':') };
}

function missColumns({ requests, misses }: SweepResult) {
  return { requests, misses, miss_ratio: ratioOf(misses, requests) };
}

function rowOf(result: SweepResult): MrcCountRow {
  const { size, backend } = result;
  return { ...policyColumns(result), size_pages: size, ...missColumns(result), backend };
}

/** A row of a sample of one in `sample` pages as one of all pages. */
function ofAll<R extends MrcCountRow | MrcEstimateRow>(row: R, sample: number): R {
  const { size_pages, requests, misses } = row;
  return {
    ...row,
    size_pages: size_pages * sample,
    requests: requests * sample,
    misses: misses * sample,
  };
}

function byteRowOf(result: ByteResult): MrcBytesRow {
  const { size, requestBytes, missBytes } = result;
  return {
    ...policyColumns(result),
    size_bytes: size,
    ...missColumns(result),
    request_bytes: requestBytes,
    miss_bytes: missBytes,
    byte_miss_ratio: ratioOf(missBytes, requestBytes),
    backend: result.backend,
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
      backend: 'js',
    };
  });
}

async function show<C extends string>(
  rows: readonly (MrcRow & Readonly<Record<C, Value>>)[],
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
  // Tables and curves are loaded where they are shown.
  else await print((await import('./mrc-table.js')).mrcText(rows));
}

function shardsRate(args: Args): number | undefined {
  const { shards, policy } = args;
  if (shards === undefined) return undefined;
  if (!(shards > 0 && shards <= 1)) throw new InputError('--shards is not a share above 0 and up to 1');
  if (args.bytes) throw new InputError('--shards samples pages, expected no --bytes');
  if (args.backend === 'wasm') throw wasmRefusal('--shards is for JavaScript only');
  if (policy !== 'lru') throw new InputError(`--shards estimates lru only, expected no --policy ${policy}`);
  return shards;
}

async function handler(args: Args): Promise<void> {
  await loadPolicyModules(args);
  const policies = parsePolicyList(args.policy).map((spec) => reclaimPolicies.choose(formatSpec(spec)));
  const { bytes, backend } = args;
  if (bytes && backend === 'wasm') throw wasmRefusal('--bytes is for JavaScript only');
  const { relative, sizes } = readSizes(args.size, bytes);
  const seed = wholeFlag('seed', args.seed, 0, MAX_SEED);
  const rate = shardsRate(args);
  const { path, shown } = findTrace(args.trace);
  const reference = await openReference(path, {
    shown,
    split: args.split,
    bytes,
    backend,
    // What `sweep` reads twice, or keeps whole, is compiled.
    once: rate !== undefined || !(relative || policies.some(({ info }) => info.needsFuture)),
    ...(args.reader === undefined ? {} : { reader: args.reader }),
  });
  const { sample = 1 } = reference;
  const sampled = (distinct: number) =>
    sizes(distinct * sample).map((size) => Math.max(1, Math.round(size / sample)));
  const threads = workersOf(args);
  const options = { policies, sizes: sampled, relative, seed, backend, threads };
  if (sample > 1) note(`${shown}: ${sampleWarning(sample).what}`);
  if (rate !== undefined)
    await show(
      (await estimate(reference, rate, sampled)).map((row) => ofAll(row, sample)),
      MRC_ESTIMATE_COLUMNS,
      args.format,
    );
  else if (bytes)
    await show((await sweepBytes(reference, options)).map(byteRowOf), MRC_BYTES_COLUMNS, args.format);
  else {
    const rows = (await sweep(reference, options)).map((result) => ofAll(rowOf(result), sample));
    await show(rows, MRC_COLUMNS, args.format);
  }
  if (reference.account) noteAccount(reference.name, reference.account, false);
}

export const mrc: Command = { builder, handler: isolated('mrc', handler) };
