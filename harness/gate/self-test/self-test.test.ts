import { describe, expect, it } from 'vitest';
import { DRAWN_METRICS, METRICS } from '../../metrics/schema.js';
import { sampleExperiment } from './sample.js';
import { selfTest } from './self-test.js';

describe('the self-test of the gate', () => {
  it('catches every metric and every class, and passes noise', () => {
    const checks = selfTest();
    for (const { name, passed, of } of checks) expect([name, passed], name).toEqual([name, of]);
    const metrics = checks.filter(({ name }) => name.includes('each metric worse'));
    expect(metrics.map(({ name }) => name.split(':')[0])).toEqual([
      ...new Set(METRICS.map(({ group }) => group)),
    ]);
    expect(metrics.reduce((sum, { of }) => sum + of, 0)).toBe(METRICS.length);
    expect(checks.find(({ name }) => name.startsWith('draws:'))).toMatchObject({
      wanted: 'fails',
      of: DRAWN_METRICS.length,
    });
  });

  it('shows what results do not measure: nothing can be injected there', () => {
    const { cells, ...others } = sampleExperiment();
    const isMerge = (name: string) => METRICS.find((metric) => metric.name === name)?.group === 'merge';
    const without = cells.map((row) => ({
      ...row,
      values: Object.fromEntries(
        Object.entries(row.values).map(([name, value]) => [name, isMerge(name) ? null : value]),
      ),
    }));
    const checks = selfTest({ ...others, cells: without, draws: new Map() });
    for (const none of ['merge:', 'draws:'])
      expect(checks.find(({ name }) => name.startsWith(none))).toMatchObject({ passed: 0, of: 0 });
  });
});
