import { describe, expect, it } from 'vitest';
import { noiseOfMedian } from '../stats/median.js';
import { samplePerf } from './self-test/sample.js';
import { compareSamples, compareTimes, LEAST_EFFECT } from './times.js';

const NAMES = Array.from({ length: 20 }, (_, i) => `t${i}`);
const compared = (...perfs: [ReturnType<typeof samplePerf>, ReturnType<typeof samplePerf>]) =>
  compareTimes({ baseline: perfs[0], candidate: perfs[1] }, LEAST_EFFECT);
const kinds = (reports: ReturnType<typeof compareTimes>) =>
  reports.flatMap(({ findings }) => findings.map(({ kind }) => kind));

describe('wall times', () => {
  const baseline = samplePerf('baseline', NAMES, 10);

  it('are found to be 5 % slower, and 5 % faster', () => {
    expect(kinds(compared(baseline, samplePerf('slow', NAMES, 10, 0.05)))).toEqual(NAMES.map(() => 'slower'));
    expect(kinds(compared(baseline, samplePerf('fast', NAMES, 10, -0.05)))).toEqual(
      NAMES.map(() => 'faster'),
    );
  });

  it('raise no alarm for the noise of ten reruns', () => {
    const one = samplePerf('one', ['t'], 10);
    for (let run = 0; run < 10; run++)
      expect(kinds(compared(one, samplePerf(`noise ${run}`, ['t'], 10)))).toEqual([]);
  });

  it('raise no alarm for the noise of ten reruns of twenty things, with the second run that comes before an alarm', () => {
    for (let run = 0; run < 10; run++) {
      const candidate = samplePerf(`noise ${run}`, NAMES, 10);
      const reruns = {
        baseline: samplePerf(`again ${run}`, NAMES, 10),
        candidate: samplePerf(`noise again ${run}`, NAMES, 10),
      };
      expect(kinds(compareTimes({ baseline, candidate, reruns }, LEAST_EFFECT))).not.toContain('slower');
    }
  });

  it('need an effect besides a small p', () => {
    const a = [100, 100.1, 100.2, 100.3, 100.4, 100.5];
    const slightly = compareSamples(
      a,
      a.map((ns) => ns + 0.6),
      LEAST_EFFECT,
    );
    expect(slightly.p).toBeLessThan(0.01);
    expect([slightly.noise, slightly.verdict]).toEqual([LEAST_EFFECT, 'same']);
  });

  it('need a small p besides an effect', () => {
    const { p, verdict } = compareSamples([100, 100, 100, 100], [90, 120, 121, 122], LEAST_EFFECT);
    expect(p).toBeGreaterThan(0.05);
    expect(verdict).toBe('same');
  });

  it('have the noise of their own baseline, and say when that hides a slowdown of 5 %', () => {
    const wild = [100, 130, 90, 145, 105];
    const noise = noiseOfMedian(wild, [5, 5]);
    expect(noise).toBe(noiseOfMedian(wild, [5, 5]));
    expect(noise).toBeGreaterThan(0.3);
    expect(noise).toBeLessThanOrEqual(145 / 90 - 1);
    const perf = (wallNs: number[]) => ({
      host: 'h',
      samples: new Map([['t', { events: 1, wallNs, host: 'h' }]]),
    });
    const [report] = compared(perf(wild), perf(wild.map((ns) => ns * 1.05)));
    expect(report?.findings).toMatchObject([{ kind: 'too-noisy', level: 'notice' }]);
    expect(noiseOfMedian([5, 5, 5], [3, 3])).toBe(0);
  });

  it('are not compared with few samples, or different work', () => {
    const few = compared(samplePerf('a', ['t'], 3), samplePerf('b', ['t'], 10));
    expect(few).toMatchObject([{ notCompared: 'fewer than 4 samples a side', findings: [] }]);
    const other = {
      host: 'host',
      samples: new Map([['t0', { events: 5, wallNs: [1, 2, 3, 4], host: 'host' }]]),
    };
    expect(compared(baseline, other)[0]).toMatchObject({
      notCompared: 'different work: 1000000 events, then 5',
    });
  });

  it('fail when a second run confirms it, and only then', () => {
    const slow = samplePerf('slow', ['t'], 10, 0.05);
    const usual = samplePerf('baseline', ['t'], 10);
    const run = (candidate: ReturnType<typeof samplePerf>) =>
      compareTimes(
        { baseline: usual, candidate: slow, reruns: { baseline: samplePerf('again', ['t'], 10), candidate } },
        LEAST_EFFECT,
      )[0]?.findings;
    expect(run(samplePerf('slow again', ['t'], 10, 0.05))).toMatchObject([
      { kind: 'slower', level: 'failure', text: expect.stringMatching(/^\+.*; when rerun: \+/) },
    ]);
    expect(run(samplePerf('quiet', ['t'], 10))).toMatchObject([{ kind: 'not-confirmed', level: 'notice' }]);
  });

  it('tell what only one side has', () => {
    const only = (name: string) => samplePerf('x', [name], 10);
    expect(kinds(compared(only('a'), only('b')))).toEqual(['missing-time', 'new-time']);
  });
});
