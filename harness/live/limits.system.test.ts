import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SwapKind } from '../contract/swap.js';
import { loadCosts } from '../cost/table.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { missingVm, type TestLive, testVm } from '../testing/live.js';
import { cannot } from '../testing/system.js';
import { timed } from '../testing/traces.js';
import { compareTrace, type FidelitySetting } from './fidelity/compare.js';
import type { GroupVersion } from './group.js';
import { liveMachine } from './info.js';
import type { Guest } from './vm/guest.js';
import { kernelImage } from './vm/image.js';

const missing = missingVm();
if (missing !== undefined) cannot(`limits of a live kernel: ${missing}`);

const PAGES = 1000;
/** Each page is written, and then read again and again: with two lists every read misses. */
const LOOP = [
  'spawn,1,,,',
  `map,1,0,${PAGES},anon`,
  `write,1,0,${PAGES},`,
  ...Array.from({ length: 4 }, () => `read,1,0,${PAGES},`),
];

interface Setting {
  readonly swap?: SwapKind;
  readonly limit?: number;
  readonly reclaim?: string;
  readonly discard?: string;
}

/** Rows of a comparison on a virtual machine, by metric. */
async function rowsOn({ system, probes }: TestLive<Guest>, events: readonly string[], of: Setting) {
  const { swap = 'none', limit = 'trace', reclaim = 'linux', discard = 'keep' } = of;
  const setting: FidelitySetting = {
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose(reclaim),
    swap,
    limit,
  };
  const live = {
    machine: liveMachine(system),
    probes,
    stats: system.stats,
    runs: 2,
  };
  const { rows } = await compareTrace(timed(events), 'loop', setting, live, loadCosts());
  return new Map(rows.map((row) => [row.metric, row]));
}

describe.skipIf(missing !== undefined).each<GroupVersion>(['v2', 'v1'])(
  'a limit on a live kernel, cgroup %s',
  (cgroup) => {
    let vm: TestLive<Guest>;
    beforeAll(async () => {
      vm = await testVm({ cgroup });
    });
    afterAll(() => vm.end());

    it('of memory that is swapped to zram: as many major faults as simulated, and the same in each run', async () => {
      const rows = await rowsOn(vm, LOOP, { swap: 'zram', limit: 600 });
      const { verdict, live_min, live_max } = rows.get('pgmajfault')!;
      expect(['same', 'within']).toContain(verdict);
      expect(live_min).toBeGreaterThan(1000);
      expect(live_max).toBe(live_min);
      expect(rows.get('outcome_ok')).toMatchObject({ verdict: 'same', simulated: 1 });
      expect(rows.get('kernel_pages_end')!.live_min).toBeGreaterThan(0);
    });

    it('of memory that is swapped to a disk: pages come back', async () => {
      const rows = await rowsOn(vm, LOOP, { swap: 'ssd', limit: 600 });
      expect(rows.get('pswpout')!.live_min).toBeGreaterThan(400);
      expect(rows.get('outcome_ok')!.live_min).toBe(1);
    });

    it('that cannot be met ends the run on both kernels', async () => {
      const rows = await rowsOn(vm, LOOP, { limit: 200 });
      expect([...rows.keys()]).toEqual(['outcome_ok']);
      expect(rows.get('outcome_ok')).toMatchObject({
        verdict: 'same',
        simulated: 0,
        live_max: 0,
        reason: 'simulated oom, live oom, oom',
      });
    });

    it('of files: what is read again misses again', async () => {
      const events = [
        'spawn,1,,,',
        `object,,,${PAGES},file:f`,
        `map,1,0,${PAGES},shared:f@0 ro`,
        ...Array.from({ length: 3 }, () => `read,1,0,${PAGES},`),
      ];
      const rows = await rowsOn(vm, events, { limit: 600 });
      expect(rows.get('pgmajfault')!.live_min).toBeGreaterThan(1000);
      expect(rows.get('outcome_ok')).toMatchObject({ verdict: 'same', simulated: 1 });
    });

    it('of memory cgroups of the trace: each has its own, and its own counts', async () => {
      const events = [
        'cgroup,,,,web memory.max=2000',
        'spawn,1,,,small cgroup=web/small',
        'spawn,2,,,large cgroup=web/large',
        'cgroup,,,,web/small memory.max=600',
        `map,1,0,${PAGES},anon`,
        `map,2,0,${PAGES},anon`,
        `write,2,0,${PAGES},`,
        `write,1,0,${PAGES},`,
        'fork,1,,,3',
        'exit,3,,,',
        'cgroup,2,,,/',
        ...Array.from({ length: 3 }, () => `read,1,0,${PAGES},`),
      ];
      const rows = await rowsOn(vm, events, { swap: 'zram' });
      expect(rows.get('web/large memory_pages_end')).toMatchObject({ simulated: PAGES, live_max: PAGES });
      const { simulated, live_min, live_max } = rows.get('web/small pgmajfault')!;
      expect(simulated).toBe(3 * PAGES);
      expect(live_min).toBe(live_max);
      expect(live_max).toBe(3 * PAGES);
      expect(rows.get('web/large pgmajfault')).toMatchObject({ simulated: 0, live_max: 0 });
    });

    it.runIf(cgroup === 'v2')('of memory cgroups: protection and reclaim on demand', async () => {
      const events = [
        'cgroup,,,,web memory.max=1600',
        'cgroup,,,,web/db memory.low=900',
        'spawn,1,,,db cgroup=web/db',
        'spawn,2,,,app cgroup=web/app',
        `map,1,0,${PAGES},anon`,
        `map,2,0,${PAGES},anon`,
        `write,1,0,${PAGES},`,
        `write,2,0,${PAGES},`,
        'cgroup,,,,web/app memory.reclaim=100',
      ];
      const rows = await rowsOn(vm, events, { swap: 'zram' });
      const app = rows.get('web/app pgsteal')!;
      expect(app.live_min).toBeGreaterThan(400);
      expect(Math.abs(app.difference!)).toBeLessThan(128);
      expect(rows.get('call_errors')).toMatchObject({ verdict: 'same' });
    });

    it.runIf(cgroup === 'v1')(
      'of memory cgroups: files of version 2 are refused with their line',
      async () => {
        const rows = await rowsOn(vm, ['cgroup,,,,web memory.high=100'], { swap: 'zram' });
        expect(rows.get('all')!.reason).toMatch(
          /:2: memory.high is no file of memory cgroups v1, expected a kernel with v2/,
        );
      },
    );

    it('is kept by generations as well', async () => {
      const rows = await rowsOn(vm, LOOP, { swap: 'zram', limit: 600, reclaim: 'mglru' });
      expect(rows.get('outcome_ok')!.live_min).toBe(1);
      expect(rows.get('pgmajfault')!.live_min).toBeGreaterThan(500);
    });
  },
);

describe.skipIf(missing !== undefined)('a kernel without its modules', () => {
  it('refuses swap in one line, with what is expected', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-image-'));
    const kernel = join(folder, 'vmlinuz-alone');
    copyFileSync(realpathSync(kernelImage(process.env.RECLAIM_TEST_KERNEL || undefined)), kernel);
    const vm = await testVm({ kernel });
    try {
      const rows = await rowsOn(vm, LOOP, { swap: 'zram', limit: 600 });
      expect(rows.get('all')!.reason).toMatch(
        /^swap zram needs the module zram, which is not next to this kernel image, expected lib\/modules\/VERSION/,
      );
    } finally {
      await vm.end();
      rmSync(folder, { recursive: true });
    }
  });
});
