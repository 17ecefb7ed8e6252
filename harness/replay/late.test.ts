import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyscallResult, Target, TargetInfo } from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { simulated } from '../machine/target.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { randomTrace } from '../testing/fuzz/lockstep.js';
import { MACHINES, type MachineName } from '../testing/fuzz/machines.js';
import { lateMachine } from '../testing/late-machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { timed, traceOf } from '../testing/traces.js';
import type { Trace } from '../trace/trace.js';
import { type ReplayResult, replay } from './replay.js';

const COSTS = loadCosts();

interface Given {
  readonly discard?: string;
  readonly machine?: (typeof MACHINES)[MachineName];
}

interface Seen {
  readonly results: SyscallResult[];
  readonly result: ReplayResult;
}

/** Replays a trace, and collects what system calls returned. */
async function seenOn<T extends Target>(
  on: TargetInfo<T>,
  trace: Trace,
  { discard = 'keep', machine = MACHINES.unlimited }: Given = {},
): Promise<Seen> {
  const results: SyscallResult[] = [];
  const result = await replay(trace, {
    machine: on,
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose(machine.reclaim),
    swap: machine.swap,
    limit: machine.limit,
    seed: 1,
    costs: COSTS,
    completed: (_machine, returned) => results.push(returned),
  });
  return { results, result };
}

/** What does not depend on when memory is looked at: means are of the moments at which a machine has answered. */
function settled({ result }: Seen) {
  const metrics = Object.entries(result.metrics).filter(([name]) => !name.endsWith('_mean'));
  const { outcome, reason, events, touches } = result;
  return { outcome, reason, events, touches, metrics: new Map(metrics) };
}

const PROGRAM = [
  'object,,,8,shmem:o',
  'spawn,1,,,',
  'map,1,0,8,shared:o@0',
  'map,1,16,8,anon',
  'write,1,0,8,=1+',
  'write,1,16,8,',
  'madvise,1,0,4,MADV_REMOVE',
  'madvise,1,0,4,MADV_FREE',
  'discard,1,16,4,',
  'read,1,16,4,',
  'unpin,1,20,4,regen_ns=1000',
  'pin,1,20,4,',
  'exit,1,,,',
];

describe('a machine that answers late', () => {
  it('is called in the order of the trace, and waits with everything that no policy asks for', async () => {
    const machine = lateMachine();
    await seenOn(machine, timed(PROGRAM), { discard: 'dontneed:eager=1' });
    const names = machine.last!.calls.map(({ name }) => name).filter((name) => name !== 'advance');
    const event = (name: string) => ['begin', name, 'end'];
    expect(names).toEqual([
      ...event('object'),
      ...event('spawn'),
      ...event('map'),
      ...event('map'),
      'touch',
      'touch',
      ...event('madvise'),
      ...event('madvise'),
      ...event('madvise'), // discard: by the policy
      'touch',
      ...event('madvise'), // unpin, eagerly
      ...event('regenerate'),
      ...event('exit'),
    ]);
    expect(machine.last!.mostQueued).toBeGreaterThan(10);
    expect(machine.last!.disposed).toBe(true);
  });

  it('comes to the same counts, results and outcomes as one that answers at once', async () => {
    let errors = 0;
    for (const name of ['unlimited', 'fifo-9', 'linux-9', 'fifo', 'fifo-swapless'] as const) {
      const machine = MACHINES[name];
      await fc.assert(
        fc.asyncProperty(
          randomTrace(machine, 60),
          fc.constantFrom('keep', 'dontneed:eager=1', 'free', 'volatile', 'remove-managed:budget=20p'),
          async (events, discard) => {
            const trace = timed(events);
            const atOnce = await seenOn(simulated, trace, { machine, discard });
            const late = await seenOn(lateMachine(), trace, { machine, discard });
            expect(settled(late)).toEqual(settled(atOnce));
            if (atOnce.result.outcome === 'ok') expect(late.results).toEqual(atOnce.results);
            errors += atOnce.results.filter(({ errno }) => errno !== 0).length;
          },
        ),
        { numRuns: propertyRuns(30), seed: 1 },
      );
    }
    expect(errors).toBeGreaterThan(0);
  });

  it('runs out of memory at the same event', async () => {
    const machine = { ...MACHINES.unlimited, limit: 8 };
    const events = [
      'spawn,1,,,',
      'map,1,0,64,anon',
      'write,1,0,8,',
      'mark,,,,full',
      'write,1,0,9,',
      'read,1,0,1,',
    ];
    const atOnce = await seenOn(simulated, timed(events), { machine });
    const late = await seenOn(lateMachine(), timed(events), { machine });
    expect(atOnce.result).toMatchObject({ outcome: 'oom', events: 4 });
    expect(settled(late)).toEqual(settled(atOnce));
  });

  it('has errors with the place of their event, however late', async () => {
    const trace = traceOf('0,spawn,1,,,\n0,map,1,0,8,anon\n0,read,1,0,9,\n0,read,1,0,1,\n0,exit,1,,,\n');
    const wrong = /:4: read of page 8 in space 1 is outside every mapping/;
    await expect(seenOn(simulated, trace)).rejects.toThrow(wrong);
    const machine = lateMachine();
    await expect(seenOn(machine, trace)).rejects.toThrow(wrong);
    expect(machine.last!.disposed).toBe(true);
  });

  it('refuses what it does not have with its reason, before anything of it is carried out', async () => {
    const volatile = 'no kernel has volatile ranges';
    const machine = lateMachine({
      ops: { migrate: 'no kernel has XIP' },
      advice: { MADV_VOLATILE: volatile },
    });
    const events = ['spawn,1,,,', 'map,1,0,8,anon', 'madvise,1,0,8,MADV_VOLATILE'];
    await expect(seenOn(machine, timed(events))).rejects.toThrow(volatile);
    await expect(seenOn(machine, timed(['object,,,8,xip:o', 'migrate,,0,8,cache:o']))).rejects.toThrow(
      'no kernel has XIP',
    );
    expect(machine.last!.calls.some(({ name }) => name === 'migrate')).toBe(false);
  });
});
