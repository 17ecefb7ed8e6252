import { describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import type { Machine } from '../machine/machine.js';
import { simulated } from '../machine/target.js';
import type { DiscardContext, PageRange } from '../policy/discard/contract.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { lateMachine, settledMetrics } from '../testing/late-machine.js';
import { run } from '../testing/machine.js';
import { traceOf } from '../testing/traces.js';

let policies = 0;

/** Registers a policy that does at each discard what is given. Returns its name. */
function atDiscard(work: (context: DiscardContext, range: PageRange) => void): string {
  const name = `timers-${policies++}`;
  discardPolicies.add({
    ...discardPolicies.choose('keep').info,
    name,
    create: (context) => ({ discard: (range) => work(context, range), unpin() {}, pin() {} }),
  });
  return name;
}

/** Drops each range a number of µs after its discard. */
function droppingAfter(us: number): string {
  return atDiscard(({ kernel, clock }, range) =>
    clock.at(clock.nowUs + us, () => void kernel.madvise(range, 'MADV_DONTNEED')),
  );
}

const SET_UP = ['0,spawn,1,,,', '0,map,1,0,8,anon', '10,write,1,0,8,'];

function trace(...lines: string[]) {
  return traceOf(`${[...SET_UP, ...lines].join('\n')}\n`);
}

describe('a timer of a discard policy', () => {
  it('is called at its time, between events', async () => {
    const seen: string[] = [];
    const times = atDiscard(({ clock }) => {
      for (const us of [30, 20, 20, 50]) clock.at(us, () => seen.push(`timer ${us} at ${clock.nowUs}`));
    });
    const observe = (_m: unknown, block: { time: Float64Array }, row: number) =>
      seen.push(`event at ${block.time[row]}`);
    await run(trace('20,discard,1,0,8,', '20,read,1,0,1,', '40,read,1,0,1,', '50,read,1,0,1,'), {
      discard: times,
      observe: observe as never,
    });
    expect(seen.slice(3)).toEqual([
      'event at 20',
      'timer 20 at 20',
      'timer 20 at 20',
      'event at 20',
      'timer 30 at 30',
      'event at 40',
      'timer 50 at 50',
      'event at 50',
    ]);
  });

  it.each([
    ['before the last event', 20, 8],
    ['with the last event', 30, 8],
    ['never, as the trace is over before', 31, 0],
  ])('gives memory back %s', async (_when, us, pages) => {
    const given = trace('10,discard,1,0,8,', '40,mark,,,,end');
    const { metrics } = await run(given, { discard: droppingAfter(us) });
    expect(metrics.discard_pages).toBe(pages);
    expect(metrics.resident_pages_mean).toBeCloseTo((8 * (pages === 0 ? 30 : us)) / 40, 9);
  });

  it('that is set for now at the last event is called', async () => {
    expect((await run(trace('10,discard,1,0,8,'), { discard: droppingAfter(0) })).metrics.discard_pages).toBe(
      8,
    );
  });

  it('is paid by the space whose range it is, at the same price', async () => {
    const [timer, edited] = await Promise.all([
      run(trace('10,discard,1,0,8,', '40,mark,,,,end'), { discard: droppingAfter(20) }),
      run(trace('30,discard,1,0,8,', '40,mark,,,,end'), { discard: 'dontneed' }),
    ]);
    expect(timer.metrics).toEqual(edited.metrics);
    expect(timer.spaces).toEqual(edited.spaces);
  });

  it('does not depend on stalls: all draws share its moments, and a dear cost table has the same', async () => {
    const seen: number[][] = [];
    const costs = loadCosts();
    for (const factor of [1, 1000]) {
      const times: number[] = [];
      const discard = atDiscard(({ clock }) => clock.at(clock.nowUs + 7, () => times.push(clock.nowUs)));
      const { faults } = costs;
      const fault = { ...faults.anon_write, ns: faults.anon_write.ns * factor };
      const dear = { ...costs, faults: { ...faults, anon_write: fault } };
      await run(trace('10,discard,1,0,8,', '11,write,1,0,8,', '40,discard,1,0,4,', '50,mark,,,,end'), {
        discard,
        costs: dear,
        draws: 3,
      });
      seen.push(times);
    }
    expect(seen).toEqual([
      [17, 47],
      [17, 47],
    ]);
  });

  it('comes after what the kernel does of its own at the same time', async () => {
    const written: number[] = [];
    let machine: Machine | undefined;
    const writeback = 5_000_010;
    const discard = atDiscard(({ clock }) => {
      for (const us of [writeback - 1, writeback])
        clock.at(us, () => written.push(machine!.counters.file_pages_out));
    });
    const lines = [
      'object,,,4,file:f',
      'set,,,,vm.dirty_expire_centisecs=0',
      'pwrite,,0,4,f',
      'discard,1,0,8,',
    ];
    await run(trace(...lines.map((line) => `10,${line}`), '6000000,mark,,,,end'), {
      discard,
      observe: (m) => {
        machine = m;
      },
    });
    expect(written).toEqual([0, 4]);
  });

  it('is called at its place in the trace by a machine that answers late', async () => {
    const given = trace('10,discard,1,0,8,', '20,write,1,0,2,', '30,write,1,4,1,', '40,mark,,,,end');
    const discard = droppingAfter(15);
    const late = await settledMetrics(lateMachine(), given, discard);
    expect(late).toEqual(await settledMetrics(simulated, given, discard));
  });
});

describe('timers of policies that follow', () => {
  const given = trace('10,discard,1,0,8,', '20,write,1,0,2,', '40,mark,,,,end');

  it('are called with those of the policy, and their calls are paid as in a replay of their own', async () => {
    const refused = atDiscard(({ kernel, clock }, range) =>
      clock.at(clock.nowUs + 15, () => void kernel.madvise(range, 'MADV_REMOVE')),
    );
    const alone = await run(given, { discard: refused });
    const { followed } = await run(given, { discard: 'keep', followers: [refused] });
    expect(followed[0]?.metrics).toEqual(alone.metrics);
    expect(alone.metrics.discard_errors).toBe(1);
  });

  it('leave where they do something else', async () => {
    const { followed } = await run(given, {
      discard: 'keep',
      followers: [droppingAfter(5), droppingAfter(50)],
    });
    expect(followed.map((one) => one !== undefined)).toEqual([false, true]);
  });
});
