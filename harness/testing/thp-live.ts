import { loadCosts } from '../cost/table.js';
import { liveMachine } from '../live/info.js';
import type { LiveMachine } from '../live/machine.js';
import type { LiveSystem } from '../live/system.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { replay } from '../replay/replay.js';
import { OP } from '../trace/op.js';
import { COUNTERS, type ThpReading } from './thp.js';
import { spaceOf, type ThpScenario, timedScenario, unlimitedEvents } from './thp-scenarios.js';
import { traceOf } from './traces.js';

/** Reads of a live kernel what `thpReading` reads of the simulated one; what it does not count is absent. */
function liveReading(machine: LiveMachine, space: number): ThpReading {
  const { rss, lazyfree, swap, huge, minor, major } = machine
    .census()
    .spaces.get(machine.layout.space(space).slot)!;
  const { counted, chargedPages } = machine.soFar();
  const counters = COUNTERS.flatMap((name) => {
    const value = (counted as Readonly<Record<string, number>>)[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    rss_kib: rss * 4,
    memcg_user_kib: chargedPages! * 4,
    lazyfree_kib: lazyfree * 4,
    swap_kib: swap * 4,
    faults: minor + major,
    anonhuge_kib: huge * 4,
    ...Object.fromEntries(counters),
  };
}

/** The readings of a test on a live kernel by the names of its marks; several of the same name are in their order. */
export async function liveReadings(
  system: LiveSystem,
  scenario: ThpScenario,
): Promise<Map<string, ThpReading[]>> {
  const { text, steps } = timedScenario(unlimitedEvents(scenario));
  const readings = new Map<string, ThpReading[]>(steps.map((step) => [step, []]));
  let next = 0;
  await replay<LiveMachine>(traceOf(text), {
    machine: liveMachine(system),
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose('linux'),
    merge: mergePolicies.choose(scenario.merge),
    swap: scenario.swap,
    limit: 'trace',
    thp: 'madvise',
    seed: 1,
    costs: loadCosts(),
    observe: (machine, block, row) => {
      if (block.op[row] !== OP.mark) return;
      const step = steps[next++]!;
      readings.get(step)!.push(liveReading(machine, spaceOf(step)));
    },
  });
  return readings;
}
