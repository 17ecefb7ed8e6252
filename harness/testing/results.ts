import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_BYTES } from '../base/page.js';
import { axisColumns, parseAxes } from '../experiment/axes.js';
import type { Cell } from '../experiment/plan.js';
import type { GeneratedTrace } from '../experiment/trace-entries.js';
import { AXES, axisInfo, perAxis } from '../metrics/axes.js';
import { csvHeader, csvRows, type Row } from '../metrics/csv.js';
import { DEFAULT_DRAWS } from '../metrics/draws.js';
import {
  DRAW_COLUMNS,
  type DrawRow,
  FIDELITY_COLUMNS,
  type FidelityCsvRow,
  HEATMAP_COLUMNS,
  type HeatmapRow,
  type Moment,
  MRC_COLUMNS,
  type MrcCountRow,
  NO_METRICS,
  PERF_COLUMNS,
  type PerfRow,
  RUN_COLUMNS,
  type RunRow,
  SPACE_COLUMNS,
  type SpaceRow,
  TIMELINE_COLUMNS,
  type TimelineRow,
} from '../metrics/files.js';
import type { Host } from '../metrics/host.js';
import { DRAWN_METRICS, NOT_APPLICABLE, SCHEMA_VERSION, STALL_PARTS } from '../metrics/schema.js';
import { sha256 } from '../output/owned.js';
import type { FigureData } from '../report/figures/data.js';
import type { Figure, Width } from '../report/figures/figure.js';
import type { Format } from '../report/render/formats.js';
import { figureFiles } from '../report/render/write.js';

/** Draws figures into a folder. */
export async function writeFigureFiles(
  figures: readonly Figure[],
  data: FigureData,
  folder: string,
  width: Width,
  formats: readonly Format[],
): Promise<void> {
  for (const [name, content] of await figureFiles(figures, data, width, formats))
    writeFileSync(join(folder, name), content);
}

/** A trace of made-up results. */
interface Made {
  readonly label: string;
  readonly family?: string;
  readonly inferred?: boolean;
  readonly entry: string | GeneratedTrace;
}

const MOMENTS = 6;

function write(folder: string, name: string, columns: readonly string[], rows: readonly Row[]): void {
  writeFileSync(join(folder, name), csvHeader(columns) + csvRows(columns, rows));
}

/** Writes the files that results of cells go to. */
function writeCells(
  folder: string,
  results: readonly { run: RunRow; timeline: readonly TimelineRow[] }[],
): void {
  write(
    folder,
    'runs.csv',
    RUN_COLUMNS,
    results.map(({ run }) => run),
  );
  write(folder, 'draws.csv', DRAW_COLUMNS, drawRows(results.map(({ run }) => run)));
  write(
    folder,
    'timeline.csv',
    TIMELINE_COLUMNS,
    results.flatMap(({ timeline }) => timeline),
  );
}

function manifest(folder: string, traces: readonly Made[]): void {
  const json = {
    schema: SCHEMA_VERSION,
    program: { name: 'reclaim-bench', version: '1.2.3', commit: 'c0ffee' },
    command: 'reclaim compare made_up.yaml --out 100%',
    experiment: { name: 'made-up', traces: traces.map(({ entry }) => ({ entry })) },
    costs: { sha256: 'c'.repeat(64) },
    policy_modules: [],
    traces: traces.map(({ label, family, inferred, entry }, i) => ({
      trace: label,
      source: entry,
      family,
      trace_sha256: String(i).repeat(64),
      peak_pages: 1024,
      page_bytes: 4096,
      touches: inferred === true ? 'inferred' : 'recorded',
    })),
    draws: DEFAULT_DRAWS,
    cells: { planned: 20 },
    files: { 'runs.csv': 'f'.repeat(64), 'draws.csv': 'f'.repeat(64) },
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(json));
}

/** What an experiment has on every axis that it does not name. */
const VALUES = parseAxes(
  perAxis((name) => axisInfo(name).experimentDefault ?? AXES[name].default),
  { peakPages: 0, pageBytes: PAGE_BYTES },
);

/** A cell of an experiment: discard `keep` and the defaults, but for these values. */
export function cellOf(values: Partial<Cell>): Cell {
  return { cell: 1, experiment: 'e', trace: 0, replicate: 1, draws: 1, ...VALUES, ...values };
}

/** A size as it may have been asked for. */
function asked(pages: number | 'trace' | null): string {
  if (pages === null) return 'none';
  return pages === 'trace' ? pages : `${pages}p`;
}

/** A row of runs.csv with these values; sizes were asked for in pages, and metrics that are not given were not measured. */
export function runRow(values: Partial<RunRow>): RunRow {
  return {
    cell: 1,
    experiment: 'made-up',
    trace: 'trace',
    replicate: 1,
    trace_sha256: '0'.repeat(64),
    ...axisColumns(VALUES),
    ...(values.limit_pages !== undefined && { limit: asked(values.limit_pages) }),
    ...(values.memory_pages !== undefined && { memory: asked(values.memory_pages) }),
    draws: DEFAULT_DRAWS,
    outcome: 'ok',
    events: null,
    touches: null,
    trace_time_us: null,
    ...NO_METRICS,
    ...values,
  };
}

/**
 * Rows of draws.csv whose means are what rows of runs.csv have: stalls are spread around them by `scatter`, a share of
 * each, the same for the same draw of every cell. Refused cells have none.
 */
export function drawRows(runs: readonly RunRow[], scatter = 0): DrawRow[] {
  return runs
    .filter((run) => run.stall_ns !== null)
    .flatMap((run) =>
      Array.from({ length: run.draws }, (_, i) => {
        const by = run.draws === 1 ? 0 : (2 * i) / (run.draws - 1) - 1;
        const times = DRAWN_METRICS.map((name) => [name, Math.round((run[name] ?? 0) * (1 + scatter * by))]);
        const row: DrawRow = { ...Object.fromEntries(times), cell: run.cell, draw: i + 1 };
        return { ...row, stall_ns: STALL_PARTS.reduce((sum, part) => sum + row[`stall_${part}_ns`], 0) };
      }),
    );
}

const NOTHING_HELD = Object.fromEntries(TIMELINE_COLUMNS.map((column) => [column, 0]));

/** A row of timeline.csv with these values, and 0 elsewhere. */
function timelineRow(values: Partial<TimelineRow>): TimelineRow {
  return { ...(NOTHING_HELD as unknown as TimelineRow), label: null, limit_pages: null, ...values };
}

/** A row of timeline.csv without its cell, with these values, and 0 or no label elsewhere. */
export function momentOf(values: Partial<Moment>): Moment {
  const { cell: _cell, ...moment } = timelineRow({});
  return { ...moment, label: '', limit_pages: 0, ...values };
}

const NOT_MEASURED = Object.fromEntries(SPACE_COLUMNS.map((column) => [column, null]));

/** A row of spaces.csv with these values; what is not given was not measured. */
export function spaceRow(values: Partial<SpaceRow>): SpaceRow {
  return { ...(NOT_MEASURED as unknown as SpaceRow), cell: 1, page_seconds: 0, ...values };
}

/** What each discard policy does: the share it gives back, and its calls in ms. */
const POLICIES: readonly (readonly [string, number, number])[] = [
  ['keep', 0, 0],
  ['remove', 0.5, 4],
  ['punch', 0.5, 4],
  ['dontneed', 0.2, 1],
];
/** A policy with a long name that one of the traces refuses. */
const REFUSED = ['free:regen=page,eager=1', 0.3, 2] as const;

/** A cell and its timeline: memory rises to its peak, then `share` of it is given back. */
function cell(
  number: number,
  keys: Partial<RunRow>,
  share: number,
  callsMs: number,
): { run: RunRow; timeline: TimelineRow[] } {
  const limit = typeof keys.limit_pages === 'number' ? keys.limit_pages : 1024;
  const inferred = keys.trace === 'browser';
  const rate = (value: number) => (inferred ? NOT_APPLICABLE : value);
  const swapped = Math.max(0, 1024 * (1 - share) - limit);
  const run = runRow({
    ...keys,
    cell: number,
    events: 10,
    touches: 100,
    trace_time_us: 5_000_000,
    footprint_pages_mean: 1024 * (1 - share),
    saved_pages_mean: 1024 * share,
    swap_pages_mean: swapped,
    resident_pages_end: 256,
    struct_page_bytes: 0,
    ksmd_cpu_ns: 0,
    major_rate: rate(swapped / 100),
    discard_calls: share === 0 ? 0 : 4,
    discard_errors: 0,
    stall_ns: callsMs * 1e6 + swapped * 1e4 + 3e6,
    stall_minor_ns: 3e6,
    stall_major_ns: swapped * 1e4,
    stall_discard_ns: callsMs * 1e6,
    touch_ns_p99: 2000,
    touch_ns_p999: 2000 + swapped * 100,
    touch_ns_max: 5000 + swapped * 1000,
  });
  const timeline = Array.from({ length: MOMENTS }, (_, i) => {
    const pages = i < 3 ? (1024 * (i + 1)) / 3 : 1024 * (1 - share);
    return timelineRow({
      cell: number,
      time_us: i * 1_000_000,
      resident_pages: Math.min(pages, limit),
      swap_pages: Math.max(0, pages - limit),
      footprint_pages: pages,
    });
  });
  return { run, timeline };
}

function heat(trace: string): HeatmapRow[] {
  return [0, 1, 2].map((i) => ({
    trace,
    time_us: i * 1000,
    time_end_us: (i + 1) * 1000,
    page: i * 512,
    page_end: (i + 1) * 512,
    touches: 10 ** i,
  }));
}

function misses(): MrcCountRow[] {
  return ['lru', 'fifo', 'clock'].flatMap((policy) =>
    [10, 100, 1000].map((size, i) => ({
      policy,
      params: '',
      size_pages: size,
      requests: 1000,
      misses: 900 - 300 * i + (policy === 'lru' ? 0 : 50),
      miss_ratio: 0.9 - 0.3 * i + (policy === 'lru' ? 0 : 0.05),
      backend: 'wasm',
    })),
  );
}

/**
 * Writes made-up results of some rows into a folder, with a moment of memory for each cell.
 *
 * @param scatter of the draws, as `drawRows` takes it
 */
export function writeRuns(
  folder: string,
  runs: readonly RunRow[],
  spaces: readonly SpaceRow[],
  scatter: number,
): void {
  const labels = [...new Set(runs.map(({ trace }) => trace))];
  manifest(
    folder,
    labels.map((label) => ({ label, family: 'made-up', entry: `${label}.csv` })),
  );
  write(folder, 'runs.csv', RUN_COLUMNS, runs);
  write(folder, 'draws.csv', DRAW_COLUMNS, drawRows(runs, scatter));
  write(
    folder,
    'timeline.csv',
    TIMELINE_COLUMNS,
    runs.map(({ cell }) => timelineRow({ cell, time_us: 0, resident_pages: cell })),
  );
  write(folder, 'spaces.csv', SPACE_COLUMNS, spaces);
  sealResults(folder);
}

const HOST: Host = {
  host: 'c0ffee',
  cpu: 'made up',
  cores: 1,
  memory_bytes: 1,
  os: 'made up',
  node: '20',
  v8: '11',
};

function walls(): PerfRow[] {
  return ['zipf/lru', 'zipf/fifo'].flatMap((name, at) =>
    [105, 100, 103, 101, 130, 102, 104].map((ns, sample) => ({
      name: `policies/${name}`,
      sample: sample + 1,
      wall_ns: (ns + at * 20) * 1000,
      events: 1000,
      events_per_s: 1e7,
      version: '1.2.3',
      ...HOST,
    })),
  );
}

/** Makes the manifest of made-up results fit runs.csv and draws.csv, as they are now. */
export function sealResults(folder: string): void {
  const path = join(folder, 'manifest.json');
  const json = JSON.parse(readFileSync(path, 'utf8'));
  for (const name of ['runs.csv', 'draws.csv']) json.files[name] = sha256(readFileSync(join(folder, name)));
  writeFileSync(path, JSON.stringify(json));
}

/** Writes made-up results of discard policies into a folder: two traces, of which one's accesses are inferred. */
export function writeComparison(folder: string): void {
  const traces: Made[] = [
    { label: 'browser', family: 'web', inferred: true, entry: 'browser' },
    { label: 'cache', family: 'web', entry: 'cache.csv' },
  ];
  manifest(folder, traces);
  const cells = traces.flatMap(({ label }) =>
    [null, 768].flatMap((limit_pages) =>
      [...POLICIES, REFUSED].map(([discard, share, ms]) => ({
        keys: { trace: label, limit_pages, discard },
        share,
        ms,
      })),
    ),
  );
  const results = cells.map(({ keys, share, ms }, i) => {
    const result = cell(i + 1, keys, share, ms);
    if (keys.discard !== REFUSED[0] || keys.trace !== 'browser') return result;
    return { run: runRow({ ...keys, cell: i + 1, outcome: 'refused' }), timeline: [] };
  });
  writeCells(folder, results);
  write(folder, 'spaces.csv', SPACE_COLUMNS, []);
  write(folder, 'perf.csv', PERF_COLUMNS, walls());
  write(folder, 'heatmap.csv', HEATMAP_COLUMNS, heat('cache'));
  write(folder, 'mrc.csv', MRC_COLUMNS, misses());
  sealResults(folder);
}

/** Writes a made-up comparison with a live kernel into a folder: a row of each verdict, one with a spread, one of zeros. */
export function writeFidelity(folder: string): void {
  const row: FidelityCsvRow = {
    machine: 'vm',
    kernel: '6.1.0',
    cgroup: 'v2',
    trace: 'cache',
    discard: 'keep',
    reclaim: 'linux',
    merge: 'none',
    controller: 'none',
    swap: 'zram',
    thp: 'never',
    readahead: 'off',
    limit_pages: 1000,
    metric: 'pgmajfault',
    simulated: 4000,
    live_min: 4000,
    live_max: 4000,
    runs: 3,
    humps: 1,
    difference: 0,
    bound: '±1.5 %',
    verdict: 'same',
    reason: null,
  };
  write(folder, 'fidelity.csv', FIDELITY_COLUMNS, [
    row,
    { ...row, simulated: 500, live_min: 495, live_max: 600, difference: 100, verdict: 'within' },
    {
      ...row,
      metric: 'workingset_refault_anon',
      simulated: 90,
      live_min: 120,
      live_max: 120,
      verdict: 'outside',
    },
    {
      ...row,
      metric: 'pgscan_direct',
      simulated: 9000,
      live_min: 9500,
      live_max: 9900,
      bound: 'none',
      verdict: 'shown',
    },
    { ...row, metric: 'sigbus', simulated: 0, live_min: 0, live_max: 0, bound: 'exact' },
    { ...row, metric: 'pswpin', simulated: 7, live_min: null, live_max: null, verdict: 'n/a' },
  ]);
}

/** Writes made-up results of merge policies into a folder: guests that share an image, as copies and in place. */
export function writeMerging(folder: string): void {
  const traces: Made[] = ['copies', 'xip-struct'].flatMap((image) =>
    ['4', '64'].map((guests) => ({
      label: `guests:guests=${guests},memory=256,image=${image}`,
      entry: { workload: 'guests', params: { guests, image, memory: '256' }, seed: 1 },
    })),
  );
  manifest(folder, traces);
  const cells = traces.flatMap(({ label }) =>
    ['none', 'ksm', 'instant'].map((merge) => ({ trace: label, merge })),
  );
  const results = cells.map((keys, i) => {
    const { run, timeline } = cell(i + 1, keys, keys.merge === 'none' ? 0 : 0.5, 0);
    const sharing = (at: number) => (keys.merge === 'none' ? 0 : at * (keys.merge === 'ksm' ? 50 : 100));
    return {
      run: { ...run, ksmd_cpu_ns: keys.merge === 'ksm' ? 3e9 : 0, struct_page_bytes: 1_048_576 },
      timeline: timeline.map((row, at) => ({ ...row, pages_sharing: sharing(at) })),
    };
  });
  writeCells(folder, results);
  sealResults(folder);
}
