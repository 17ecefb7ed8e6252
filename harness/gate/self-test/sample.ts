import { type DrawRow, type DrawTimes, IDENTITY_COLUMNS } from '../../metrics/files.js';
import { DRAWN_METRICS, METRICS, SCHEMA_VERSION } from '../../metrics/schema.js';
import { type RandomStream, randomStream } from '../../stats/random.js';
import type { Perf } from '../read/perf.js';
import type { Experiment, Results } from '../read/results.js';
import type { CellRow, Identity } from '../read/runs.js';

const CELLS = 4;
/** How far the draws of a metric are from its mean. */
const DRAWN = [-2, 0, 2];
/** What a quiet host scatters by. */
const SCATTER = 0.01;
const RUN_NS = 1e8;
const EVENTS = 1e6;

function sampleRow(cell: number): CellRow {
  const identity = Object.fromEntries(
    IDENTITY_COLUMNS.map((column) => [column, `${column}-of-${cell}`]),
  ) as Identity;
  const counts = { events: 1000, touches: 5000, trace_time_us: 1e6, draws: DRAWN.length };
  const metrics = Object.fromEntries(METRICS.map(({ name }, i) => [name, 100 * cell + 7 * i]));
  return {
    cell: String(cell),
    experiment: 'sample',
    identity,
    traceSha256: 'a'.repeat(64),
    outcome: 'ok',
    values: { ...counts, ...metrics },
  };
}

/** Draws whose means are in the row of the cell. */
function sampleDraws({ cell, values }: CellRow): DrawRow[] {
  return DRAWN.map((by, i) => {
    const drawn = Object.fromEntries(DRAWN_METRICS.map((name) => [name, (values[name] as number) + by]));
    return { ...(drawn as DrawTimes), cell: Number(cell), draw: i + 1 };
  });
}

/** An experiment with a number in every metric: what a self-test injects into where it is given no results. */
export function sampleExperiment(): Experiment {
  const cells = Array.from({ length: CELLS }, (_, i) => sampleRow(i + 1));
  return {
    columns: Object.keys(cells[0]!.values),
    cells,
    draws: new Map(cells.map((row) => [Number(row.cell), sampleDraws(row)])),
    document: {},
    manifest: {
      schema: SCHEMA_VERSION,
      program: { name: 'sample', version: '1.0.0' },
      experiment: { name: 'sample', description: '', traces: [] },
      costs: { sha256: 'b'.repeat(64) },
      policy_modules: [],
      host: {},
      seed: [],
      draws: DRAWN.length,
      replicates: 1,
      not_ok: [],
      traces: [],
      cells: { planned: CELLS },
      files: { 'runs.csv': '', 'draws.csv': '' },
    },
  };
}

/** Wall times as a host has them: a normal part (Box and Muller 1958), and now and then a long one. */
function sampleNs(random: RandomStream, slowdown: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const late = random() < 0.1 ? 5 * SCATTER * random() : 0;
  return Math.round(RUN_NS * (1 + slowdown) * (1 + SCATTER * normal + late));
}

/**
 * Made-up wall times of one host.
 *
 * @param run names the run: each has noise of its own
 * @param slowdown by how much they are longer, as a share
 */
export function samplePerf(
  run: string,
  names: readonly string[],
  count: number,
  slowdown = 0,
  host = 'host',
): Perf {
  const samples = new Map(
    names.map((name) => {
      const random = randomStream(1, `gate/${run}/${name}`);
      const wallNs = Array.from({ length: count }, () => sampleNs(random, slowdown));
      return [name, { events: EVENTS, wallNs, host }];
    }),
  );
  return { host, samples };
}

/** Results of these parts. */
export function sampleResults(experiment: Experiment | undefined, perf?: Perf): Results {
  return { folder: 'sample', experiment, perf, rerun: undefined };
}
