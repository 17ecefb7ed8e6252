import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { InputError } from '../base/errors.js';
import { compareResults } from '../gate/compare.js';
import { readResults } from '../gate/read/results.js';
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
  /** What takes the value's place. */
  readonly text: string;
}

const SHA = 'a'.repeat(64);
const CELLS = 3;
const DRAWS = 2;
/** How far the draws of a value are from its mean, as a share. */
const SCATTER = 0.1;
/** A column that may be off, so that an edit of another can hide behind it. */
const TOLERANCE = { column: 'pgfault', share: 0.01 };

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
      trace_sha256: SHA,
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
function drawTexts(): string[][] {
  const written = drawRows(cells(), SCATTER);
  return written.map((row) => csvRows(DRAW_COLUMNS, [row]).trimEnd().split(','));
}

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
    const before = drawTexts()[row * DRAWS + draw]![column]!;
    return fc
      .oneof(wild, near(before))
      .filter((text) => text !== before)
      .map((text) => ({ side, row, draw, column: DRAW_COLUMNS[column]!, text }));
  });

/** Any edit of one value. */
export const edits: fc.Arbitrary<Edit> = fc.oneof({ weight: 3, arbitrary: runEdits }, drawEdits);

function drawsFile(edit: Edit | undefined): string {
  const edited = edit?.draw === undefined ? -1 : edit.row * DRAWS + edit.draw;
  const lines = drawTexts().map((texts, at) =>
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
        edit?.row === row && edit.draw === undefined && edit.column === RUN_COLUMNS[at] ? edit.text : text,
      )
      .join(','),
  );
  const runs = `${csvHeader(RUN_COLUMNS)}${lines.join('\n')}\n`;
  const draws = drawsFile(edit);
  const manifest = {
    schema: SCHEMA_VERSION,
    program: { name: 'reclaim-bench', version: '0.1.0' },
    experiment: { name: 'e', traces: [{ entry: 'a.csv' }] },
    costs: { sha256: SHA },
    policy_modules: [],
    traces: [
      {
        trace: 'a',
        source: 'a.csv',
        trace_sha256: SHA,
        peak_pages: 8,
        page_bytes: 4096,
        touches: 'recorded',
      },
    ],
    cells: { planned: CELLS },
    draws: DRAWS,
    files: { 'runs.csv': sha256(runs), 'draws.csv': sha256(draws) },
  };
  writeFileSync(join(folder, 'runs.csv'), runs);
  writeFileSync(join(folder, 'draws.csv'), draws);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

function isAllowed({ column, text, row, draw }: Edit): boolean {
  if (draw !== undefined || column !== TOLERANCE.column) return false;
  const before = Number(TEXTS[row]![RUN_COLUMNS.indexOf(column as keyof RunRow)]);
  return Math.abs(Number(text) - before) <= TOLERANCE.share * Math.max(before, Number(text));
}

/**
 * Why the gate is fooled by an edit of one value, whose file's hash in the manifest is mended; undefined where it is not: it
 * refuses the folder, or says what changed, and fails when it is strict.
 */
export function fooledBy(folder: string, edit: Edit): string | undefined {
  for (const side of ['baseline', 'candidate'] as const)
    writeSide(join(folder, side), edit.side === side ? edit : undefined);
  const tolerances = parseTolerances([`${TOLERANCE.column}=${100 * TOLERANCE.share}%`]);
  try {
    const sides = [readResults(join(folder, 'baseline')), readResults(join(folder, 'candidate'))] as const;
    const report = compareResults(...sides, { tolerances, strict: false });
    if (allFindings(report).length === 0) return 'passes as equal';
    const strict = compareResults(...sides, { tolerances, strict: true });
    return strict.verdict === 'pass' && !isAllowed(edit) ? 'passes when strict' : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
