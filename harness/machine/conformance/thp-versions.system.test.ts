import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SwapText } from '../../contract/swap.js';
import { modelOf } from '../../live/probes.js';
import type { Guest } from '../../live/vm/guest.js';
import { csvLines } from '../../testing/conformance.js';
import { missingVm, type TestLive, testVm } from '../../testing/live.js';
import { cannot } from '../../testing/system.js';
import { liveReadings } from '../../testing/thp-live.js';
import { SCENARIOS, TOLERANCE_OF_VERSIONS } from '../../testing/thp-scenarios.js';

const missing = missingVm();
if (missing !== undefined) cannot(`huge pages of a live kernel: ${missing}`);

/** A row of thp_versions.csv. */
interface Row {
  readonly kernel: string;
  readonly test: string;
  readonly step: string;
  readonly field: string;
  readonly value: number;
}

const rows: Row[] = csvLines('thp_versions.csv').rows.map((line) => {
  const [kernel, test, step, field, value] = line.split(',') as [string, string, string, string, string];
  return { kernel, test, step, field, value: Number(value) };
});

describe.skipIf(missing !== undefined)('what thp_versions.csv says of a kernel', () => {
  let vm: TestLive<Guest>;
  beforeAll(async () => {
    vm = await testVm({ pace: 'trace' });
  });
  afterAll(() => vm.end());

  it('is what it does', async () => {
    const version = modelOf(vm.probes.kernel);
    const own = rows.filter(({ kernel }) => kernel === version);
    if (own.length === 0) cannot(`huge pages of ${vm.probes.kernel}: nothing was measured on it`);
    // Debian's 6.1 has no smart scan, its later kernels no lzo-rle.
    const isOld = version === '6.1';
    const wrong: unknown[] = [];
    for (const test of new Set(own.map((row) => row.test))) {
      const scenario = SCENARIOS[test]!;
      const readings = await liveReadings(vm.system, {
        ...scenario,
        swap: (scenario.swap === 'none' || isOld ? scenario.swap : 'zram:algorithm=zstd') as SwapText,
        merge: isOld ? scenario.merge.replace('smart_scan=1', 'smart_scan=0') : scenario.merge,
      });
      for (const { step, field, value, ...row } of own.filter((other) => other.test === test)) {
        const found = readings.get(step)!.at(-1)![field]!;
        if (Math.abs(found - value) > (TOLERANCE_OF_VERSIONS[field] ?? 0))
          wrong.push({ ...row, step, field, value, found });
      }
    }
    expect(wrong).toEqual([]);
  });
});
