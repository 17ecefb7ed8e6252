import { release } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingTestHost, type TestLive, testHost } from '../../testing/live.js';
import { compareOn, liveTraces } from '../../testing/live-random.js';
import { cannot } from '../../testing/system.js';
import type { HostSystem } from './system.js';

const missing = missingTestHost();
if (missing !== undefined) cannot(`the kernel of this host: ${missing}`);

const SEED = Number(process.env.FC_SEED ?? 1);
const TRACES = 100;
const EVENTS = 100;

describe.skipIf(missing !== undefined)('the kernel of this host', () => {
  let host: TestLive<HostSystem>;
  beforeAll(async () => {
    host = await testHost();
  });
  afterAll(() => host.end());

  it('says what it is, and does what the model relies on', () => {
    expect(host.probes).toMatchObject({ kernel: release(), fault_around: 16, page_frames: true });
    expect(Number(host.probes.load)).toBeGreaterThanOrEqual(0);
  });

  it('agrees with the simulated one at every mark of random traces: resident pages, results of calls', async () => {
    for (const [i, events] of liveTraces(SEED, TRACES, EVENTS, 'no files').entries())
      expect([i, await compareOn(host.system, host.probes, events)]).toEqual([i, []]);
  });

  it('agrees where there are files', async () => {
    for (const [i, events] of liveTraces(SEED + 2, 20, EVENTS).entries())
      expect([i, await compareOn(host.system, host.probes, events)]).toEqual([i, []]);
  });

  it.each(['dontneed', 'free', 'remove', 'punch', 'truncate'])('agrees where %s drops', async (discard) => {
    for (const [i, events] of liveTraces(SEED + 1, 20, EVENTS, 'no files').entries()) {
      const dropping = events.map((event) => event.replace(/^madvise,(.*),MADV_DONTNEED$/, 'discard,$1,'));
      expect([i, await compareOn(host.system, host.probes, dropping, discard)]).toEqual([i, []]);
    }
  });
});
