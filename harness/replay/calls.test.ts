import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import { simulated } from '../machine/target.js';
import { run } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { timed } from '../testing/traces.js';
import { validate } from './validate.js';

const TOUCHED = ['spawn,1,,,', 'map,1,0,64,anon', 'write,1,0,64,'];

describe('calls of a trace that return an error', () => {
  // In the manner of github.com/jemalloc/jemalloc/issues/1328: every fourth pair of pages loses its access.
  it('are counted at vm.max_map_count, and the program goes on', async () => {
    const pages = 8 * 4000;
    const events = [
      'set,,,,vm.max_map_count=5000',
      'spawn,1,,,',
      `map,1,0,${pages},anon`,
      `write,1,0,${pages},`,
      ...Array.from({ length: 4000 }, (_, i) => `protect,1,${8 * i},2,none`),
      `read,1,${8 * 3999},2,`,
      'map,1,100000,4,anon',
      'write,1,100000,4,',
      'map,1,200000,4,anon',
      'write,1,200000,4,',
      'write,1,4,4,',
    ];
    const { metrics, calls, touches } = await run(timed(events), { check: false });
    // The first call makes one VMA more, each further one two: after 2500 calls there are 5000, and mmap may make one more.
    expect(calls).toEqual([
      { call: 'map', errno: 'ok', count: 2, pages: pages + 4 },
      { call: 'map', errno: 'ENOMEM', count: 1, pages: 0 },
      { call: 'protect', errno: 'ok', count: 2500, pages: 5000 },
      { call: 'protect', errno: 'ENOMEM', count: 1500, pages: 0 },
    ]);
    expect(metrics).toMatchObject({ call_errors: 1501, unmade_touches: 4, resident_pages_end: pages + 4 });
    expect(touches).toBe(pages + 2 + 4 + 4);
  });

  it('do what lies before the place that refuses them', async () => {
    const { calls, metrics } = await run(
      timed([
        ...TOUCHED,
        'unmap,1,32,8,',
        'protect,1,16,40,none',
        'lock,1,56,16,',
        'remap,1,32,4,to=1000',
        'map,1,500,4,anon-shared droppable',
        'write,1,0,16,',
        'read,1,40,1,',
        'madvise,1,0,64,MADV_DONTNEED',
        'madvise,1,0,8,MADV_REMOVE',
      ]),
    );
    expect(calls.map(({ call, errno, count }) => `${call} ${errno} ${count}`)).toEqual([
      'map ok 1',
      'map EINVAL 1',
      'unmap ok 1',
      'protect ENOMEM 1',
      'lock ENOMEM 1',
      'remap EFAULT 1',
      'madvise MADV_DONTNEED EINVAL 1',
      'madvise MADV_REMOVE EINVAL 1',
    ]);
    expect(metrics.call_errors).toBe(6);
    const before = run(timed([...TOUCHED, 'unmap,1,32,8,', 'protect,1,16,40,none', 'read,1,16,1,']));
    // The protection that failed is no permission: what it did take away is left out, and no broken trace.
    await expect(before).rejects.toThrow(/:7: read of page 16 in space 1 is against its protection/);
  });

  it('leave touches out only where they relied on the call', async () => {
    const failed = ['set,,,,vm.max_map_count=1', ...TOUCHED, 'map,1,100,8,anon', 'map,1,200,8,anon'];
    const { metrics, spaces } = await run(
      timed([...failed, 'write,1,198,-2,', 'write,1,206,2,=7+']),
      {},
    ).catch(() => ({ metrics: undefined, spaces: [] }));
    expect([metrics, spaces]).toEqual([undefined, []]);
    const { metrics: left } = await run(timed([...failed, 'write,1,204,2,=7+', 'write,1,207,-8,']));
    expect(left).toMatchObject({ unmade_touches: 10, call_errors: 1 });
    await expect(run(timed([...failed, 'read,1,204,8,']))).rejects.toThrow(/read of page 208 in space 1/);
    const child = ['fork,1,,,2', 'write,2,204,1,'];
    expect((await run(timed([...failed, ...child]))).metrics.unmade_touches).toBe(1);
  });
});

describe('what is accepted without effect', () => {
  // In the manner of github.com/gperftools/gperftools/issues/1073.
  it('is counted, and warned about with its line', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,2048,anon',
      'madvise,1,0,1024,MADV_HUGEPAGE',
      'madvise,1,1024,1024,MADV_HUGEPAGE',
      'madvise,1,0,512,MADV_COLLAPSE',
      'madvise,1,0,512,MADV_NOHUGEPAGE',
      'write,1,0,1,',
    ];
    expect((await run(timed(events))).metrics).toMatchObject({ advice_ignored: 3, call_errors: 0 });
    const { warnings } = await validate(timed(events), simulated);
    expect(warnings.map(({ place, what, count }) => `${place.line}: ${what} (${count})`)).toEqual([
      '4: MADV_HUGEPAGE has no effect here: on a live kernel a fault may bring a huge page, 512 pages at once (2)',
      '6: MADV_COLLAPSE has no effect here: on a live kernel pages would be gathered into huge pages (1)',
    ]);
  });

  it('is refused where a policy does not have a setting', async () => {
    const events = timed(['set,,,,vm.swappiness=180', ...TOUCHED]);
    for (const reclaim of ['linux', 'mglru']) await run(events, { reclaim });
    await expect(run(events, { reclaim: 'lru' })).rejects.toThrow(Refusal);
    await expect(run(events, { reclaim: 'lru' })).rejects.toThrow(
      /^test\.csv:2: vm\.swappiness is no parameter/,
    );
    const ksm = timed(['set,,,,ksm.pages_to_scan=7', ...TOUCHED]);
    await run(ksm, { merge: 'ksm' });
    await expect(run(ksm, { merge: 'instant' })).rejects.toThrow(
      /^test\.csv:2: ksm\.pages_to_scan is of ksmd/,
    );
  });
});

const page = fc.constantFrom(0, 1, 8, 60, 63, 64, 100, 2 ** 45 - 1);
const count = fc.constantFrom(0, 1, 2, 8, 64, 65);
const range = fc.tuple(page, count).map(([first, pages]) => `${first},${pages}`);
/** Events of all kinds, many of them wrong where they stand. */
const odd = fc.oneof(
  fc
    .constantFrom(
      ...[
        'vm.swappiness=200',
        'vm.swappiness=999',
        'vm.swappiness=x',
        'vm.max_map_count=2',
        'ksm.run=1',
        'ksm.run=9',
      ],
      ...['ksm.advisor_mode=scan-time', 'ksm.pages_to_scan=5', 'mm.page_reporting_order=3', 'no.such=1'],
      ...[
        'ksm.max_page_sharing=1',
        'vm.dirty_expire_centisecs=0',
        'madvise.remove_2006=1',
        'mm.struct_page_bytes=0',
      ],
    )
    .map((text) => `set,,,,${text}`),
  fc
    .tuple(fc.constantFrom('read', 'write', 'unmap', 'lock', 'unlock', 'discard', 'pin', 'unpin'), range)
    .map(([op, at]) => `${op},1,${at},`),
  fc.tuple(fc.constantFrom('ro', 'rw', 'none'), range).map(([to, at]) => `protect,1,${at},${to}`),
  fc
    .tuple(fc.constantFrom('to=200', 'to=1', 'grow=8', 'grow=0'), range)
    .map(([arg, at]) => `remap,1,${at},${arg}`),
  fc
    .tuple(fc.constantFrom('DONTNEED', 'REMOVE', 'HUGEPAGE', 'FREE', 'MERGEABLE', 'POPULATE_WRITE'), range)
    .map(([advice, at]) => `madvise,1,${at},MADV_${advice}`),
  fc
    .tuple(
      fc.constantFrom('anon', 'anon-shared droppable', 'shared:o@0', 'private:o@4', 'shared:none@0'),
      range,
    )
    .map(([kind, at]) => `map,1,${at},${kind}`),
  fc.constantFrom(0, 1, 40, 1000).map((pages) => `limit,,,${pages},`),
  fc.constantFrom(
    'limit,,,,',
    'object,,,8,shmem:o',
    'object,,,8,file:o',
    'close,,,,o',
    'truncate,,,4,o',
    'sync,,,,o',
  ),
  fc.constantFrom(
    'fork,1,,,2',
    'exit,2,,,',
    'exit,1,,,',
    'spawn,1,,,',
    'prctl,1,,,merge=1',
    'pressure,,,,critical',
  ),
  fc
    .tuple(fc.constantFrom('punch', 'alloc', 'zero'), range)
    .map(([mode, at]) => `fallocate,,${at},${mode}:o`),
);

/** How an attempt ended: what a user sees of an error, or the outcome. */
async function ending(attempt: Promise<{ outcome?: string }>): Promise<string> {
  try {
    return (await attempt).outcome ?? 'ok';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
}

describe('validate and replay', () => {
  it('refuse objects that grow beyond what indexes reach, instead of searching them to their end', async () => {
    for (const event of ['fallocate,,35184372088831,1,alloc:o', 'pwrite,,2147483647,1,o']) {
      const trace = timed(['object,,,8,shmem:o', event, 'close,,,,o']);
      const message = /:3: the object would have \d+ pages, expected at most 2147483647$/;
      await expect(run(trace, { check: false })).rejects.toThrow(message);
      await expect(validate(trace, simulated)).rejects.toThrow(message);
    }
  });

  it('accept and refuse the same traces, in the same line', async () => {
    const seen = { ok: 0, refused: 0 };
    const traces = fc.array(odd, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(traces, async (events) => {
        const trace = timed(['object,,,8,shmem:o', ...TOUCHED, ...events]);
        const replayed = await ending(run(trace, { check: false }));
        // What follows an event at which memory runs out is in no replay.
        if (replayed === 'oom') return;
        expect(await ending(validate(trace, simulated).then(() => ({})))).toBe(replayed);
        seen[replayed === 'ok' ? 'ok' : 'refused']++;
      }),
      { numRuns: propertyRuns(400) },
    );
    expect(seen.ok).toBeGreaterThan(propertyRuns(100));
    expect(seen.refused).toBeGreaterThan(propertyRuns(100));
  });
});
