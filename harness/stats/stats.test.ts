import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from './latency.js';
import { RandomStreams, randomStream } from './random.js';

describe('random streams', () => {
  it('are the same for the same seed and purpose, and independent for others', () => {
    const draws = (seed: number, purpose: string) => {
      const random = randomStream(seed, purpose);
      return Array.from({ length: 5 }, random);
    };
    expect(draws(1, 'a')).toEqual(draws(1, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(1, 'b'));
    expect(draws(1, 'a')).not.toEqual(draws(2, 'a'));
    for (const value of draws(1, 'a')) expect(value >= 0 && value < 1).toBe(true);
  });

  it('are the same where several are in one array', () => {
    const purposes = ['a', 'b', 'c'];
    const streams = new RandomStreams(3, purposes);
    const alone = purposes.map((purpose) => randomStream(3, purpose));
    for (let i = 0; i < 3000; i++) expect(streams.next((i * 7) % 3)).toBe(alone[(i * 7) % 3]!());
  });
});

describe('latency histograms', () => {
  it('give percentiles to three digits, and the largest value exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5e9 }), { minLength: 1, maxLength: 200 }),
        (latencies) => {
          const histogram = new LatencyHistogram();
          for (const ns of latencies) histogram.record(ns);
          const sorted = [...latencies].sort((a, b) => a - b);
          for (const percent of [50, 99, 99.9]) {
            const exact = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
            expect(Math.abs(histogram.percentile(percent) - exact) / exact).toBeLessThanOrEqual(0.001);
          }
          expect(histogram.max).toBe(sorted.at(-1));
        },
      ),
    );
  });

  it('have the percentiles of HdrHistogram, over two of them too', () => {
    const ns = fc.oneof(
      fc.nat(3000),
      fc.nat(2 ** 31 - 1),
      fc.nat(2 ** 31 - 1).map((n) => n * 4096),
    );
    fc.assert(
      fc.property(fc.array(ns, { minLength: 1, maxLength: 60 }), fc.nat(60), (latencies, cut) => {
        const library = build({
          highestTrackableValue: 3.6e12,
          numberOfSignificantValueDigits: 3,
          bitBucketSize: 64,
        });
        for (const value of latencies) library.recordValue(Math.min(3.6e12, Math.max(1, value)));
        const [all, rest] = [new LatencyHistogram(), new LatencyHistogram()];
        for (const value of latencies.slice(0, cut)) all.record(value);
        rest.recordAll(Float64Array.from(latencies), Math.min(cut, latencies.length), latencies.length);
        for (const percent of [1, 50, 90, 99, 99.9, 100])
          expect(all.percentile(percent, rest)).toBe(library.getValueAtPercentile(percent));
        expect(Math.max(all.max, rest.max)).toBe(Math.max(1, ...latencies));
      }),
    );
  });

  it('count many equal latencies at once, and say 0 when there are none', () => {
    const histogram = new LatencyHistogram();
    expect([histogram.percentile(99), histogram.max]).toEqual([0, 0]);
    histogram.record(9, 1e9);
    histogram.record(5000, 1);
    histogram.record(7, 0);
    expect([histogram.percentile(99), histogram.max]).toEqual([9, 5000]);
  });
});
