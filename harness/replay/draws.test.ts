import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { meanOfDraws } from '../metrics/draws.js';
import type { DrawTimes } from '../metrics/files.js';
import { DRAWN_METRICS, PRESSURE_METRICS } from '../metrics/schema.js';
import { run, type TestRun } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { type Step as RandomStep, stepOf } from '../testing/steps.js';
import { traceOf } from '../testing/traces.js';

/** Stands for the number of a draw in the names of device streams: a replay of one draw then has the latencies of that one. */
const stream = vi.hoisted(() => ({ suffix: '' }));
vi.mock('../stats/random.js', async (original) => {
  const { RandomStreams, ...others } = await original<typeof import('../stats/random.js')>();
  const purposeOf = (purpose: string) => (/^device\/\w+$/.test(purpose) ? purpose + stream.suffix : purpose);
  class Renamed extends RandomStreams {
    constructor(seed: number, purposes: readonly string[]) {
      super(seed, purposes.map(purposeOf));
    }
  }
  return { ...others, RandomStreams: Renamed };
});

const DRAWS = 3;
const PAGES = 24;
const OPS = ['read', 'write', 'read', 'write', 'pread', 'pwrite', 'file', 'unpin', 'pin', 'discard'] as const;

type Step = RandomStep<(typeof OPS)[number]>;
const step = stepOf(OPS, 3, PAGES);

function lineOf({ op, space, thread, page, count }: Step): string {
  const by = `${space}:${thread}`;
  if (op === 'file') return `read,${by},${200 + page},${count},`;
  if (op === 'pread' || op === 'pwrite') return `${op},${by},${page},${count},f`;
  if (op === 'unpin') return `unpin,${by},${page},${count},regen_ns=${1000 * count}`;
  return `${op},${by},${page},${count},`;
}

/** Two spaces, each with memory of its own, memory that they share, and a file. */
function textOf(steps: readonly Step[]): string {
  const setUp = [
    `object,,,${PAGES},shmem:o`,
    `object,,,${PAGES},file:f`,
    ...[1, 2].flatMap((space) => [
      `spawn,${space},,,`,
      `map,${space},0,12,anon`,
      `map,${space},12,${PAGES - 12},shared:o@12`,
      `map,${space},200,${PAGES},shared:f@0`,
      `write,${space},0,${PAGES},`,
    ]),
  ];
  let us = 0;
  const rest = steps.map((one) => {
    us += one.afterUs;
    return `${us},${lineOf(one)}`;
  });
  return `${[...setUp.map((line) => `0,${line}`), ...rest].join('\n')}\n`;
}

const setup: fc.Arbitrary<TestRun> = fc.record({
  swap: fc.constantFrom('none' as const, 'ssd' as const, 'zram' as const),
  discard: fc.constantFrom('keep', 'punch', 'volatile:regen=page', 'volatile', 'dontneed'),
  purge: fc.constantFrom('range-lru', 'page-lru'),
  limit: fc.constantFrom(20, 30, 40),
  memory: fc.constantFrom(undefined, 60) as fc.Arbitrary<never>,
  merge: fc.constantFrom('none', 'ksm'),
});

/** Times of draws that may differ in the last ns: the sums of one are not added up in the order of another. */
function expectSame(actual: DrawTimes, expected: DrawTimes): void {
  for (const name of DRAWN_METRICS)
    if (name.startsWith('stalls_over')) expect(actual[name], name).toBe(expected[name]);
    else
      expect(Math.abs(actual[name] - expected[name]), name).toBeLessThanOrEqual(name === 'stall_ns' ? 3 : 1);
}

const NOT_DRAWN = (row: object) =>
  Object.entries(row).filter(([name]) => !(DRAWN_METRICS as readonly string[]).includes(name));

/** What does not hang on a draw: memory pressure is that of the first. */
const NOT_DRAWN_ALONE = (row: object) =>
  NOT_DRAWN(row).filter(([name]) => !(PRESSURE_METRICS as readonly string[]).includes(name));

beforeEach(() => {
  stream.suffix = '';
});

describe('draws of device latency that one replay books', () => {
  it('are replays of their own with other latencies, and all else is the same', async () => {
    let differed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
        setup,
        async (steps, how) => {
          const text = textOf(steps);
          stream.suffix = '';
          const one = await run(traceOf(text), how);
          const all = await run(traceOf(text), { ...how, draws: DRAWS });
          expect(all.draws).toHaveLength(DRAWS);
          // The first is what a replay of one draw has, to the last digit.
          expect(all.draws[0]).toEqual(one.draws[0]);
          expect([NOT_DRAWN(all.metrics), all.calls, all.timeline]).toEqual([
            NOT_DRAWN(one.metrics),
            one.calls,
            one.timeline,
          ]);
          expect(all.metrics).toMatchObject(meanOfDraws(all.draws));
          for (let draw = 2; draw <= DRAWS; draw++) {
            stream.suffix = `/${draw}`;
            const alone = await run(traceOf(text), how);
            expectSame(all.draws[draw - 1]!, alone.draws[0]!);
            // No latency has reached a decision.
            expect([
              NOT_DRAWN_ALONE(alone.metrics),
              alone.calls,
              alone.timeline.map(NOT_DRAWN_ALONE),
            ]).toEqual([NOT_DRAWN_ALONE(one.metrics), one.calls, one.timeline.map(NOT_DRAWN_ALONE)]);
            if (alone.draws[0]!.stall_ns !== one.draws[0]!.stall_ns) differed++;
          }
        },
      ),
      { numRuns: propertyRuns(80) },
    );
    expect(differed).toBeGreaterThan(propertyRuns(40));
  });

  it('are one, with nothing beyond it, where no device is read', async () => {
    const { draws, metrics } = await run(traceOf('0,spawn,1,,,\n0,map,1,0,9,anon\n5,write,1,0,9,\n'), {
      draws: 5,
    });
    expect(draws).toHaveLength(5);
    for (const draw of draws) expect(draw).toEqual(draws[0]);
    expect(metrics.stall_ns).toBe(draws[0]!.stall_ns);
  });

  it('are paid by spaces as their mean', async () => {
    const text = textOf([{ op: 'file', space: 1, thread: 0, page: 0, count: 12, afterUs: 5 }]);
    const { draws, spaces } = await run(traceOf(text), { draws: 4 });
    expect(new Set(draws.map((draw) => draw.stall_major_ns)).size).toBe(4);
    const mean = draws.reduce((sum, draw) => sum + draw.stall_major_ns, 0) / 4;
    expect(Math.abs(spaces.find(({ space }) => space === 1)!.stall_major_ns! - mean)).toBeLessThanOrEqual(1);
  });
});
