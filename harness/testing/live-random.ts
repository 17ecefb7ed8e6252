import fc from 'fast-check';
import { loadCosts } from '../cost/table.js';
import { compareTrace } from '../live/fidelity/compare.js';
import { liveMachine } from '../live/info.js';
import type { Probes } from '../live/probes.js';
import type { LiveSystem } from '../live/system.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { type FuzzedMachine, randomTrace } from './fuzz/lockstep.js';
import { timed } from './traces.js';

/** Random traces that a live kernel can carry out: without limits and settings. */
const MACHINE = {
  reclaim: 'linux',
  swap: 'none',
  limit: 'none',
  without: ['limit', 'mapCount', 'tmpfsFile', 'score'],
} as const satisfies FuzzedMachine;

/** Events between two looks. */
const STEP = 10;

/**
 * The events of a trace with marks between them, without what README.md says of the model: a live kernel can map a sealed object
 * only as its seal allows, `protect` says nothing of the right to execute, and a fault on a file that MADV_HUGEPAGE was said of
 * reads 2 MiB.
 */
function marked(events: readonly string[]): string[] {
  const lines = events.map((event) =>
    event.replace(/ (sealed|exec)\b/g, '').replace('MADV_HUGEPAGE', 'MADV_NOHUGEPAGE'),
  );
  return lines.flatMap((line, i) => [
    // A live kernel is still writing when the next call comes.
    ...(/^fadvise.*,dontneed:f$/.test(line) ? ['sync,,,,f'] : []),
    line,
    ...(i % STEP === STEP - 1 ? [`mark,,,,${i}`] : []),
  ]);
}

/** Random traces, as lines without their times: the same for the same seed. */
export function liveTraces(seed: number, traces: number, events: number, kinds?: 'no files'): string[][] {
  const without = kinds === 'no files' ? [...MACHINE.without!, 'file' as const] : MACHINE.without!;
  return fc.sample(randomTrace({ ...MACHINE, without }, events), { seed, numRuns: traces }).map(marked);
}

/**
 * Replays events on the simulated and the live kernel. Returns what differs, nothing where all is the same.
 *
 * @param probes of the live kernel
 */
export async function compareOn(
  system: LiveSystem,
  probes: Probes,
  events: readonly string[],
  discard = 'keep',
): Promise<string[]> {
  const live = {
    machine: liveMachine(system),
    probes,
    stats: system.stats,
    runs: 1,
  };
  const setting = {
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'none',
    limit: 'none',
  } as const;
  const { rows, differences } = await compareTrace(timed(events), 'random', setting, live, loadCosts());
  const wrong = rows.filter(({ bound, verdict }) => bound === 'exact' && verdict !== 'same');
  return [
    ...differences,
    ...wrong.map(
      (row) => `${row.metric}: simulated ${row.simulated}, live ${row.live_max} ${row.reason ?? ''}`,
    ),
  ];
}
