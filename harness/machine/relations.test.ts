import { expect, it } from 'vitest';
import { fuzzRest } from '../testing/fuzz/rest.js';
import { run } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { traceOf } from '../testing/traces.js';

it('relations hold of random traces with volatile memory, images, KSM, byte ranges, zram and memory', async () => {
  const { failure, invalid, traces, relations } = await fuzzRest({
    seed: 20,
    runs: propertyRuns(100),
    size: 120,
  });
  expect(failure).toBeUndefined();
  expect(relations).toBeGreaterThan(traces);
  expect(invalid).toBeLessThan(traces / 10);
}, 60_000);

/** Found by the relations: a policy that counts touches had pages of images among those that it may choose. */
it.each(['xip', 'xip+struct', 'pfn'])(
  'a policy that counts touches is not told of pages of %s in place',
  async (kind) => {
    const events = [
      `0,object,,,8,${kind}:x`,
      '0,spawn,1,,,',
      '0,map,1,0,8,shared:x@0 ro',
      '0,map,1,100,20,anon',
    ];
    for (let i = 1; i < 40; i++) events.push(`${i},read,1,${i % 8},1,`, `${i},write,1,${100 + (i % 20)},1,`);
    const { metrics, outcome } = await run(traceOf(`${events.join('\n')}\n`), {
      reclaim: 'lru',
      swap: 'ssd',
      limit: 4,
    });
    expect(outcome).toBe('ok');
    expect(metrics.pgscan_direct).toBe(metrics.pgsteal_direct);
  },
);
