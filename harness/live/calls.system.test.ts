import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { missingVm, type TestLive, testVm } from '../testing/live.js';
import { cannot } from '../testing/system.js';
import { timed } from '../testing/traces.js';
import { compareTrace } from './fidelity/compare.js';
import { liveMachine } from './info.js';
import type { Guest } from './vm/guest.js';

const missing = missingVm();
if (missing !== undefined) cannot(`calls of a live kernel: ${missing}`);

/** Guards of private memory, a file and shared memory, fadvise, mlockall, process_madvise and pins, each looked at afterwards. */
const CALLS = [
  'spawn,1,,,',
  'spawn,2,,,',
  'map,1,0,64,anon',
  'write,1,0,64,',
  'mark,,,,before',
  'madvise,1,8,16,MADV_GUARD_INSTALL',
  'mark,,,,guarded',
  'madvise,1,8,16,MADV_GUARD_INSTALL',
  'madvise,1,4,24,MADV_DONTNEED',
  'mark,,,,dropped',
  'madvise,1,12,4,MADV_GUARD_REMOVE',
  'write,1,12,4,',
  'mark,,,,removed',
  'object,,,64,file:f',
  'map,1,100,64,shared:f@0',
  'read,1,100,64,',
  'madvise,1,108,16,MADV_GUARD_INSTALL',
  'mark,,,,guarded file',
  'fadvise,,0,64,dontneed:f',
  'mark,,,,file dropped',
  'madvise,1,108,16,MADV_GUARD_REMOVE',
  'read,1,100,64,',
  'mark,,,,file removed',
  'object,,,64,shmem:s',
  'map,1,200,64,shared:s@0',
  'write,1,200,64,',
  'madvise,1,208,16,MADV_GUARD_INSTALL',
  'mark,,,,guarded shmem',
  'fallocate,,8,16,punch:s',
  'mark,,,,punched',
  'map,1,300,16,anon',
  'mlockall,1,,,current',
  'madvise,1,300,4,MADV_GUARD_INSTALL',
  'mark,,,,locked',
  'munlockall,1,,,',
  'madvise,1,300,4,MADV_GUARD_INSTALL',
  'mark,,,,unlocked',
  'map,2,0,32,anon',
  'write,2,0,32,',
  'process_madvise,1,0,16,MADV_PAGEOUT target=2',
  'process_madvise,1,0,16,MADV_DONTNEED target=2',
  'process_madvise,1,0,16,MADV_COLD target=2',
  'mark,,,,advised',
  'dma-pin,2,0,8,',
  'madvise,2,0,16,MADV_DONTNEED',
  'mark,,,,pinned',
  'dma-unpin,2,0,8,',
  'mark,,,,unpinned',
  'fork,1,,,3',
  'mark,,,,forked',
];

describe.skipIf(missing !== undefined)('calls of a live kernel', () => {
  let vm: TestLive<Guest>;
  beforeAll(async () => {
    vm = await testVm();
  });
  afterAll(() => vm.end());

  it('leave in memory what they leave in the simulated one, and return the same: guards from 6.13 on, else EINVAL', async () => {
    const { system, probes } = vm;
    const setting = {
      discard: discardPolicies.choose('keep'),
      reclaim: reclaimPolicies.choose('linux'),
      swap: 'none',
      limit: 'none',
    } as const;
    const live = { machine: liveMachine(system), probes, stats: system.stats, runs: 1 };
    const { rows, differences } = await compareTrace(timed(CALLS), 'calls', setting, live, loadCosts());
    expect(differences).toEqual([]);
    const of = new Map(rows.map((row) => [row.metric, row]));
    expect(of.get('looks_equal')).toMatchObject({ verdict: 'same', simulated: 16 });
    expect(of.get('call_errors')!.live_min).toBeGreaterThanOrEqual(2);
    for (const { metric, verdict } of rows) expect([metric, verdict]).not.toEqual([metric, 'outside']);
  });
});
