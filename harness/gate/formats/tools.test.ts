/** What other tools read, read as they do: with their schemas, their parsers, or by their published grammar. */
import { Ajv } from 'ajv';
import { parse } from 'junit2json';
import { describe, expect, it } from 'vitest';
import { HEADLINE_METRICS } from '../../metrics/headline.js';
import { METRICS } from '../../metrics/schema.js';
import { cell, PASSED, REPORT } from '../../testing/gate-report.js';
import { selfTestReport } from '../../testing/gate-sample.js';
import { formatNamed } from './registry.js';

const said = (name: string, all = true) => formatNamed(name).text(REPORT, all);
const entriesOf = (text: string): { name: string }[] => JSON.parse(text);

/** Bencher Metric Format. Source: bencher.dev/bmf.json, draft 7. */
const BMF = {
  type: 'object',
  patternProperties: {
    '.+': {
      type: 'object',
      patternProperties: {
        '.+': {
          type: 'object',
          properties: {
            value: { type: 'number' },
            lower_value: { type: 'number' },
            upper_value: { type: 'number' },
          },
          required: ['value'],
        },
      },
    },
  },
};

/** What github-action-benchmark reads of each entry. Source: `BenchmarkResult` in src/extract.ts of its repository. */
const BENCHMARK_RESULTS = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1 },
      value: { type: 'number' },
      unit: { type: 'string' },
      range: { type: 'string' },
      extra: { type: 'string' },
    },
    required: ['name', 'value', 'unit'],
    additionalProperties: false,
  },
};

/** Whether JSON is what a schema says; the errors where it is not. */
function errors(schema: object, text: string): unknown {
  const validate = new Ajv().compile(schema);
  return validate(JSON.parse(text)) ? [] : validate.errors;
}

describe('Bencher', () => {
  it('has what its schema says, and names as short as it takes', () => {
    for (const all of [true, false]) expect(errors(BMF, said('bencher', all))).toEqual([]);
    const benchmarks: Record<string, object> = JSON.parse(said('bencher'));
    for (const [name, measures] of Object.entries(benchmarks)) {
      expect(name.length).toBeLessThanOrEqual(1024);
      for (const slug of Object.keys(measures)) expect(slug).toMatch(/^[a-z0-9-]{1,64}$/);
    }
  });
});

describe('github-action-benchmark', () => {
  it('has entries of its type, each under a name of its own', () => {
    for (const all of [true, false])
      for (const name of ['customSmallerIsBetter', 'customBiggerIsBetter']) {
        expect(errors(BENCHMARK_RESULTS, said(name, all))).toEqual([]);
        const names = entriesOf(said(name, all)).map((entry) => entry.name);
        expect(new Set(names).size).toBe(names.length);
      }
  });
});

describe('JUnit', () => {
  it('is read by a parser of others, which finds the cells, what failed, and why', async () => {
    const read = await parse(formatNamed('junit').text(REPORT, true));
    const [suite] = (read as { testsuite: NonNullable<Parameters<typeof casesOf>[0]>[] }).testsuite;
    const failed = casesOf(suite!).filter(({ failure }) => failure);
    expect(suite).toMatchObject({ tests: 6, failures: 2, skipped: 2, errors: 0 });
    expect(failed.map(({ name }) => name)).toEqual([REPORT.cells[0]!.name, REPORT.times[0]!.name]);
    expect(failed[0]!.failure![0]).toMatchObject({ type: 'worse' });
    expect(failed[0]!.failure![0]!.message).toMatch(/pgfault 100 → 120.*\$ reclaim replay/s);
  });
});

interface Suite {
  readonly testcase?: readonly {
    readonly name?: string;
    readonly failure?: readonly { readonly type?: string; readonly message?: string }[];
  }[];
}

function casesOf({ testcase }: Suite) {
  return testcase ?? [];
}

/** A line of Go's benchmark format. Source: golang.org/design/14313-benchmark-format, golang.org/x/perf/benchfmt. */
function kindOf(line: string): 'blank' | 'configuration' | 'unit' | 'result' | 'ignored' {
  if (line === '') return 'blank';
  // A key begins with a lower-case letter, and has neither spaces nor upper-case letters.
  if (/^\p{Ll}[^\s\p{Lu}]*:( |$)/u.test(line)) return 'configuration';
  if (/^Unit \S+( \S+=\S+)*$/.test(line)) return 'unit';
  const [name, iterations, ...measured] = line.split(/\s+/);
  if (!/^Benchmark(?!\p{Ll})/u.test(name!) || !/^\d+$/.test(iterations ?? '')) return 'ignored';
  const units = measured.filter((_, i) => i % 2 === 1);
  const numbers = measured.filter((_, i) => i % 2 === 0);
  // Each value has a unit, and no unit stands twice in a line.
  const good = measured.length > 0 && units.length === numbers.length && new Set(units).size === units.length;
  return good && numbers.every((text) => Number.isFinite(Number(text))) ? 'result' : 'ignored';
}

describe('benchstat', () => {
  it('finds a result or a configuration in every line', () => {
    for (const all of [true, false]) {
      const kinds = said('benchstat', all).split('\n').map(kindOf);
      expect(kinds.filter((kind) => kind === 'ignored')).toEqual([]);
      expect(kinds.filter((kind) => kind === 'configuration')).toHaveLength(2);
      expect(kinds).toContain('result');
    }
  });

  it('takes no end of a name for the number of processors', () => {
    const names = said('benchstat')
      .split('\n')
      .filter((line) => line.startsWith('Benchmark'));
    for (const line of names) expect(line.split(' ')[0]).not.toMatch(/-\d+$/);
  });
});

describe('histories', () => {
  it('have ten metrics a trace, as means over its cells, unless all are asked for', () => {
    const report = selfTestReport();
    const count = (name: string, all: boolean) => entriesOf(formatNamed(name).text(report, all)).length;
    const both = (all: boolean) => count('customSmallerIsBetter', all) + count('customBiggerIsBetter', all);
    // discard_pages has no better direction, which that tool would need.
    const traces = new Set(report.cells.map(({ trace }) => trace)).size;
    expect(both(false)).toBe(traces * (HEADLINE_METRICS.length - 1));
    const directed = METRICS.filter(({ better }) => better !== 'neither').length;
    expect(both(true)).toBe(report.cells.length * directed);
    const bencher: Record<string, object> = JSON.parse(formatNamed('bencher').text(report, false));
    expect(Object.values(bencher).map((measures) => Object.keys(measures).length)).toEqual(
      Array.from({ length: traces }, () => HEADLINE_METRICS.length),
    );
  });

  it('have the mean over the cells of a trace, and say of how many', () => {
    const two = { ...PASSED, cells: [cell('keep', []), cell('remove', [])] };
    const changed = two.cells[1]!.candidate.map((one) =>
      one.metric === 'stall_ns' ? { ...one, value: 703, draws: [700, 702, 707] } : one,
    );
    const report = { ...two, cells: [two.cells[0]!, { ...two.cells[1]!, candidate: changed }] };
    const bencher: Record<string, object> = JSON.parse(formatNamed('bencher').text(report, false));
    expect(bencher).toEqual({
      'zipf:pages=50, mean of 2 cells': {
        pgfault: { value: 120 },
        'saved-pages-mean': { value: 20.5 },
        'stall-ns': { value: 653, lower_value: 650, upper_value: 657 },
      },
    });
  });
});
