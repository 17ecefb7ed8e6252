import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCosts } from '../../cost/table.js';
import { type SimulatedMachine, simulated } from '../../machine/target.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { randomTrace } from '../../testing/fuzz/lockstep.js';
import { MACHINES } from '../../testing/fuzz/machines.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { timed, traceOf } from '../../testing/traces.js';
import type { Trace } from '../../trace/trace.js';
import { replay } from '../replay.js';
import { lanesOf } from './lanes.js';
import { TimelineRecorder } from './recorder.js';
import { type Slice, Slices } from './slices.js';
import { type Timeline, type TraceEvent, timelineOf } from './trace-event.js';

const COSTS = loadCosts();

async function watch(trace: Trace, limit: number | 'none', mostSlices?: number, discard = 'remove') {
  const recorder = new TimelineRecorder(trace, mostSlices);
  const result = await replay<SimulatedMachine>(trace, {
    machine: simulated,
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'ssd',
    limit,
    seed: 1,
    costs: COSTS,
    timeline: true,
    ...recorder.hooks,
  });
  return { result, timeline: timelineOf(recorder, result.timeline, result.spaces, { trace: 'test' }) };
}

function eventsIn({ text }: Timeline): TraceEvent[] {
  return (JSON.parse(text) as { traceEvents: TraceEvent[] }).traceEvents;
}

/** What is wrong with events by the rules of the format; nothing where nothing is. */
function broken(events: readonly TraceEvent[]): string[] {
  const named = new Set(
    events
      .filter(({ ph, name }) => ph === 'M' && name.endsWith('_name'))
      .map(({ name, pid, tid }) => (name === 'process_name' ? `${pid}` : `${pid}/${tid}`)),
  );
  const wrong = events.flatMap((event) => {
    const { ph, ts, dur, pid, tid, args } = event;
    const numbers = [pid, tid, ...(ph === 'M' ? [] : [ts]), ...(ph === 'X' ? [dur] : [])];
    const good =
      numbers.every((value) => Number.isFinite(value) && value! >= 0) &&
      named.has(`${pid}`) &&
      (ph !== 'X' || named.has(`${pid}/${tid}`)) &&
      (ph !== 'C' || Object.values(args!).every((value) => Number.isFinite(value))) &&
      (ph !== 'i' || event.s === 'g');
    return good ? [] : [`malformed: ${JSON.stringify(event)}`];
  });
  return [...wrong, ...overlaps(events)];
}

const ns = (us: number) => Math.round(us * 1000);

/** Slices of a row that are neither separate nor one within the other: a viewer cannot show these. */
function overlaps(events: readonly TraceEvent[]): string[] {
  const open = new Map<string, number[]>();
  return events.flatMap(({ ph, pid, tid, ts, dur }) => {
    if (ph !== 'X') return [];
    const key = `${pid}/${tid}`;
    const [start, end] = [ns(ts!), ns(ts!) + ns(dur!)];
    const ends = (open.get(key) ?? []).filter((until) => until > start);
    open.set(key, [...ends, end]);
    return ends.every((until) => end <= until) ? [] : [`${key}: ${start} to ${end} ns leaves its parent`];
  });
}

describe('a timeline', () => {
  it('has what events stalled, their parts, memory, marks and names', async () => {
    const trace = traceOf(
      [
        '0,spawn,7,,,server',
        '0,map,7,0,64,anon',
        '0,write,7:3,0,64,',
        '100,mark,,,,half',
        '200,madvise,7,0,64,MADV_DONTNEED',
        '900,mark,,,,end',
      ]
        .join('\n')
        .concat('\n'),
    );
    const { timeline } = await watch(trace, 'none');
    const events = eventsIn(timeline);
    const named = (name: string) => events.filter((event) => event.name === name);
    expect(broken(events)).toEqual([]);
    expect(named('process_name').map(({ args }) => args!.name)).toEqual(['machine', 'server (space 7)']);
    expect(named('thread_name').map(({ args }) => args!.name)).toEqual(['thread 3', 'thread 0']);
    expect(named('write')).toHaveLength(1);
    expect(named('minor faults')[0]).toMatchObject({ ts: 0, dur: named('write')[0]!.dur });
    expect(named('madvise MADV_DONTNEED')[0]).toMatchObject({ ts: 200, args: { page: 0, count: 64 } });
    expect(events.filter(({ ph }) => ph === 'i').map(({ ts, name }) => [ts, name])).toEqual([
      [100, 'half'],
      [900, 'end'],
    ]);
    const resident = named('memory, MiB').map(({ ts, args }) => [ts, args!.resident]);
    expect(resident).toContainEqual([900, 0]);
    expect(Math.max(...resident.map(([, mib]) => Number(mib)))).toBe(0.25);
    expect(named('lists, MiB').length).toBeGreaterThan(0);
    expect(timeline.leftOut).toMatchObject({ slices: 2, shown: 2, instants: 0 });
  });

  it('has calls that timers of a policy make, also for a forked child that does nothing', async () => {
    const lines = ['0,spawn,7,,,server', '0,map,7,0,64,anon', '0,write,7,0,64,', '100,discard,7,0,64,'];
    const given = traceOf(`${[...lines, '150,fork,7,,,8', '900,mark,,,,end'].join('\n')}\n`);
    const { result, timeline } = await watch(given, 'none', undefined, 'dontneed:delay=200us');
    const events = eventsIn(timeline);
    expect(broken(events)).toEqual([]);
    const discards = events.filter(({ name }) => name === 'discard');
    expect(discards).toMatchObject([
      { ts: 300, args: { count: 0 } },
      { ts: 300, args: { count: 0 } },
    ]);
    const whole = events.filter(({ cat }) => cat === 'event');
    const sum = whole.reduce((total, { dur }) => total + dur! * 1000, 0);
    expect(Math.abs(sum - result.metrics.stall_ns)).toBeLessThan(whole.length + 1);
  });

  it('keeps to the rules of the format, and all that was stalled is in it, on random traces', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomTrace(MACHINES.linux, 60),
        fc.constantFrom('none' as const, 40),
        async (lines, limit) => {
          const { result, timeline } = await watch(timed(lines), limit);
          const events = eventsIn(timeline);
          expect(broken(events)).toEqual([]);
          const whole = events.filter(({ cat }) => cat === 'event');
          const parts = events.filter(({ cat }) => cat === 'stall');
          const sum = (all: readonly TraceEvent[]) => all.reduce((total, { dur }) => total + dur! * 1000, 0);
          if (result.outcome === 'ok')
            expect(Math.abs(sum(whole) - result.metrics.stall_ns)).toBeLessThan(parts.length + 1);
          expect(Math.abs(sum(whole) - sum(parts))).toBeLessThan(parts.length + 1);
        },
      ),
      { numRuns: propertyRuns(100) },
    );
  });

  it('is bounded: of more, it shows what stalled longest, and says what it left out', async () => {
    const writes = Array.from({ length: 100 }, (_, i) => `${10_000 * i},write,1,${i * i},${i + 1},`);
    const { timeline } = await watch(
      traceOf(`0,spawn,1,,,\n0,map,1,0,20000,anon\n${writes.join('\n')}\n`),
      'none',
      10,
    );
    const shown = eventsIn(timeline).filter(({ cat }) => cat === 'event');
    expect(shown).toHaveLength(10);
    expect(timeline.leftOut).toMatchObject({ shown: 10 });
    expect(timeline.leftOut.slices).toBeGreaterThanOrEqual(100);
    expect(Math.min(...shown.map(({ dur }) => dur! * 1000))).toBeCloseTo(timeline.leftOut.shortestNs, 0);
  });
});

function slice(timeUs: number, stallNs: number, thread = 0): Slice {
  const partsNs = new Float64Array(9);
  partsNs[0] = stallNs;
  return { timeUs, stallNs, partsNs, space: 1, thread, op: 0, text: -1, page: 0, count: 1 };
}

describe('slices', () => {
  it('keep the longest, the first of equals, in their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        (lengths, most) => {
          const slices = new Slices(most);
          for (const [i, length] of lengths.entries()) slices.add(slice(i, length));
          const wanted = lengths
            .map((length, i) => [i, length] as const)
            .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
            .slice(0, most)
            .toSorted((a, b) => a[0] - b[0]);
          expect(slices.kept().map(({ timeUs, stallNs }) => [timeUs, stallNs])).toEqual(wanted);
          expect([slices.seen, slices.seenNs]).toEqual([lengths.length, lengths.reduce((a, b) => a + b, 0)]);
        },
      ),
    );
  });
});

describe('lanes', () => {
  it('have no overlap, and as few as need be', () => {
    const { lanes, leftOut } = lanesOf([
      slice(0, 5000),
      slice(1, 1000),
      slice(2, 1000),
      slice(5, 1),
      slice(5, 1, 2),
    ]);
    expect(
      lanes.map(({ thread, lane, slices }) => [thread, lane, slices.map(({ timeUs }) => timeUs)]),
    ).toEqual([
      [0, 0, [0, 5]],
      [0, 1, [1, 2]],
      [2, 0, [5]],
    ]);
    expect(leftOut).toBe(0);
    expect(lanesOf(Array.from({ length: 20 }, (_, i) => slice(i, 1e6))).leftOut).toBe(12);
  });
});
