import { describe, expect, it } from 'vitest';
import { METRICS } from '../metrics/schema.js';
import { compareResults } from './compare.js';
import type { Perf } from './read/perf.js';
import type { Experiment } from './read/results.js';
import type { CellRow } from './read/runs.js';
import { allFindings, type Report } from './report.js';
import { sampleExperiment, samplePerf, sampleResults } from './self-test/sample.js';
import { parseTolerances } from './tolerance.js';

const base = sampleExperiment();
const compare = (changed: Experiment, tolerances: readonly string[] = [], strict = false) =>
  compareResults(sampleResults(base), sampleResults(changed), {
    tolerances: parseTolerances(tolerances),
    strict,
    allowTraceChange: false,
  });
const kinds = (report: Report) => allFindings(report).map(({ finding }) => finding.kind);

/** The sample with values of its second cell set. */
function withValues(values: Readonly<Record<string, number | string | null>>): Experiment {
  const cells = base.cells.map((row, i) =>
    i === 1 ? { ...row, values: { ...row.values, ...values } } : row,
  );
  return { ...base, cells };
}
const sampleValue = (metric: string) => base.cells[1]?.values[metric] as number;

describe('deterministic results', () => {
  it('pass when nothing changed, and every value was compared', () => {
    const report = compare(sampleExperiment(), [], true);
    expect([report.verdict, kinds(report)]).toEqual(['pass', []]);
    expect(report.compared).toEqual({ cells: 4, values: 4 * METRICS.length, times: 0 });
  });

  it('fail for one page more, in its worse direction', () => {
    const report = compare(withValues({ pswpout: sampleValue('pswpout') + 1 }));
    expect([report.verdict, kinds(report)]).toEqual(['fail', ['worse']]);
    expect(report.cells[0]?.findings[0]).toMatchObject({
      metric: 'pswpout',
      baseline: sampleValue('pswpout'),
      candidate: sampleValue('pswpout') + 1,
    });
    expect(kinds(compare(withValues({ saved_pages_mean: sampleValue('saved_pages_mean') - 1 })))).toEqual([
      'worse',
    ]);
  });

  it('report what is better, and fail for it only when strict', () => {
    const better = withValues({ pswpout: sampleValue('pswpout') - 1 });
    expect([compare(better).verdict, compare(better, [], true).verdict]).toEqual(['pass', 'fail']);
    expect(kinds(compare(better))).toEqual(['better']);
  });

  it('fail for any change of what has no better direction, or is a count of the trace', () => {
    for (const by of [-1, 1]) {
      expect(kinds(compare(withValues({ pgactivate: sampleValue('pgactivate') + by })))).toEqual(['changed']);
      const report = compare(withValues({ events: sampleValue('events') + by }));
      expect([report.verdict, kinds(report)]).toEqual(['fail', ['changed']]);
    }
  });

  it('fail when a value is not measured any more, or says nothing', () => {
    for (const value of [null, 'n/a']) {
      const report = compare(withValues({ minor_rate: value }));
      expect([report.verdict, kinds(report)]).toEqual(['fail', ['changed']]);
    }
  });

  it('may be off by a tolerance, which is told', () => {
    const worse = withValues({ pgscan_direct: sampleValue('pgscan_direct') + 5 });
    expect(compare(worse, ['pgscan_direct=4']).verdict).toBe('fail');
    expect(kinds(compare(worse, ['pgscan_direct=5']))).toEqual(['within-tolerance']);
    expect(compare(worse, ['pgscan_direct=50%'], true).verdict).toBe('pass');
  });

  it('put the worst cell and the worst metric first', () => {
    const cells = base.cells.map((row, i) => ({
      ...row,
      values: {
        ...row.values,
        pgfault: (row.values.pgfault as number) + i,
        pswpin: (row.values.pswpin as number) * (i + 1),
      },
    }));
    const report = compare({ ...base, cells: cells.slice(0, 3) });
    expect(
      report.cells.map(({ identity, findings }) => [
        identity.seed,
        findings.map(({ text }) => text.split(' ')[0]),
      ]),
    ).toEqual([
      ['seed-of-4', ['not']],
      ['seed-of-3', ['pswpin', 'pgfault']],
      ['seed-of-2', ['pswpin', 'pgfault']],
      ['seed-of-1', []],
    ]);
  });

  it('are matched by what was run, not by number or order', () => {
    const cells = [...base.cells].reverse().map((row, i) => ({ ...row, cell: String(i + 1) }));
    const draws = new Map(
      [...base.draws].map(([cell, rows]) => {
        const own = base.cells.length + 1 - cell;
        return [own, rows.map((row) => ({ ...row, cell: own }))];
      }),
    );
    expect(kinds(compare({ ...base, cells, draws }, [], true))).toEqual([]);
  });

  it('have nothing in common: an error, not a pass', () => {
    const cells = base.cells.map((row) => ({
      ...row,
      identity: { ...row.identity, seed: `${row.identity.seed}x` },
    }));
    expect(() => compare({ ...base, cells })).toThrow(
      'nothing to compare between sample and sample: no cell is measured in both',
    );
  });

  it('refuse a baseline that guards nothing', () => {
    const against = (change: (row: CellRow) => CellRow) => () =>
      compareResults(sampleResults({ ...base, cells: base.cells.map(change) }), sampleResults(base), {
        tolerances: new Map(),
        strict: false,
        allowTraceChange: false,
      });
    const guardsNothing =
      /this baseline guards nothing: it has 4 cells, and none with outcome ok and a metric/;
    for (const outcome of ['oom', 'refused', 'failed'])
      expect(against((row) => ({ ...row, outcome }))).toThrow(guardsNothing);
    const { events, touches } = base.cells[0]!.values;
    expect(against((row) => ({ ...row, values: { events: events!, touches: touches! } }))).toThrow(
      guardsNothing,
    );
    const none = { ...base, cells: [] };
    expect(() =>
      compareResults(sampleResults(none), sampleResults(base), {
        tolerances: new Map(),
        strict: false,
        allowTraceChange: false,
      }),
    ).toThrow(/it has 0 cells/);
  });

  it('tell what differs in how they were made', () => {
    const { manifest } = base;
    const other = {
      ...manifest,
      program: { ...manifest.program, version: '2.0.0' },
      costs: { sha256: 'c'.repeat(64) },
      policy_modules: ['mine.mjs'],
      cells: { planned: 9 },
    };
    const report = compare({ ...base, manifest: other });
    expect(report.verdict).toBe('pass');
    expect(report.general.map(({ text }) => text)).toEqual([
      'the candidate has 4 of 9 planned cells',
      'version of the program: 1.0.0 → 2.0.0',
      'cost table: bbbbbbbbbbbb → cccccccccccc',
      'policy modules: none → mine.mjs',
    ]);
  });
});

describe('wall times of results', () => {
  const options = { tolerances: new Map(), strict: false, allowTraceChange: false };

  it('are compared on one host only', () => {
    const perf = samplePerf('a', ['t'], 10);
    const elsewhere = samplePerf('b', ['t'], 10, 0.5, 'other');
    const report = compareResults(sampleResults(base, perf), sampleResults(base, elsewhere), options);
    expect([report.verdict, report.times]).toEqual(['pass', []]);
    expect(report.general.map(({ text }) => text)).toEqual([
      'wall times: different hosts (baseline host, candidate other)',
    ]);
    expect(() =>
      compareResults(sampleResults(undefined, perf), sampleResults(undefined, elsewhere), options),
    ).toThrow(/nothing to compare .*: there is no runs.csv in both; wall times: different hosts/);
  });

  it('are compared name by name where cells ran on several hosts', () => {
    const both = (...perfs: Perf[]): Perf => ({
      host: 'host, other',
      samples: new Map(perfs.flatMap(({ samples }) => [...samples])),
    });
    const baseline = both(samplePerf('a', ['t'], 10), samplePerf('a', ['u'], 10, 0, 'other'));
    const candidate = both(samplePerf('b', ['t'], 10, 0.5), samplePerf('b', ['u'], 10, 0.5));
    const { times } = compareResults(sampleResults(base, baseline), sampleResults(base, candidate), options);
    expect(times.find(({ name }) => name === 't')?.findings[0]?.kind).toBe('slower');
    expect(times.find(({ name }) => name === 'u')?.notCompared).toMatch(/^different hosts/);
  });

  it('of cells are matched by what was run', () => {
    const perf = samplePerf('a', ['cell/1', 'cell/2'], 4);
    const cells = base.cells.slice(1).map((row, i) => ({ ...row, cell: String(i + 1) }));
    const report = compareResults(
      sampleResults(base, perf),
      sampleResults({ ...base, cells }, samplePerf('a', ['cell/1'], 4)),
      options,
    );
    expect(report.times.map(({ name }) => name)).toEqual([expect.stringMatching(/^cell\/trace-of-2 /)]);
    expect(kinds(report)).toContain('missing-cell');
    expect(kinds(report)).not.toContain('missing-time');
  });

  it('alone cannot replace cells that a baseline has', () => {
    expect(() =>
      compareResults(sampleResults(base), sampleResults(undefined, samplePerf('a', ['t'], 4)), options),
    ).toThrow('sample: no runs.csv, expected one as in sample');
  });
});

describe('tolerances', () => {
  it('are refused when they are not tolerances', () => {
    for (const text of ['pgfault', 'pgfault=', 'pgfault=-1', 'pgfault=1 %', '=1'])
      expect(() => parseTolerances([text]), text).toThrow(/expected METRIC=N% or METRIC=N|unknown metric/);
    expect(() => parseTolerances(['pgfualt=1'])).toThrow(
      /unknown metric "pgfualt", .* did you mean pgfault\?/,
    );
    expect(() => parseTolerances(['pgfault=1%', 'pgscan_direct=2', 'pgfault=2'])).toThrow(
      '--tolerance has two for pgfault, expected one a metric',
    );
    expect(() => parseTolerances([`pgfault=${'9'.repeat(400)}`])).toThrow(/too large a number/);
    expect(() => parseTolerances(['wall_ns=5'])).toThrow(/wall times take a share only/);
  });
});
