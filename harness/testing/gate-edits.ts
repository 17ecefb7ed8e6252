import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { InputError } from '../base/errors.js';
import { compareResults } from '../gate/compare.js';
import { type Results, readResults } from '../gate/read/results.js';
import { allFindings } from '../gate/report.js';
import { parseTolerances } from '../gate/tolerance.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { meanOfDraws } from '../metrics/draws.js';
import { DRAW_COLUMNS, RUN_COLUMNS, type RunRow } from '../metrics/files.js';
import { METRICS, SCHEMA_VERSION } from '../metrics/schema.js';
import { sha256 } from '../output/owned.js';
import { drawRows, runRow } from './results.js';

/** One value of one side that is edited. */
export interface Edit {
  readonly side: 'baseline' | 'candidate';
  readonly row: number;
  readonly column: string;
  /** The draw of the row's cell in draws.csv whose value it is, from 0; without one it is of runs.csv. */
  readonly draw?: number;
  /** Whether it is a value of manifest.json; `column` is its path then. */
  readonly inManifest?: boolean;
  /** What takes the value's place; JSON in manifest.json. */
  readonly text: string;
}

/** Of the replicates of the trace. */
const SHAS = ['a'.repeat(64), 'b'.repeat(64)] as const;
const COSTS_SHA = 'c'.repeat(64);
const CELLS = 3;
const DRAWS = 2;
/** How far the draws of a value are from its mean, as a share. */
const SCATTER = 0.1;
/** A column that may be off, so that an edit of another can hide behind it. */
const TOLERANCE = { column: 'pgfault', share: 0.01 };

/** The last cell is of a second replicate of the trace. */
function replicateOf(cell: number): number {
  return cell === CELLS - 1 ? 2 : 1;
}

/** Cells with a number in every metric, before their draws are known. */
function cells(): RunRow[] {
  return Array.from({ length: CELLS }, (_, i) => {
    const metrics = Object.fromEntries(
      METRICS.map(({ name }, at) => [name, 1000 * (i + 1) + 7 * at + (at % 3) / 4]),
    );
    const keys = {
      cell: i + 1,
      experiment: 'e',
      trace: 'a',
      replicate: replicateOf(i),
      trace_sha256: SHAS[replicateOf(i) - 1]!,
      discard: `keep${i}`,
      outcome: 'ok' as const,
    };
    return {
      ...runRow({}),
      ...metrics,
      ...keys,
      draws: DRAWS,
      events: 7,
      touches: 40,
      trace_time_us: 100,
      limit_pages: 64,
    };
  });
}

/** Rows of runs.csv: what draws change are their means. */
function rows(): RunRow[] {
  return cells().map((row) => ({ ...row, ...meanOfDraws(drawRows([row], SCATTER)) }));
}

/** The values of draws.csv of the side that is not edited, as text: a row a cell and draw. */
const DRAW_TEXTS: readonly (readonly string[])[] = drawRows(cells(), SCATTER).map((row) =>
  csvRows(DRAW_COLUMNS, [row]).trimEnd().split(','),
);

/** The values of the side that is not edited, as text. */
const TEXTS: readonly (readonly string[])[] = rows().map((row) =>
  csvRows(RUN_COLUMNS, [row]).trimEnd().split(','),
);

const wild = fc.oneof(
  fc.constantFrom(
    '',
    'n/a',
    '0',
    '-0',
    '1e999',
    '-1e999',
    'NaN',
    'Infinity',
    'trace',
    'ok',
    'oom',
    'refused',
    ' ',
    '0x10',
    '1e3',
  ),
  fc.integer().map(String),
  fc.double().map(String),
  fc.stringMatching(/^[a-z0-9.:=-]{1,8}$/),
);

/** A text near another: a digit more, a sign, a space, one more or less. */
function near(text: string): fc.Arbitrary<string> {
  const number = Number(text);
  return fc.constantFrom(
    ...[
      `${text}0`,
      `${text}1`,
      `0${text}`,
      `+${text}`,
      `-${text}`,
      ` ${text}`,
      `${text} `,
      `${text}.0`,
      `${text}e0`,
    ],
    ...[
      String(number + 1),
      String(number - 1),
      String(number + 1e-6),
      String(number * 1.001),
      text.toUpperCase(),
    ],
  );
}

/** Any edit of one value of runs.csv. */
const runEdits: fc.Arbitrary<Edit> = fc
  .record({
    side: fc.constantFrom('baseline' as const, 'candidate' as const),
    row: fc.nat(CELLS - 1),
    column: fc.nat(RUN_COLUMNS.length - 1),
  })
  .chain(({ side, row, column }) => {
    const before = TEXTS[row]![column]!;
    return fc
      .oneof(wild, near(before))
      .filter((text) => text !== before)
      .map((text) => ({ side, row, column: RUN_COLUMNS[column]!, text }));
  });

/** Any edit of one value of draws.csv. */
const drawEdits: fc.Arbitrary<Edit> = fc
  .record({
    side: fc.constantFrom('baseline' as const, 'candidate' as const),
    row: fc.nat(CELLS - 1),
    draw: fc.nat(DRAWS - 1),
    column: fc.nat(DRAW_COLUMNS.length - 1),
  })
  .chain(({ side, row, draw, column }) => {
    const before = DRAW_TEXTS[row * DRAWS + draw]![column]!;
    return fc
      .oneof(wild, near(before))
      .filter((text) => text !== before)
      .map((text) => ({ side, row, draw, column: DRAW_COLUMNS[column]!, text }));
  });

/** What manifest.json says of the side that is not edited, without the hashes of files. */
const MANIFEST = {
  schema: SCHEMA_VERSION,
  program: { name: 'reclaim-bench', version: '0.1.0' },
  experiment: { name: 'e', description: '', limits: ['none', '50%'], traces: [{ entry: 'a.csv' }] },
  costs: { name: 'made up', provenance: 'nowhere', sha256: COSTS_SHA },
  policy_modules: [],
  traces: [
    {
      trace: 'a',
      source: { workload: 'zipf', params: { pages: '8' }, seed: 1 },
      family: 'f',
      trace_sha256: SHAS[0],
      events: 7,
      peak_pages: 8,
      page_bytes: 4096,
      touches: 'recorded',
      provenance: 'synthetic',
      duration_us: 100,
      gives_back: { private_pages: 1, shared_pages: 2 },
      replicates: SHAS.map((sha256, i) => ({
        replicate: i + 1,
        seed: i + 1,
        trace_sha256: sha256,
        events: 7,
        peak_pages: 8,
      })),
    },
  ],
  seed: [1],
  draws: DRAWS,
  replicates: SHAS.length,
  cells: { planned: CELLS, ok: CELLS, refused: 0, oom: 0, failed: 0 },
  not_ok: [],
};

/** The paths of all values of a document. */
function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, each]) =>
    pathsOf(each, path === '' ? name : `${path}.${name}`),
  );
}

/** The value at a path. */
function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown>)[name], document);
}

/** The paths of the values of manifest.json. */
export const MANIFEST_PATHS = pathsOf(MANIFEST);

/** Any edit of one value of manifest.json. */
const manifestEdits: fc.Arbitrary<Edit> = fc
  .record({
    side: fc.constantFrom('baseline' as const, 'candidate' as const),
    path: fc.constantFrom(...MANIFEST_PATHS),
  })
  .chain(({ side, path }) => {
    const before = valueAt(MANIFEST, path);
    const other = [
      null,
      true,
      0,
      -1,
      1,
      2,
      '',
      'x',
      [],
      {},
      Number(before) + 1,
      `${before}0`,
      SHAS[0],
      SHAS[1],
    ];
    return fc
      .oneof(fc.constantFrom(...other), fc.integer(), fc.stringMatching(/^[a-z0-9.%-]{1,8}$/))
      .map((value) => JSON.stringify(value))
      .filter((text) => text !== JSON.stringify(before))
      .map((text) => ({ side, row: 0, column: path, inManifest: true, text }));
  });

/** Any edit of one value. */
export const edits: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: runEdits },
  drawEdits,
  manifestEdits,
);

function manifestText(runs: string, draws: string, edit: Edit | undefined): string {
  const manifest = structuredClone({
    ...MANIFEST,
    files: { 'runs.csv': sha256(runs), 'draws.csv': sha256(draws) },
  });
  if (edit?.inManifest) {
    const names = edit.column.split('.');
    const last = names.pop()!;
    const parent = names.length === 0 ? manifest : valueAt(manifest, names.join('.'));
    (parent as Record<string, unknown>)[last] = JSON.parse(edit.text);
  }
  return JSON.stringify(manifest);
}

function drawsFile(edit: Edit | undefined): string {
  const edited = edit?.draw === undefined ? -1 : edit.row * DRAWS + edit.draw;
  const lines = DRAW_TEXTS.map((texts, at) =>
    texts
      .map((text, i) => (at === edited && edit && DRAW_COLUMNS[i] === edit.column ? edit.text : text))
      .join(','),
  );
  return `${csvHeader(DRAW_COLUMNS)}${lines.join('\n')}\n`;
}

function writeSide(folder: string, edit: Edit | undefined): void {
  mkdirSync(folder, { recursive: true });
  const lines = TEXTS.map((texts, row) =>
    texts
      .map((text, at) =>
        edit?.row === row && edit.draw === undefined && !edit.inManifest && edit.column === RUN_COLUMNS[at]
          ? edit.text
          : text,
      )
      .join(','),
  );
  const runs = `${csvHeader(RUN_COLUMNS)}${lines.join('\n')}\n`;
  const draws = drawsFile(edit);
  writeOnce(join(folder, 'runs.csv'), runs);
  writeOnce(join(folder, 'draws.csv'), draws);
  writeOnce(join(folder, 'manifest.json'), manifestText(runs, draws, edit));
}

/** What files hold: most of an edit's six are as they were for the edit before. */
const written = new Map<string, string>();

function writeOnce(path: string, text: string): void {
  if (written.get(path) !== text) writeFileSync(path, text);
  written.set(path, text);
}

/** What a side without an edit has, by its folder: the same for all edits of the other. */
const unedited = new Map<string, Results>();

/** Writes and reads a side. @throws InputError where the edit makes it no results */
function sideOf(folder: string, side: Edit['side'], edit: Edit): Results {
  const path = join(folder, side);
  if (edit.side === side) {
    writeSide(path, edit);
    return readResults(path);
  }
  const known = unedited.get(path);
  if (known) return known;
  writeSide(path, undefined);
  const read = readResults(path);
  unedited.set(path, read);
  return read;
}

function isAllowed({ column, text, row, draw, inManifest }: Edit): boolean {
  if (draw !== undefined || inManifest || column !== TOLERANCE.column) return false;
  const before = Number(TEXTS[row]![RUN_COLUMNS.indexOf(column as keyof RunRow)]);
  return Math.abs(Number(text) - before) <= TOLERANCE.share * Math.max(before, Number(text));
}

/**
 * Why the gate is fooled by an edit of one value, whose file's hash in the manifest is mended; undefined where it is not: it
 * refuses the folder, or says what changed, and fails when it is strict.
 */
export function fooledBy(folder: string, edit: Edit): string | undefined {
  const tolerances = parseTolerances([`${TOLERANCE.column}=${100 * TOLERANCE.share}%`]);
  try {
    const sides = [sideOf(folder, 'baseline', edit), sideOf(folder, 'candidate', edit)] as const;
    const report = compareResults(...sides, { tolerances, strict: false, allowTraceChange: false });
    if (allFindings(report).length === 0) return 'passes as equal';
    const strict = compareResults(...sides, { tolerances, strict: true, allowTraceChange: false });
    return strict.verdict === 'pass' && !isAllowed(edit) ? 'passes when strict' : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
