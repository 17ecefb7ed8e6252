import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';

const HOT = 600;
const STEP = 16;
const LIMIT = 1024;
const ROUND_US = 10_000;

/** A hot set that moves on in each round, a hundred rounds a second: pages that it has left stay active. */
function rounds(count: number, settings: readonly string[]) {
  const lines = [...settings.map((setting) => `0,set,,,,${setting}`), '0,spawn,1,,,', '0,map,1,0,8192,anon'];
  for (let round = 0; round < count; round++) {
    lines.push(`${round * ROUND_US},write,1,${STEP * round},${HOT},`);
  }
  return run(traceOf(`${lines.join('\n')}\n`), {
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'zram',
    limit: LIMIT,
  });
}

describe('the age of statistics', () => {
  it('a reader of memory.stat, or a flush every 0.05 s, shows that active lists are too long', async () => {
    const old = await rounds(190, []);
    for (const setting of ['memcg.stats=fresh', 'memcg.stats_flush_ms=50']) {
      const { metrics } = await rounds(190, [setting]);
      expect(metrics.pgdeactivate, setting).toBeGreaterThan(2 * (old.metrics.pgdeactivate as number));
      expect(metrics.pgrefill, setting).toBeGreaterThanOrEqual(metrics.pgdeactivate as number);
    }
  });

  it('after the period they are new, and at the time that a setting says', async () => {
    const none = await rounds(300, ['memcg.stats_phase_ms=1000000']);
    const after = await rounds(300, []);
    const soon = await rounds(300, ['memcg.stats_phase_ms=200']);
    const deactivated = [none, after, soon].map(({ metrics }) => metrics.pgdeactivate as number);
    expect(new Set(deactivated).size).toBe(3);
  });
});
