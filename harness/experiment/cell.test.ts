import { describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import { cellOf } from '../testing/results.js';
import { timed } from '../testing/traces.js';
import { type CellResult, runCell } from './cell.js';
import { NO_MOMENTS } from './moments.js';
import type { Cell } from './plan.js';

const EVENTS = ['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,8,', 'read,1,0,8,'];

describe('a cell whose reclaim policy lacks what it needs', () => {
  const run = (events: readonly string[], changes: Partial<Cell>): Promise<CellResult> => {
    const cell = cellOf({ reclaim: 'lru', ...changes });
    return runCell(cell, timed(events), 'a.csv', loadCosts());
  };

  it('is refused with the reason, and keeps its keys', async () => {
    const result = await run(EVENTS, { reclaim: 'opt', merge: 'ksm', limit: 4 });
    expect(result).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(
        /^reclaim policy opt needs the future, .* expected merge policy none, not ksm$/,
      ),
      timeline: NO_MOMENTS,
    });
    expect(result.run).toMatchObject({ outcome: 'refused', reclaim: 'opt', limit_pages: 4 });
  });

  it('volatile has to learn what was purged', async () => {
    const result = await run(EVENTS, { discard: 'volatile', purge: 'lazyfree:report=none' });
    expect(result).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/^discard policy volatile has to learn/),
    });
    expect((await run(EVENTS, { discard: 'volatile', purge: 'lazyfree' })).outcome).toBe('ok');
  });

  it('unbounded keeps no limit, wherever that comes from; without one it runs', async () => {
    const reason = /never evicts, so it cannot keep a limit/;
    const limited = ['limit,,,4,', ...EVENTS];
    for (const [events, changes] of [
      [EVENTS, { limit: 4 }],
      [EVENTS, { memory: 400 }],
      [limited, { limit: 'trace' }],
    ] as const) {
      const result = await run(events, { reclaim: 'unbounded', ...changes });
      expect(result.outcome).toBe('refused');
      expect(result.reason).toMatch(reason);
    }
    expect((await run(EVENTS, { reclaim: 'unbounded' })).outcome).toBe('ok');
    expect((await run(['limit,,,,', ...EVENTS], { reclaim: 'unbounded', limit: 'trace' })).outcome).toBe(
      'ok',
    );
    expect((await run(limited, { reclaim: 'unbounded', limit: 'none' })).outcome).toBe('ok');
  });
});
