import { describe, expect, it } from 'vitest';
import { run, type TestRun } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';

/** A second, in µs: longer than what an event here stalls. */
const S = 1e6;

/** Replays events, one a second, but for those in an array, which are at the same time. */
async function replayed(events: readonly (string | readonly string[])[], options: TestRun = {}) {
  const lines = events.flatMap((at, i) => [at].flat().map((event) => `${i * S},${event}`));
  const { metrics, groups, timeline } = await run(traceOf(`${lines.join('\n')}\n`), {
    swap: 'zram',
    timeline: true,
    ...options,
  });
  return { ...metrics, timeline, of: Object.fromEntries(groups.map((row) => [row.cgroup, row])) };
}

const us = (ns: number) => Math.floor(ns / 1000);

/** A program that writes twice as many pages as fit. */
const THRASHING = ['spawn,1,,,', 'limit,,,100,', 'map,1,0,200,anon', 'write,1,0,200,', 'write,1,0,200,'];

describe('memory pressure', () => {
  it('is 0 where memory is never short', async () => {
    const { psi_some_us, psi_full_us, stall_ns } = await replayed(THRASHING, { limit: 'none' });
    expect([psi_some_us, psi_full_us]).toEqual([0, 0]);
    expect(stall_ns).toBeGreaterThan(0);
  });

  it('of one program is its direct reclaim, and its waits for pages that come back', async () => {
    const { psi_some_us, psi_full_us, stall_reclaim_ns, io_wait_ns, pgmajfault } = await replayed(THRASHING, {
      reclaim: 'lru',
    });
    expect(pgmajfault).toBe(200);
    expect(psi_some_us).toBe(us(stall_reclaim_ns + io_wait_ns));
    expect(psi_full_us).toBe(psi_some_us);
  });

  it('with linux, waits for pages that were not of the working set are none', async () => {
    const { psi_some_us, stall_reclaim_ns, pgmajfault } = await replayed(THRASHING);
    expect(pgmajfault).toBe(200);
    expect(psi_some_us).toBe(us(stall_reclaim_ns));
  });

  it('of two threads that stall at the same time is that of the longer, and of programs in turn the sum', async () => {
    const program = (n: number) => [`spawn,${n},,,cgroup=g/p${n}`, `map,${n},0,200,anon`];
    const write = (n: number) => `write,${n},0,200,`;
    const files = ['cgroup,,,,g/p1 memory.max=100', 'cgroup,,,,g/p2 memory.max=100'];
    const setUp = [...files, ...program(1), ...program(2)];
    const inTurn = await replayed([...setUp, write(1), write(2)]);
    const together = await replayed([...setUp, [write(1), write(2)]]);
    const [one, two] = ['g/p1', 'g/p2'].map((group) => inTurn.of[group]!.psi_some_us) as [number, number];
    expect(one).toBeGreaterThan(0);
    expect(inTurn.of.g!.psi_some_us).toBeCloseTo(one + two, -1);
    expect(together.of['g/p1']!.psi_some_us).toBe(one);
    expect(together.of.g!.psi_some_us).toBe(Math.max(one, two));
    expect(together.psi_some_us).toBe(Math.max(one, two));
  });

  it('counts the time held above memory.high', async () => {
    const { of } = await replayed(
      [
        'cgroup,,,,a memory.high=2048',
        'spawn,1,,,cgroup=a',
        'map,1,0,4096,anon',
        'write,1,0,2500,',
        'write,1,2500,500,',
      ],
      { swap: 'none' },
    );
    expect(of.a!.throttle_ns).toBeGreaterThan(S);
    expect(of.a!.psi_some_us).toBeGreaterThanOrEqual(us(of.a!.throttle_ns));
    expect(of.a!.psi_some_us).toBeLessThan(us(of.a!.throttle_ns) + 2000);
  });

  it('leaves out reclaim that is asked for, and that of a bound which is set', async () => {
    const { of, stall_reclaim_ns } = await replayed([
      'cgroup,,,,a',
      'spawn,1,,,cgroup=a',
      'map,1,0,400,anon',
      'write,1,0,400,',
      'cgroup,1,,,a memory.reclaim=100',
      'cgroup,1,,,a memory.max=200',
    ]);
    expect(of.a!.pgsteal).toBeGreaterThanOrEqual(200);
    expect(stall_reclaim_ns).toBeGreaterThan(0);
    expect(of.a!.psi_some_us).toBe(0);
  });

  it('has the work of kswapd, for the machine', async () => {
    const { psi_some_us, daemon_ns, stall_reclaim_ns } = await replayed(
      ['spawn,1,,,', 'map,1,0,4000,anon', ...Array.from({ length: 300 }, (_, i) => `write,1,${i * 8},8,`)],
      { memory: 2048 },
    );
    expect(stall_reclaim_ns).toBe(0);
    expect(daemon_ns).toBeGreaterThan(10_000);
    expect(psi_some_us).toBe(us(daemon_ns));
  });

  it('is in the timeline, where it never falls, with the average over 10 s', async () => {
    const rounds = Array.from({ length: 30 }, () => 'write,1,0,200,');
    const { timeline, psi_some_us } = await replayed([...THRASHING, ...rounds]);
    const totals = timeline.map((row) => row.psi_some_us);
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    expect(totals.at(-1)).toBeLessThanOrEqual(psi_some_us as number);
    expect(totals.at(-1)).toBeGreaterThan(0.9 * (psi_some_us as number));
  });
});
