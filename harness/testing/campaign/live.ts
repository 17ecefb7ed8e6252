import { testVm } from '../live.js';
import { compareOn, liveTraces } from '../live-random.js';
import type { Part } from './part.js';

const TRACES = 10;
const EVENTS = 100;

/**
 * Random traces on the simulated and on a live kernel, in one virtual machine: only where `missingVm` says that the host can
 * have one.
 */
export async function live(): Promise<Part> {
  const { system, probes } = await testVm();
  return async (seed) => {
    const failures: string[] = [];
    for (const [i, events] of liveTraces(seed, TRACES, EVENTS).entries()) {
      const found = await compareOn(system, probes, events);
      if (found.length === 0) continue;
      failures.push([`seed ${seed}, trace ${i} on ${probes.kernel}:`, ...found, ...events].join('\n'));
    }
    return { tried: TRACES, failures };
  };
}
