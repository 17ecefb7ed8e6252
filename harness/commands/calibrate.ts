import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { fileError, HostError } from '../base/errors.js';
import { requireLinux } from '../base/platform.js';
import { loadCosts, parseCosts } from '../cost/table.js';
import { deviceOfSwap, measureHost } from '../live/calibrate/measure.js';
import { type CalibratedRow, calibrated, unsteadyRows } from '../live/calibrate/table.js';
import { HOST_SWAPS, type HostSwap, missingSwap } from '../live/host/swap.js';
import { withGuard } from '../live/with-guard.js';
import { cellText } from '../metrics/csv.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { usableCacheFolder } from '../trace/io/cache.js';
import { type Command, wholeFlag } from './flags.js';
import { note, print } from './terminal.js';

interface Args {
  out?: string;
  rounds: number;
  swap: HostSwap | 'none';
  force: boolean;
  format: 'table' | 'json';
}

const DEFAULT_ROUNDS = 9;
const FEWEST_ROUNDS = 3;
const MOST_ROUNDS = 1000;
/** Rounds may differ by this. */
const SPREAD_PERCENT = 10;

const COLUMNS = [
  'row',
  'before_ns',
  'ns',
  'min_ns',
  'spread_percent',
  'source',
] as const satisfies readonly (keyof CalibratedRow)[];

function builder(yargs: Argv): Argv {
  return yargs
    .usage(
      '$0 calibrate [flags]\n\nMeasures what faults, calls and devices of this host cost, for replay --costs and compare --costs.',
    )
    .options({
      out: { type: 'string', describe: 'cost table (JSON) to write', requiresArg: true },
      rounds: {
        type: 'number',
        default: DEFAULT_ROUNDS,
        describe: 'rounds: each measures everything once, and the medians of the rounds are taken',
        requiresArg: true,
      },
      swap: {
        choices: ['none', ...HOST_SWAPS] as const,
        default: 'none' as const,
        describe: 'also measure swap: it is made for that, and taken away (root, and nothing else may swap)',
        requiresArg: true,
      },
      force: {
        type: 'boolean',
        default: false,
        describe: `take values whose rounds differ by more than ${SPREAD_PERCENT} %, which the table says`,
      },
      format: {
        choices: ['table', 'json'] as const,
        default: 'table' as const,
        describe: 'output format',
      },
    })
    .epilogue(
      'Rows that are not measured keep the default value and say why. ksmd is measured as root. Exit codes: 0 done, 2 bad input, 3 this host cannot do it, or is too busy.',
    );
}

/** What the values were measured on. */
function factsOf(rounds: number, load: string) {
  const model = (cpus()[0]?.model ?? 'unknown').trim();
  const when = new Date().toISOString().slice(0, 10);
  return {
    name: `linux-${release()}`,
    provenance: `Measured by reclaim calibrate on Linux ${release()}, ${cpus().length} CPUs (${model}), ${when}, ${rounds} rounds, load ${load}: medians of the rounds. Rows that were not measured are the default's, and say so.`,
  };
}

/** The rows as text. */
export function calibrateText(rows: readonly CalibratedRow[], format: Args['format']): string {
  if (format === 'json') return JSON.stringify({ rows }, null, 2);
  const table = new Table({
    head: [...COLUMNS],
    colAligns: COLUMNS.map((column) => (/ns|percent/.test(column) ? ('right' as const) : ('left' as const))),
    ...PLAIN_TABLE,
  });
  for (const row of rows) table.push(COLUMNS.map((column) => cellText(row[column])));
  const measured = rows.filter(({ spread_percent: spread }) => spread !== null).length;
  return `${table.toString()}\n${measured} of ${rows.length} rows measured`;
}

/** @throws HostError where rounds differ by too much */
function checkSteady(rows: readonly CalibratedRow[], { rounds, force }: Args): void {
  const unsteady = unsteadyRows(rows, SPREAD_PERCENT);
  if (unsteady.length === 0) return;
  const [{ row, spread_percent: spread }] = unsteady as [CalibratedRow];
  const what = `the host is busy: ${row} differs by ${spread} % over ${rounds} rounds, and ${unsteady.length} of ${rows.length} rows by more than ${SPREAD_PERCENT} %`;
  if (force) note(what);
  else throw new HostError(`${what}; again when it is idle, or --force`);
}

async function handler(args: Args): Promise<void> {
  requireLinux('reclaim calibrate');
  const rounds = wholeFlag('rounds', args.rounds, FEWEST_ROUNDS, MOST_ROUNDS);
  const swap = args.swap === 'none' ? undefined : args.swap;
  const missing = swap && missingSwap(swap);
  if (missing !== undefined) throw new HostError(missing);
  const cache = usableCacheFolder();
  const readings = await withGuard(cache, note, (guard) =>
    measureHost({ cache, folder: cache, rounds, swap, guard, told: note }),
  );
  const load = loadavg()[0]!.toFixed(1);
  const facts = factsOf(rounds, load);
  const { costs, rows } = calibrated(loadCosts(), readings, swap && deviceOfSwap(swap), facts);
  await print(calibrateText(rows, args.format));
  checkSteady(rows, args);
  if (args.out === undefined) return;
  parseCosts(costs, args.out);
  try {
    writeFileSync(args.out, `${JSON.stringify(costs, null, 2)}\n`);
  } catch (error) {
    throw fileError(error, args.out);
  }
  note(
    `${args.out}: written; reclaim compare EXPERIMENT --costs ${args.out} says whether the answer changes`,
  );
}

export const calibrate: Command = { builder, handler };
