import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTrace } from '../testing/fuzz/lockstep.js';
import { MACHINES } from '../testing/fuzz/machines.js';
import { run } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { hitsAndMisses } from '../testing/reference.js';
import { timed } from '../testing/traces.js';
import { UseRecorder } from './future.js';

const PAGES = 12;
const references = fc.array(fc.nat(PAGES - 1), { minLength: 1, maxLength: 120, size: 'max' });
const capacities = fc.integer({ min: 1, max: PAGES });

/** Reference strings as uses of memory that takes a frame a page and nothing else, with a counter of what came back. */
const KINDS = {
  anonymous: { map: 'anon', use: 'write' },
  'shared memory': { map: 'anon-shared', use: 'write' },
  'a file': { map: 'shared:f@0', use: 'read' },
} as const;

/** Pages that came in under a limit in pages, those that came for the first time included. */
async function pagesIn(kind: keyof typeof KINDS, reclaim: string, ids: readonly number[], limit: number) {
  const { map, use } = KINDS[kind];
  const { metrics } = await run(
    timed([
      'spawn,1,,,',
      `object,,,${PAGES},file:f`,
      `map,1,0,${PAGES},${map}`,
      ...ids.map((id) => `${use},1,${id},1,`),
    ]),
    { reclaim, swap: 'ssd', limit },
  );
  return kind === 'a file' ? Number(metrics.pgmajfault) : Number(metrics.pswpin) + new Set(ids).size;
}

describe('opt in the machine', () => {
  for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
    it(`brings in as many pages of ${kind} as it misses on the reference string, and no policy fewer`, async () => {
      await fc.assert(
        fc.asyncProperty(references, capacities, async (ids, limit) => {
          const best = await pagesIn(kind, 'opt', ids, limit);
          expect(best).toBe(hitsAndMisses('opt', limit, ids).replaceAll('h', '').length);
          for (const other of ['lru', 'fifo', 'linux'])
            expect(await pagesIn(kind, other, ids, limit), other).toBeGreaterThanOrEqual(best);
        }),
        { numRuns: propertyRuns(15), seed: 1 },
      );
    });
  }

  it('foresees random events or refuses them, and mostly beats lru', async () => {
    const found = { ran: 0, refused: 0, better: 0, worse: 0 };
    const machine = MACHINES['lru-9'];
    await fc.assert(
      fc.asyncProperty(randomTrace(machine, 100), async (events) => {
        const options = { swap: 'ssd', limit: machine.limit } as const;
        const opt = await run(timed(events), { ...options, reclaim: 'opt' }).catch((error: Error) => error);
        if (opt instanceof Error) {
          expect(opt.message).toMatch(/^reclaim policy opt needs the future, and /);
          found.refused++;
          return;
        }
        found.ran++;
        const lru = await run(timed(events), { ...options, reclaim: 'lru', check: false });
        const saved = Number(lru.metrics.pswpin) - Number(opt.metrics.pswpin);
        if (saved > 0) found.better++;
        else if (saved < 0) found.worse++;
      }),
      { numRuns: propertyRuns(40), seed: 1 },
    );
    expect(found.ran).toBeGreaterThan(found.refused);
    expect(found.better).toBeGreaterThan(10 * found.worse);
  });

  it('evicts first what goes before it is used again, though its id comes back soon', async () => {
    const { metrics } = await run(
      timed([
        'spawn,1,,,',
        'map,1,0,8,anon',
        'write,1,0,3,',
        'unmap,1,0,1,',
        'map,1,0,1,anon',
        'write,1,0,1,',
        'read,1,1,1,',
      ]),
      { reclaim: 'opt', swap: 'ssd', limit: 2 },
    );
    expect(metrics).toMatchObject({ pswpin: 0, pswpout: 2 });
  });

  it('does not listen to what the program says: it knows better', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,8,anon',
      'write,1,0,2,',
      'madvise,1,0,1,MADV_COLD',
      'write,1,2,1,',
      'read,1,0,1,',
    ];
    const swappedIn = async (reclaim: string) =>
      (await run(timed(events), { reclaim, swap: 'ssd', limit: 2 })).metrics.pswpin;
    expect(await swappedIn('opt')).toBe(0);
    expect(await swappedIn('lru')).toBe(1);
  });
});

describe('what cannot be foreseen is refused', () => {
  const memory = ['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,8,'];

  it.each([
    [
      'lazily freed memory',
      'madvise,1,0,2,MADV_FREE',
      /what is lazily freed .* is lost when memory is short/,
    ],
    ['volatile memory', 'madvise,1,0,2,MADV_VOLATILE', /what is volatile is purged when memory is short/],
  ])('%s', async (_what, event, reason) => {
    await expect(run(timed([...memory, event]), { reclaim: 'opt' })).rejects.toThrow(reason);
    await expect(run(timed(memory), { reclaim: 'opt' })).resolves.toMatchObject({ outcome: 'ok' });
  });

  it('merging', async () => {
    await expect(run(timed(memory), { reclaim: 'opt', merge: 'ksm' })).rejects.toThrow(
      /expected merge policy none, not ksm/,
    );
  });

  it('another future than that of the first replay: a page of a hole has a new id each time it comes in', async () => {
    const events = ['object,,,8,file:f', 'fallocate,,0,4,punch:f', ...memory, 'pread,,0,4,f', 'read,1,0,8,'];
    const reads = ['pread,,0,4,f', 'write,1,0,8,', 'pread,,0,4,f', 'write,1,0,8,'];
    await expect(
      run(timed([...events, ...reads]), { reclaim: 'opt', swap: 'ssd', limit: 9 }),
    ).rejects.toThrow(/which pages this trace uses depends on what is evicted/);
  });
});

describe('recorded uses', () => {
  it('name the next use of the same id, or say that its contents go before', () => {
    const recorder = new UseRecorder().watch({ count: 4 });
    recorder.insert(1); // use 0
    recorder.insert(2); // use 1
    recorder.touch(1); // use 2
    recorder.remove(2);
    recorder.insert(2); // use 3
    recorder.remove(3);
    const never = 2 ** 31 - 1;
    expect(recorder.uses()).toEqual({
      next: Int32Array.of(2, ~3, never, never),
      first: Int32Array.of(never, 0, 1, never),
    });
  });
});
