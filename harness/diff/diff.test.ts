import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import type { Experiment } from '../gate/read/results.js';
import { sampleExperiment, sampleResults } from '../gate/self-test/sample.js';
import type { DrawRow, DrawTimes } from '../metrics/files.js';
import { HEADLINE_METRICS } from '../metrics/headline.js';
import { DRAWN_METRICS, METRICS } from '../metrics/schema.js';
import { PLAIN, textWidth } from '../report/terminal-text.js';
import { choiceOf, metricRows, summaryOf } from './choice.js';
import { type Diff, diffOf } from './diff.js';
import { FORMATS, formatNamed } from './formats/registry.js';
import { summaryLine } from './words.js';

const base = steady(sampleExperiment());

/** The sample with values that do not depend on how many metrics there are: golden files have them. */
function steady(sample: Experiment): Experiment {
  const metricOf = (cell: number, name: string) =>
    100 * cell + 7 * (HEADLINE_METRICS as readonly string[]).indexOf(name);
  const cells = sample.cells.map((row) => {
    const metrics = METRICS.map(({ name }) => [name, metricOf(Number(row.cell), name)] as const);
    return { ...row, values: { ...row.values, ...Object.fromEntries(metrics) } };
  });
  const draws = new Map(
    [...sample.draws].map(([cell, rows]) => {
      const drawn = (by: number) =>
        Object.fromEntries(DRAWN_METRICS.map((name) => [name, metricOf(cell, name) + by])) as DrawTimes;
      return [cell, rows.map((row, i) => ({ ...row, ...drawn(2 * i - 2) }))];
    }),
  );
  return { ...sample, cells, draws };
}
const diffTo = (changed: Experiment): Diff => diffOf(sampleResults(base), sampleResults(changed));
const headline = choiceOf([], false);
const all = choiceOf([], true);

/** The sample with values of some of its cells set, and what each draw of them has more. */
function withCell(
  cell: number,
  values: Readonly<Record<string, number | string | null>>,
  drawn: Partial<DrawRow> = {},
  by: readonly number[] = [0, 0, 0],
): Experiment {
  const cells = base.cells.map((row) =>
    row.cell === String(cell) ? { ...row, values: { ...row.values, ...values } } : row,
  );
  const draws = new Map(base.draws);
  const more = (row: DrawRow, i: number) =>
    Object.fromEntries(
      Object.entries(drawn).map(([name, value]) => [name, row[name as 'stall_ns'] + Number(value) + by[i]!]),
    );
  draws.set(
    cell,
    base.draws.get(cell)!.map((row, i) => ({ ...row, ...more(row, i) })),
  );
  return { ...base, cells, draws };
}
const value = (cell: number, metric: string) => base.cells[cell - 1]!.values[metric] as number;

describe('a diff', () => {
  it('of equal results has nothing but equal values, all of them', () => {
    const diff = diffTo(steady(sampleExperiment()));
    const changes = diff.cells.flatMap((cell) => cell.changes);
    expect(changes).toHaveLength(4 * METRICS.length);
    expect(changes.every(({ standing }) => standing === 'equal')).toBe(true);
    expect(metricRows(diff, all)).toEqual([]);
    expect(summaryLine(diff, all)).toBe('B is worse in 0 of 4 cells, better in 0, equal in 4');
  });

  it('says worse and better by the direction of the metric, and changed where it has none', () => {
    const diff = diffTo(
      withCell(2, {
        pgfault: value(2, 'pgfault') + 1,
        saved_pages_mean: value(2, 'saved_pages_mean') + 1,
        discard_pages: value(2, 'discard_pages') - 1,
      }),
    );
    const standings = diff.cells[1]!.changes.filter(({ standing }) => standing !== 'equal').map(
      ({ metric, standing }) => [metric.name, standing],
    );
    expect(standings).toEqual([
      ['saved_pages_mean', 'better'],
      ['pgfault', 'worse'],
      ['discard_pages', 'changed'],
    ]);
    expect(summaryOf(diff, headline)).toMatchObject({ worse: 1, better: 1, equal: 3 });
  });

  it('has the interval over draws, in pairs of the same draw', () => {
    // Draws of the sample are 2 less, as much, and 2 more than the mean: all cancels out but 1, 2 and 3.
    const diff = diffTo(withCell(1, {}, { stall_ns: 2 }, [-1, 0, 1]));
    const { difference, percent, standing } = diff.cells[0]!.changes.find(
      ({ metric }) => metric.name === 'stall_ns',
    )!;
    // Student's t of two degrees of freedom is 4.303; the standard error is 1 / √3.
    expect(difference.mean).toBeCloseTo(2);
    expect(difference.low).toBeCloseTo(2 - 4.3027 / Math.sqrt(3), 3);
    expect(percent!.mean).toBeCloseTo(200 / value(1, 'stall_ns'));
    // The interval holds 0.
    expect(standing).toBe('unclear');
  });

  it('is clear where draws agree', () => {
    const diff = diffTo(withCell(1, {}, { stall_ns: 20 }, [-1, 0, 1]));
    expect(summaryOf(diff, headline)).toMatchObject({ worse: 1 });
  });

  it('pairs replicates of a cell, and is unclear where they disagree', () => {
    const replicated = (of: (replicate: number) => number): Experiment => ({
      ...base,
      draws: new Map(),
      cells: [1, 2, 3].map((replicate) => ({
        ...base.cells[0]!,
        cell: String(replicate),
        identity: { ...base.cells[0]!.identity, replicate: String(replicate) },
        values: { ...base.cells[0]!.values, pgfault: 100 * replicate + of(replicate) },
      })),
    });
    const between = (of: (replicate: number) => number) =>
      diffOf(sampleResults(replicated(() => 0)), sampleResults(replicated(of)));
    const standing = ({ cells }: Diff) =>
      cells[0]!.changes.find(({ metric }) => metric.name === 'pgfault')!.standing;
    expect(between((i) => i).cells).toHaveLength(1);
    expect(standing(between((i) => 100 + i))).toBe('worse');
    expect(standing(between((i) => (i === 2 ? -9 : 1)))).toBe('unclear');
  });

  it('names cells of one side, other outcomes, other traces, and what one side has not measured', () => {
    const cells = base.cells.slice(1).map((row, i) => ({
      ...row,
      ...(i === 0 ? { outcome: 'oom' } : {}),
      ...(i === 1 ? { traceSha256: 'c'.repeat(64) } : {}),
      values: i === 2 ? { ...row.values, pgfault: 'n/a' } : row.values,
    }));
    const diff = diffTo({ ...base, cells });
    const text = formatNamed('table').text(diff, headline, PLAIN);
    expect(diff.cells).toHaveLength(3);
    expect(text).toMatch(/other outcome, values are not compared: trace-of-2.*: ok\s+→\s+oom/s);
    expect(text).toMatch(/only in A \(1 cell\): trace-of-1/);
    expect(text).toMatch(/trace changed: trace-of-3.*SHA-256 aaaaaaaaaaaa… →\s+cccccccccccc…/s);
    expect(text).toMatch(/measured on one side only: pgfault \(1 cell\)/);
    expect(summaryOf(diff, headline).worse).toBe(1);
  });

  it('of results that have nothing in common is an error', () => {
    const cells = base.cells.map((row) => ({ ...row, identity: { ...row.identity, seed: 'x' } }));
    expect(() => diffTo({ ...base, cells })).toThrow(/nothing to compare between sample and sample/);
    expect(() => diffOf(sampleResults(base), sampleResults(undefined))).toThrow(/no runs\.csv/);
  });

  it('has the worst metric and the worst row first, and counts what it does not show', () => {
    const cells = base.cells.map((row, i) => ({
      ...row,
      values: {
        ...row.values,
        pgfault: (row.values.pgfault as number) + i,
        pgmajfault: (row.values.pgmajfault as number) * (i + 1),
      },
    }));
    const tables = metricRows(diffTo({ ...base, cells }), { metrics: HEADLINE_METRICS, mostRows: 2 });
    expect(tables.map(({ metric }) => metric.name)).toEqual(['pgmajfault', 'pgfault']);
    expect(tables[0]!.rows.map(({ cell }) => cell.identity.seed)).toEqual(['seed-of-4', 'seed-of-3']);
    expect([...tables[0]!.hidden]).toEqual([
      ['worse', 1],
      ['equal', 1],
    ]);
  });
});

describe('formats of a diff', () => {
  const diff = diffTo({
    ...withCell(
      2,
      { pgfault: value(2, 'pgfault') * 2, saved_pages_mean: value(2, 'saved_pages_mean') + 1 },
      { stall_ns: 20 },
      [-1, 0, 1],
    ),
    manifest: { ...base.manifest, costs: { sha256: 'd'.repeat(64) } },
  });

  for (const { name, file, text } of FORMATS.filter((format) => format.name !== 'html'))
    it(`${name} is that of the golden file`, async () => {
      const golden = packageFile('harness', 'diff', 'formats', 'golden', file);
      await expect(text(diff, headline, PLAIN)).toMatchFileSnapshot(golden);
    });

  it('text fits the terminal', () => {
    for (const columns of [60, 80, 120]) {
      const lines = formatNamed('table').text(diff, all, { columns, colour: false }).split('\n');
      expect(lines.filter((line) => textWidth(line) > columns)).toEqual([]);
    }
  });

  it('html escapes names, has a policy of what it may load, and says what text says', () => {
    const cells = base.cells.map((row) => ({
      ...row,
      identity: { ...row.identity, trace: `<script>${row.identity.trace}` },
    }));
    const odd = diffOf(sampleResults({ ...base, cells }), sampleResults({ ...base, cells }));
    expect(formatNamed('html').text(odd, headline, PLAIN)).not.toContain('<script>');
    const page = formatNamed('html').text(diff, headline, PLAIN);
    expect(page).toContain(`<p class="lead">${summaryLine(diff, headline)}.</p>`);
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
    expect(page.match(/<tr>/g)).toHaveLength(6);
  });
});
