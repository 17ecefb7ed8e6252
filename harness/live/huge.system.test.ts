import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ThpMode } from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { missingTestHost, missingVm, type TestLive, testHost, testVm } from '../testing/live.js';
import { cannot } from '../testing/system.js';
import { timed } from '../testing/traces.js';
import { compareTrace } from './fidelity/compare.js';
import { liveMachine } from './info.js';
import type { LiveSystem } from './system.js';
import type { Guest } from './vm/guest.js';

const missing = missingVm();
if (missing !== undefined) cannot(`huge pages of a live kernel: ${missing}`);

const FOLDER = '/sys/kernel/mm/transparent_hugepage';
const SETTINGS = [
  'enabled',
  'defrag',
  'use_zero_page',
  'khugepaged/scan_sleep_millisecs',
  'khugepaged/defrag',
];

/** Huge pages that lose parts, are split, shared, dropped and made again; and memory that was not asked to be huge. */
const TRACE = [
  'spawn,1,,,',
  'map,1,0,16384,anon',
  'madvise,1,0,16384,MADV_HUGEPAGE',
  'write,1,0,16384,',
  'mark,,,,filled',
  'madvise,1,100,1,MADV_DONTNEED',
  'madvise,1,512,256,MADV_DONTNEED',
  'madvise,1,1024,512,MADV_DONTNEED',
  'mark,,,,dropped',
  'madvise,1,2048,256,MADV_FREE',
  'madvise,1,3072,512,MADV_FREE',
  'madvise,1,4096,256,MADV_COLD',
  'protect,1,5120,1,ro',
  'madvise,1,5220,20,MADV_FREE',
  'mark,,,,freed',
  'write,1,0,4096,',
  'fork,1,,,2',
  'madvise,2,0,1024,MADV_COLLAPSE',
  'write,2,8192,1,',
  'exit,2,,,',
  'madvise,1,0,1024,MADV_COLLAPSE',
  'write,1,0,1,',
  'write,1,512,1,',
  'madvise,1,0,1024,MADV_COLLAPSE',
  'mark,,,,collapsed',
  'map,1,32768,4096,anon',
  'read,1,32768,2048,',
  'write,1,32768,1,',
  'prctl,1,,,thp_disable=1',
  'map,1,65536,2048,anon',
  'write,1,65536,1,',
];

/** Rows of a comparison of it, by metric. */
async function rowsOn({ system, probes }: TestLive<LiveSystem>, events: readonly string[], thp: ThpMode) {
  const setting = {
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'none',
    limit: 'none',
    thp,
  } as const;
  const live = { machine: liveMachine(system), probes, stats: system.stats, runs: 2 };
  const { rows, differences } = await compareTrace(timed(events), 'huge', setting, live, loadCosts());
  return { rows: new Map(rows.map((row) => [row.metric, row])), differences };
}

const settingsOf = ({ system }: TestLive<LiveSystem>) =>
  SETTINGS.map((name) => system.session.get(`${FOLDER}/${name}`));

describe.skipIf(missing !== undefined)('huge pages of a live kernel', () => {
  let vm: TestLive<Guest>;
  beforeAll(async () => {
    vm = await testVm();
  });
  afterAll(() => vm.end());

  it.each([
    ['madvise', 12],
    ['always', 15],
  ] as const)('with thp %s are as simulated, to the last split', async (thp, least) => {
    const before = settingsOf(vm);
    const { rows, differences } = await rowsOn(vm, TRACE, thp);
    expect(differences).toEqual([]);
    const others = [...rows.values()].filter(({ verdict, bound }) => verdict !== 'same' && bound === 'exact');
    expect(others.map(({ metric, simulated, live }) => [metric, simulated, live])).toEqual([]);
    expect(['same', 'within']).toContain(rows.get('charged_pages_end')!.verdict);
    expect(rows.get('anon_huge_pages_end')!.live_min).toBeGreaterThan(least * 512);
    expect(rows.get('thp_split_page')!.live_min).toBeGreaterThan(2);
    expect(settingsOf(vm)).toEqual(before);
  });

  it('are not there with thp never, and rows of them neither', async () => {
    const { rows, differences } = await rowsOn(
      vm,
      TRACE.filter((event) => !event.includes('COLLAPSE')),
      'never',
    );
    expect(differences).toEqual([]);
    expect([...rows.keys()].filter((metric) => /thp|huge|charged/.test(metric))).toEqual([]);
    expect(rows.get('resident_pages_end')).toMatchObject({ verdict: 'same' });
  });

  it('are set as the trace says, unless there are none', async () => {
    const events = [
      ...TRACE.slice(0, 3),
      'set,,,,thp.use_zero_page=0',
      'read,1,0,1,',
      'set,,,,thp.enabled=never',
      'write,1,2048,1,',
    ];
    const { rows, differences } = await rowsOn(vm, events, 'madvise');
    expect(differences).toEqual([]);
    expect(rows.get('thp_fault_alloc')).toMatchObject({ verdict: 'same', simulated: 1 });
    const refused = await rowsOn(vm, events, 'never');
    expect(refused.rows.get('all')!.reason).toMatch(
      /:5: the setting thp.use_zero_page: .* expected thp madvise or always$/,
    );
  });
});

const missingHost = missingTestHost();
if (missingHost !== undefined) cannot(`huge pages of this host: ${missingHost}`);

it.skipIf(missingHost !== undefined)(
  'huge pages of this host are as simulated, and its settings as before',
  async () => {
    const settings = () => SETTINGS.map((name) => readFileSync(join(FOLDER, name), 'utf8'));
    const before = settings();
    const host = await testHost();
    try {
      const { rows, differences } = await rowsOn(host, TRACE, 'madvise');
      expect(differences).toEqual([]);
      expect(rows.get('anon_huge_pages_end')).toMatchObject({ verdict: 'same' });
    } finally {
      await host.end();
    }
    expect(settings()).toEqual(before);
  },
);
