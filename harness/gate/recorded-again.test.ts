import { describe, expect, it } from 'vitest';
import { HEADLINE_METRICS } from '../metrics/headline.js';
import { METRICS } from '../metrics/schema.js';
import { randomStream } from '../stats/random.js';
import { compareResults } from './compare.js';
import type { Experiment } from './read/results.js';
import type { CellRow } from './read/runs.js';
import { AGAIN_GUARDED, AGAIN_TOLERANCES } from './recorded-again.js';
import { allFindings, type GateOptions } from './report.js';
import { sampleExperiment, sampleResults } from './self-test/sample.js';
import { parseTolerances } from './tolerance.js';

/** The sample with values as large as those of programs. */
const base: Experiment = scaled(sampleExperiment(), () => 1000);

/** All metrics of all cells times a factor, with draws that follow. */
function scaled(from: Experiment, factor: (metric: string) => number): Experiment {
  const cells = from.cells.map((row): CellRow => {
    const values = METRICS.map(({ name }) => [name, (row.values[name] as number) * factor(name)] as const);
    return { ...row, values: { ...row.values, ...Object.fromEntries(values) } };
  });
  return { ...from, cells, draws: new Map() };
}

/** The same, of a trace that was recorded again: it has other events, and another hash. */
function again(factor: (metric: string) => number): Experiment {
  const other = scaled(base, factor);
  const cells = other.cells.map((row) => ({
    ...row,
    traceSha256: 'e'.repeat(64),
    values: { ...row.values, events: 1007, trace_time_us: 1.7e6, limit_pages: 99 },
  }));
  return { ...other, cells };
}

function compare(candidate: Experiment, options: Partial<GateOptions> = {}) {
  return compareResults(sampleResults(base), sampleResults(candidate), {
    tolerances: new Map(),
    strict: false,
    allowTraceChange: true,
    ...options,
  });
}
const failures = (report: ReturnType<typeof compare>) =>
  allFindings(report).filter(({ finding }) => finding.level === 'failure');

describe('a trace that was recorded again', () => {
  it('is compared when that is asked for, with both hashes and its counts in the report', () => {
    const report = compare(again(() => 1));
    expect(report.verdict).toBe('pass');
    expect(report.compared.cells).toBe(4);
    expect(report.general.filter(({ kind }) => kind === 'trace-changed').map(({ text }) => text)).toContain(
      'trace-of-1, replicate replicate-of-1: SHA-256 aaaaaaaaaaaa… → eeeeeeeeeeee…, events 1000 → 1007, trace_time_us 1000000 → 1700000',
    );
    expect(report.general.every(({ level }) => level === 'notice')).toBe(true);
  });

  it('is not compared otherwise, and when nothing is left to compare that is no pass', () => {
    expect(
      compare(
        again(() => 1),
        { allowTraceChange: false },
      ).verdict,
    ).toBe('fail');
    const { cells } = again(() => 1);
    const none = cells.map((row) => ({ ...row, identity: { ...row.identity, trace: 'renamed' } }));
    expect(() => compare({ ...base, cells: none })).toThrow(/nothing to compare/);
  });

  it('passes ten times with the scatter of recordings, also when strict', () => {
    for (let run = 0; run < 10; run++) {
      const random = randomStream(run, 'recorded again');
      // Means over time follow the pace of the host.
      const factor = (metric: string) => 1 + (random() - 0.5) * (metric.endsWith('_mean') ? 0.5 : 0.01);
      const report = compare(again(factor), { strict: true });
      expect(failures(report)).toEqual([]);
      expect(report.verdict).toBe('pass');
    }
  });

  it('fails for 5 % less that is given back, and names the tolerance and the command', () => {
    const report = compare(again((metric) => (metric === 'discard_pages' ? 0.95 : 1)));
    expect(report.verdict).toBe('fail');
    expect(failures(report)[0]!.finding.text).toMatch(
      /^discard_pages \d+ → \d+(\.\d+)? \(-5\.0 %\), tolerance 2 % or 8 pages$/,
    );
    expect(report.cells[0]!.reproduce[0]).toMatch(/^reclaim replay trace-of-/);
  });

  it('fails for a guarded metric beyond its tolerance; others are told, unless they are named', () => {
    for (const { name, better } of METRICS) {
      const factor = (metric: string) => (metric === name ? (better === 'higher' ? 0.8 : 1.2) : 1);
      const report = compare(again(factor));
      expect([name, report.verdict]).toEqual([name, AGAIN_GUARDED.has(name) ? 'fail' : 'pass']);
      expect(allFindings(report).some(({ finding }) => finding.metric === name)).toBe(true);
      const named = compare(again(factor), { tolerances: parseTolerances([`${name}=1%`]) });
      expect([name, named.verdict]).toEqual([name, 'fail']);
    }
  });

  it('has other tolerances where they are given, by metric or by class', () => {
    const worse = again((metric) => (metric === 'stall_ns' ? 1.2 : 1));
    const verdict = (...texts: string[]) => compare(worse, { tolerances: parseTolerances(texts) }).verdict;
    expect(verdict('time=30%')).toBe('pass');
    expect(verdict('time=30%', 'stall_ns=1%')).toBe('fail');
    expect(verdict('stall_ns=30%')).toBe('pass');
    expect(verdict('memory=30%')).toBe('fail');
  });

  it('leaves cells alone whose trace did not change: these stay exact', () => {
    const cells = base.cells.map((row) => ({
      ...row,
      values: { ...row.values, pgfault: (row.values.pgfault as number) + 1 },
    }));
    expect(compare({ ...base, cells }).verdict).toBe('fail');
  });

  it('guards the headline but what follows the pace, and knows what each metric may change by', () => {
    expect(HEADLINE_METRICS.filter((name) => !AGAIN_GUARDED.has(name))).toEqual([
      'footprint_pages_mean',
      'saved_pages_mean',
    ]);
    expect(AGAIN_TOLERANCES.size).toBe(METRICS.length);
  });
});
