import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import { controllers } from '../policy/controller/registry.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { missingVm, type TestLive, testVm } from '../testing/live.js';
import { cannot } from '../testing/system.js';
import { traceOf } from '../testing/traces.js';
import { compareTrace } from './fidelity/compare.js';
import type { GroupVersion } from './group.js';
import { liveMachine } from './info.js';
import type { Guest } from './vm/guest.js';

const missing = missingVm();
if (missing !== undefined) cannot(`a controller on a live kernel: ${missing}`);

const S = 1e6;
const SECONDS = 20;
/** Of 4000 pages the first 500 are read every second. */
const COLD = [
  '0,cgroup,,,,app',
  '0,spawn,1,,,cgroup=app',
  '0,map,1,0,4000,anon',
  '0,write,1,0,4000,',
  ...Array.from({ length: SECONDS }, (_, i) => `${(i + 1) * S},read,1,0,500,`),
];

async function rowsOn({ system, probes }: TestLive<Guest>, controller: string) {
  const setting = {
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose('linux'),
    controller: controllers.choose(controller),
    swap: 'zram',
    limit: 'trace',
  } as const;
  const live = { machine: liveMachine(system), probes, stats: system.stats, runs: 2 };
  const { rows } = await compareTrace(traceOf(`${COLD.join('\n')}\n`), 'cold', setting, live, loadCosts());
  return new Map(rows.map((row) => [row.metric, row]));
}

describe.skipIf(missing !== undefined).each<[GroupVersion, 'trace' | 'asap']>([
  ['v2', 'trace'],
  ['v2', 'asap'],
  ['v1', 'trace'],
])('a controller on a live kernel, cgroup %s, pace %s', (cgroup, pace) => {
  let vm: TestLive<Guest>;
  beforeAll(async () => {
    vm = await testVm({ cgroup, pace });
  });
  afterAll(() => vm.end());

  it.runIf(cgroup === 'v2' && pace === 'trace').each(['', ',groups=app'])(
    'reclaims what the simulated one does (senpai%s)',
    async (groups) => {
      const rows = await rowsOn(vm, `senpai:interval=1s,probe=2${groups}`);
      const { simulated, live_min, live_max } = rows.get('pgsteal_direct')!;
      expect(live_min).toBeGreaterThan(1000);
      // What the kernel keeps for the processes is in memory.current, and a controller asks for a part of it.
      expect(Math.abs(live_max! / simulated! - 1)).toBeLessThan(0.05);
      expect(live_max).toBe(live_min);
      expect(rows.get('reclaim_asked_pages')!.live_min).toBeGreaterThan(500);
      expect(rows.get('outcome_ok')).toMatchObject({ verdict: 'same', simulated: 1 });
    },
  );

  it.runIf(pace === 'asap' || cgroup === 'v1')('is refused in one line', async () => {
    const rows = await rowsOn(vm, 'senpai:interval=1s,probe=2');
    expect(rows.get('all')!.reason).toMatch(
      pace === 'asap'
        ? /^controller senpai:\S+ has its turns in trace time: expected --pace trace$/
        : /^controller senpai:\S+ is not possible here: memory cgroups of version 1 have no memory\.reclaim; expected a kernel with v2$/,
    );
  });
});
