import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reclaim } from '../testing/cli.js';
import { missingVm, type TestLive, testVm } from '../testing/live.js';
import { compareOn, liveTraces } from '../testing/live-random.js';
import { cannot } from '../testing/system.js';
import { AS_ASKED } from './system.js';
import type { Guest } from './vm/guest.js';

const missing = missingVm();
if (missing !== undefined) cannot(`a live kernel: ${missing}`);

const SEED = Number(process.env.FC_SEED ?? 1);
const TRACES = 100;
const EVENTS = 100;

describe.skipIf(missing !== undefined)('a live kernel in a virtual machine', () => {
  let vm: TestLive<Guest>;
  beforeAll(async () => {
    vm = await testVm();
  });
  afterAll(() => vm.end());

  it('says what it is', () => {
    expect(vm.probes).toMatchObject({
      zero_page: true,
      transparent_hugepage: 'never',
      page_cluster: AS_ASKED,
      swap: 'none',
      ksm_run: '0',
    });
  });

  it('agrees with the simulated one at every mark of random traces: resident pages, results of calls', async () => {
    for (const [i, events] of liveTraces(SEED, TRACES, EVENTS).entries()) {
      // What io_uring of older kernels pins is not known: their pins are not compared, those of this host are.
      const known = events.filter((event) => !event.startsWith('dma-'));
      expect([i, await compareOn(vm.system, vm.probes, known)]).toEqual([i, []]);
    }
  });

  it('agrees on a recording of MariaDB, as reclaim fidelity says', () => {
    const kernel = process.env.RECLAIM_TEST_KERNEL ? ['--kernel', process.env.RECLAIM_TEST_KERNEL] : [];
    const { code, stdout } = reclaim(
      ['fidelity', 'mariadb-resize', '--runs', '1', '--format', 'json', ...kernel],
      '.',
    );
    const { rows } = JSON.parse(stdout) as { rows: { verdict: string }[] };
    expect([code, rows.length, rows.filter(({ verdict }) => verdict !== 'same')]).toEqual([0, 20, []]);
  });

  it('agrees under policies that drop', async () => {
    for (const discard of ['dontneed', 'free', 'remove', 'punch', 'truncate'])
      for (const [i, events] of liveTraces(SEED + 1, 5, EVENTS).entries()) {
        const dropping = events.map((event) => event.replace(/^madvise,(.*),MADV_DONTNEED$/, 'discard,$1,'));
        expect([discard, i, await compareOn(vm.system, vm.probes, dropping, discard)]).toEqual([
          discard,
          i,
          [],
        ]);
      }
  });
});
