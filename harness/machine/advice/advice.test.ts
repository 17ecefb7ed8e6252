import { describe, expect, it } from 'vitest';
import { METRICS } from '../../metrics/schema.js';
import { contents, runAndLook } from '../../testing/look.js';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

/** 16 pages of a shared object, written by one process, mapped by two. */
const SHARED = [
  'spawn,1,,,',
  'spawn,2,,,',
  'object,,,16,shmem:seg',
  'map,1,100,16,shared:seg@0',
  'map,2,200,16,shared:seg@0',
  'write,1,100,16,=1+',
  'read,2,200,16,',
];

const DISCARD = [...SHARED, 'discard,1,104,8,'];

describe('remove and punch give equal memory and equal faults on shared memory and differ only in cost', () => {
  const reads = ['read,1,100,16,', 'read,2,200,16,'];
  const policies = ['remove', 'punch', 'punch:lookup=1'];

  it('they differ only in cost', async () => {
    const [remove, punch, lookup] = await Promise.all(
      policies.map((discard) => run(timed([...DISCARD, ...reads]), { discard })),
    );
    const costs = /_ns/;
    for (const { name } of METRICS) {
      if (costs.test(name) || name === 'stalls_over_100us') continue;
      expect(punch?.metrics[name], name).toBe(remove?.metrics[name]);
      expect(lookup?.metrics[name], name).toBe(remove?.metrics[name]);
    }
    // REMOVE costs 219 ns more a call; finding descriptor and offset of one piece costs 852.
    const cost = (result: typeof remove) => result!.metrics.stall_discard_ns;
    expect(cost(remove) - cost(punch)).toBe(219);
    expect(cost(lookup) - cost(punch)).toBe(852);
  });

  for (const discard of policies) {
    it(`${discard} frees the pages for everyone: zeros in every mapping`, async () => {
      const { result, seen } = await runAndLook(DISCARD, { discard }, (m) => [
        contents(m, 1, 100, 16),
        contents(m, 2, 200, 16),
        m.objects.named('seg').blocks,
      ]);
      const zeroed = [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 13, 14, 15, 16];
      expect(seen).toEqual([zeroed, zeroed, 8]);
      expect(result.metrics).toMatchObject({
        resident_pages_end: 8,
        rss_pages_end: 16,
        discard_calls: 1,
        discard_errors: 0,
      });
    });
  }
});

describe('dontneed on shared memory frees nothing: RSS falls, the object stays', () => {
  it('and the data is still there', async () => {
    const { result, seen } = await runAndLook(DISCARD, { discard: 'dontneed' }, (m) => [
      contents(m, 1, 100, 16),
      m.objects.named('seg').blocks,
      m.space(1)?.rss,
      m.space(2)?.rss,
    ]);
    expect(seen).toEqual([Array.from({ length: 16 }, (_, i) => i + 1), 16, 8, 16]);
    expect(result.metrics).toMatchObject({ resident_pages_end: 16, rss_pages_end: 24, discard_errors: 0 });
  });

  it('while on private anonymous memory it frees the pages', async () => {
    const events = ['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,8,=1+', 'discard,1,2,4,'];
    const { result, seen } = await runAndLook(events, { discard: 'dontneed' }, (m) => contents(m, 1, 0, 8));
    expect(seen).toEqual([1, 2, 0, 0, 0, 0, 7, 8]);
    expect(result.metrics.resident_pages_end).toBe(4);
  });
});

describe('free on shared memory is EINVAL, counted, and nothing is lost', () => {
  it('so the cell is the same as keep', async () => {
    const { result, seen } = await runAndLook(DISCARD, { discard: 'free' }, (m) => contents(m, 2, 200, 16));
    expect(seen).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(result.metrics).toMatchObject({
      resident_pages_end: 16,
      discard_calls: 1,
      discard_errors: 1,
      discard_failed_pages: 8,
      pglazyfree: 0,
    });
  });
});

describe('each advice on each kind of memory, as measured on Linux 6.18', () => {
  /** The middle half of 8 written pages; `errors` counts refused calls. */
  const cases: readonly (readonly [
    map: string,
    discard: string,
    errors: number,
    contents: readonly number[],
  ])[] = [
    ['anon', 'dontneed', 0, [1, 2, 0, 0, 0, 0, 7, 8]],
    ['anon', 'remove', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon', 'punch', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon', 'free', 0, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon-shared', 'dontneed', 0, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon-shared', 'remove', 0, [1, 2, 0, 0, 0, 0, 7, 8]],
    ['anon-shared', 'punch', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon-shared', 'free', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['shared:o@0', 'dontneed', 0, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['shared:o@0', 'remove', 0, [1, 2, 0, 0, 0, 0, 7, 8]],
    ['shared:o@0', 'punch', 0, [1, 2, 0, 0, 0, 0, 7, 8]],
    ['private:o@0', 'dontneed', 0, [1, 2, 0, 0, 0, 0, 7, 8]],
    ['private:o@0', 'remove', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['private:o@0', 'punch', 0, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['private:o@0', 'free', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon locked', 'dontneed', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['anon locked', 'free', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['shared:o@0 locked', 'remove', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['shared:sealed@0', 'remove', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['shared:sealed@0', 'punch', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['shared:nofd@0', 'remove', 0, [1, 2, 0, 0, 0, 0, 7, 8]],
    ['shared:nofd@0', 'punch', 1, [1, 2, 3, 4, 5, 6, 7, 8]],
  ];
  for (const [map, discard, errors, expected] of cases) {
    it(`${discard} on ${map}`, async () => {
      const events = [
        'spawn,1,,,',
        'object,,,8,shmem:o',
        'object,,,8,shmem:sealed sealed',
        'object,,,8,shmem:nofd nofd',
        `map,1,0,8,${map}`,
        'write,1,0,8,=1+',
        'discard,1,2,4,',
      ];
      const { result, seen } = await runAndLook(events, { discard }, (m) => contents(m, 1, 0, 8));
      expect(seen).toEqual(expected);
      expect(result.metrics).toMatchObject({ discard_calls: 1, discard_errors: errors });
    });
  }

  it('a mapping of a read-only descriptor may not remove', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,8,shmem:o =1+',
      'map,1,0,8,shared:o@0 rofd',
      'read,1,0,8,',
      'discard,1,0,8,',
    ];
    for (const discard of ['remove', 'punch']) {
      const { result, seen } = await runAndLook(events, { discard }, (m) => contents(m, 1, 0, 8));
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(result.metrics.discard_errors).toBe(1);
    }
  });

  it('a read-only mapping of a descriptor that may write removes', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,8,shmem:o =1+',
      'map,1,0,8,shared:o@0 ro',
      'read,1,0,8,',
      'discard,1,0,8,',
    ];
    const { result, seen } = await runAndLook(events, { discard: 'remove' }, (m) => contents(m, 1, 0, 8));
    expect(seen).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(result.metrics.discard_errors).toBe(0);
  });
});

describe('ranges with holes', () => {
  it('works on what is mapped, then counts ENOMEM', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,4,anon',
      'map,1,6,4,anon',
      'write,1,0,4,=1+',
      'write,1,6,4,=5+',
      'discard,1,2,6,',
    ];
    const { result, seen } = await runAndLook(events, { discard: 'dontneed' }, (m) => [
      contents(m, 1, 0, 4),
      contents(m, 1, 6, 4),
    ]);
    expect(seen).toEqual([
      [1, 2, 0, 0],
      [0, 0, 7, 8],
    ]);
    expect(result.metrics).toMatchObject({
      discard_calls: 1,
      discard_errors: 1,
      discard_pages: 6,
      discard_failed_pages: 2,
    });
  });

  it('stops at the first part that refuses, with what came before done', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,2,anon',
      'map,1,2,2,anon locked',
      'map,1,4,2,anon',
      'write,1,0,6,=1+',
      'discard,1,0,6,',
    ];
    const { result, seen } = await runAndLook(events, { discard: 'dontneed' }, (m) => contents(m, 1, 0, 6));
    expect(seen).toEqual([0, 0, 3, 4, 5, 6]);
    expect(result.metrics).toMatchObject({ discard_errors: 1, discard_failed_pages: 4 });
  });

  it('punches once a piece', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,4,shmem:a',
      'object,,,4,shmem:b',
      'map,1,0,4,shared:a@0',
      'map,1,4,4,shared:b@0',
      'write,1,0,8,',
      'discard,1,2,4,',
    ];
    const { result } = await runAndLook(events, { discard: 'punch:lookup=1' }, () => 0);
    expect(result.metrics).toMatchObject({ discard_calls: 2, discard_errors: 0, resident_pages_end: 4 });
  });

  it('a count of 0 does nothing', async () => {
    const { result } = await runAndLook(
      ['spawn,1,,,', 'discard,1,0,0,', 'madvise,1,0,0,MADV_DONTNEED'],
      { discard: 'remove' },
      () => 0,
    );
    expect(result.metrics).toMatchObject({ discard_calls: 0, discard_errors: 0 });
  });
});

describe('lazily freed memory', () => {
  const LAZY = ['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,8,=1+', 'madvise,1,0,8,MADV_FREE'];

  it('counts a page once, even when it was written and freed again', async () => {
    const events = [...LAZY, 'madvise,1,0,8,MADV_FREE', 'write,1,0,8,', 'madvise,1,0,8,MADV_FREE'];
    const { result } = await runAndLook(events, {}, () => undefined);
    expect(result.metrics.pglazyfree).toBe(8);
  });

  it('goes under pressure without swap, unless it was written again', async () => {
    const events = [...LAZY, 'write,1,3,1,=99', 'map,1,100,5,anon', 'write,1,100,5,=50+'];
    const { result, seen } = await runAndLook(events, { limit: 8, swap: 'none', reclaim: 'fifo' }, (m) =>
      contents(m, 1, 0, 8),
    );
    expect(result.outcome).toBe('ok');
    expect(result.metrics).toMatchObject({ pglazyfree: 8, pglazyfreed: 5, pswpout: 0 });
    // In the order of the calls; the rewritten page is an ordinary one.
    expect(seen).toEqual([0, 0, 0, 99, 0, 0, 7, 8]);
  });

  it('reads as before until it is taken, and linux passes over pages that were read', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,100,anon',
      'write,1,0,100,=1+',
      'madvise,1,0,100,MADV_FREE',
      'read,1,0,10,',
      'map,1,1000,10,anon',
      'write,1,1000,10,',
    ];
    const { result, seen } = await runAndLook(events, { limit: 100, swap: 'none' }, (m) =>
      contents(m, 1, 0, 100),
    );
    const taken = result.metrics.pglazyfreed as number;
    expect(taken).toBeGreaterThanOrEqual(32); // a batch
    // The first ten were read: the batch begins behind them, in the order of the calls.
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => (i >= 10 && i < 10 + taken ? 0 : i + 1)));
  });

  it('leaves pages alone that a fork shares', async () => {
    const events = [
      'spawn,1,,,',
      'map,1,0,4,anon',
      'write,1,0,4,=1+',
      'fork,1,,,2',
      'madvise,1,0,4,MADV_FREE',
    ];
    const { result } = await runAndLook(events, {}, () => 0);
    expect(result.metrics.pglazyfree).toBe(0);
  });
});
