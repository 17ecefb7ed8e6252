import { describe, expect, it } from 'vitest';
import { runAndLook } from '../testing/look.js';
import { run, type TestRun } from '../testing/machine.js';
import { timed } from '../testing/traces.js';

const metrics = async (events: readonly string[], options: TestRun) =>
  (await run(timed(events), options)).metrics;

/** 12 pages of shared memory, all written; three ranges of 3, 2 and 3 pages are unpinned in this order. */
const THREE_UNPINNED = [
  'spawn,1,,,',
  'object,,,12,shmem:o',
  'map,1,0,12,shared:o@0',
  'write,1,0,12,',
  'unpin,1,0,3,regen_ns=3000',
  'unpin,1,4,2,regen_ns=2000',
  'unpin,1,8,3,regen_ns=3000',
];

describe('managed policies', () => {
  it('drop the oldest above the budget, whole', async () => {
    // 3 + 2 = 5 pages are within 6; 8 are not: the first range goes, and 5 are left.
    expect(await metrics(THREE_UNPINNED, { discard: 'remove-managed:budget=6p' })).toMatchObject({
      discard_calls: 1,
      discard_pages: 3,
      resident_pages_end: 9,
    });
    // Within 4: the second goes as well, though 3 + 3 - 2 pages would have been enough to drop.
    expect(await metrics(THREE_UNPINNED, { discard: 'remove-managed:budget=4p' })).toMatchObject({
      discard_calls: 2,
      discard_pages: 5,
      resident_pages_end: 7,
    });
    expect(await metrics(THREE_UNPINNED, { discard: 'remove-managed' })).toMatchObject({ discard_calls: 0 });
  });

  it('drop to half the budget at moderate pressure, all at critical', async () => {
    const under = (level: string) =>
      metrics([...THREE_UNPINNED, `pressure,,,,${level}`], { discard: 'punch-managed:budget=11p' });
    // Half of 11 is 5: of 8 pages the first 3 go.
    expect(await under('moderate')).toMatchObject({ discard_calls: 1, discard_pages: 3 });
    expect(await under('critical')).toMatchObject({ discard_calls: 3, discard_pages: 8 });
  });

  it('pin takes a range out, or makes it again when it was dropped', async () => {
    const events = [...THREE_UNPINNED, 'pin,1,4,2,', 'pressure,,,,critical', 'pin,1,0,3,', 'pin,1,4,2,'];
    expect(await metrics(events, { discard: 'remove-managed' })).toMatchObject({
      discard_calls: 2,
      discard_pages: 6,
      regenerated_ranges: 1,
      regenerated_pages: 3,
      stall_regen_ns: 3000,
    });
  });

  it('a range unpinned again is the newest; a discard and an unmap take pages out', async () => {
    const again = [...THREE_UNPINNED, 'unpin,1,0,3,', 'pressure,,,,moderate'];
    // Of 2, 3 and 3 pages, the first two ranges go for half of 6.
    expect(await metrics(again, { discard: 'remove-managed:budget=8p' })).toMatchObject({ discard_pages: 5 });
    const gone = [...THREE_UNPINNED, 'discard,1,0,3,', 'unmap,1,8,1,', 'pressure,,,,critical'];
    // The discard itself, then 2 pages and the 2 of the last range that are mapped.
    expect(await metrics(gone, { discard: 'remove-managed' })).toMatchObject({
      discard_calls: 3,
      discard_pages: 3 + 2 + 2,
      discard_errors: 0,
    });
    const over = [...THREE_UNPINNED, 'exit,1,,,', 'pressure,,,,critical'];
    expect(await metrics(over, { discard: 'remove-managed' })).toMatchObject({ discard_calls: 0 });
  });

  it('the space pays whose range is dropped, whatever the cause', async () => {
    const events = [
      'spawn,1,,,',
      'spawn,2,,,',
      'map,1,0,4,anon',
      'map,2,0,4,anon',
      'write,1,0,4,',
      'write,2,0,4,',
      'unpin,1,0,4,',
      'unpin,2,0,4,',
    ];
    const discard = 'dontneed-managed:budget=4p';
    const above = await run(timed(events), { discard });
    const paid = (result: typeof above) => result.spaces.slice(0, 2).map((row) => row.stall_discard_ns);
    // DONTNEED of 4 pages: 658 ns at 1 page, 3301 at 16.
    expect(paid(above)).toEqual([Math.round(658 + (3 * (3301 - 658)) / 15), 0]);
    expect(above.metrics.stall_discard_ns).toBe(1187);
    const pressed = await run(timed([...events, 'pressure,,,,critical']), { discard });
    expect(paid(pressed)).toEqual([1187, 1187]);
    expect(pressed.metrics).toMatchObject({ daemon_ns: 0, cpu_ns: pressed.metrics.stall_ns });
  });

  it('a look-up is paid as the drop is', async () => {
    const events = [...THREE_UNPINNED, 'pressure,,,,critical'];
    const known = await metrics(events, { discard: 'punch-managed' });
    const looked = await metrics(events, { discard: 'punch-managed:lookup=1' });
    expect(Number(looked.stall_discard_ns) - Number(known.stall_discard_ns)).toBe(3 * 852);
    expect(looked.daemon_ns).toBe(0);
  });

  it('where the call is refused nothing is lost, and it is made once a range', async () => {
    const events = ['spawn,1,,,', 'map,1,0,4,anon', 'write,1,0,4,', 'unpin,1,0,4,', 'pin,1,0,4,'];
    events.splice(4, 0, 'pressure,,,,critical', 'pressure,,,,critical');
    expect(await metrics(events, { discard: 'remove-managed' })).toMatchObject({
      discard_calls: 1,
      discard_errors: 1,
      regenerated_pages: 0,
      resident_pages_end: 4,
    });
  });
});

/** 8 pages of private memory; volatile by `op`, and then more is written than the limit of 12 allows. */
const overcommitted = (op: string) => [
  'spawn,1,,,',
  'map,1,0,8,anon',
  'map,1,20,8,anon',
  'write,1,0,8,',
  op,
  'write,1,20,8,',
];

describe('volatile', () => {
  const options = { discard: 'volatile', limit: 12, check: true } as const;

  it('discarded memory goes when memory is short; the write after is preceded by one call', async () => {
    const events = [...overcommitted('discard,1,0,8,'), 'write,1,3,1,', 'write,1,4,4,', 'read,1,0,8,'];
    expect(await metrics(events, options)).toMatchObject({
      purged_pages: 8,
      purged_ranges: 1,
      discard_calls: 2,
      discard_pages: 16,
      discard_errors: 0,
      sigbus: 0,
      regenerated_pages: 0,
      pswpout: 0,
    });
  });

  it('stays while memory is not short', async () => {
    const events = [...overcommitted('discard,1,0,8,'), 'write,1,3,1,'];
    expect(await metrics(events, { discard: 'volatile' })).toMatchObject({
      purged_pages: 0,
      resident_pages_end: 16,
    });
  });

  it('a pin makes the range again when it was purged, or page by page the purged ones', async () => {
    const events = [...overcommitted('unpin,1,0,8,regen_ns=8000'), 'unmap,1,20,8,', 'pin,1,0,8,'];
    expect(await metrics(events, options)).toMatchObject({
      discard_calls: 2,
      regenerated_ranges: 1,
      regenerated_pages: 8,
      stall_regen_ns: 8000,
    });
    // FIFO reclaim purges single pages: 4 to make room, each when it is the oldest.
    const byPage = {
      ...options,
      discard: 'volatile:regen=page',
      purge: 'page-lru',
      reclaim: 'fifo',
      swap: 'ssd',
    } as const;
    const paged = await metrics(events, byPage);
    expect(paged.purged_pages).toBeGreaterThan(0);
    expect(paged).toMatchObject({
      discard_calls: 1 + 8,
      regenerated_pages: paged.purged_pages,
      stall_regen_ns: 1000 * Number(paged.purged_pages),
    });
  });

  it('the handler of SIGBUS marks and makes again the range, and the access goes on', async () => {
    const events = [
      ...overcommitted('unpin,1,0,8,regen_ns=8000'),
      'unmap,1,20,8,',
      'read,1,2,4,',
      'write,1,1,1,=77',
      'pin,1,0,8,',
    ];
    const { result, seen } = await runAndLook(events, options, (m) => m.pages.volatileCount);
    // One signal for four reads; after it the memory is ordinary and whole, and the pin has nothing to do.
    expect(result.metrics).toMatchObject({
      sigbus: 1,
      purge_faults: 1,
      discard_calls: 2,
      regenerated_ranges: 1,
      regenerated_pages: 8,
      stall_regen_ns: 8000,
      stall_pin_ns: 0,
    });
    // The signal, and MADV_NONVOLATILE on a tree of ranges: both are the handler's.
    expect(result.metrics.stall_sigbus_ns).toBe(1400 + 782);
    expect(seen).toBe(0);
  });

  it('with access=zero a read finds zeros, and the loss shows at the pin', async () => {
    const events = [...overcommitted('unpin,1,0,8,'), 'unmap,1,20,8,', 'read,1,2,1,', 'pin,1,0,8,'];
    expect(await metrics(events, { ...options, purge: 'range-lru:access=zero' })).toMatchObject({
      sigbus: 0,
      purge_faults: 1,
      regenerated_pages: 8,
    });
  });

  it('the call costs what the purge policy keeps ranges in: a tree, or the flags of VMAs', async () => {
    const events = ['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,4,', 'unpin,1,0,8,', 'pin,1,0,8,'];
    expect(await metrics(events, { discard: 'volatile' })).toMatchObject({
      stall_discard_ns: 782,
      stall_pin_ns: 782,
    });
    // Unmarking looks at the 4 pages that are there: 953 ns for the first, then 2.5 ns each.
    expect(await metrics(events, { discard: 'volatile', purge: 'page-lru' })).toMatchObject({
      stall_discard_ns: 1100,
      stall_pin_ns: 960,
    });
  });

  it('beyond the end of an object no handler helps', async () => {
    const events = ['spawn,1,,,', 'object,,,2,shmem:o', 'map,1,0,4,shared:o@0', 'read,1,0,4,'];
    expect(await metrics(events, options)).toMatchObject({ sigbus: 2, discard_calls: 0 });
  });

  it('what cannot be volatile is refused', async () => {
    const events = [
      'spawn,1,,,',
      'object,,,4,file:f',
      'map,1,0,4,shared:f@0',
      'read,1,0,4,',
      'discard,1,0,4,',
    ];
    expect(await metrics([...events, 'write,1,0,4,'], options)).toMatchObject({
      discard_calls: 1,
      discard_errors: 1,
      discard_refused: 0,
      discard_failed_pages: 4,
    });
  });
});

describe('truncate', () => {
  const events = ['spawn,1,,,', 'object,,,8,shmem:o', 'map,1,0,8,shared:o@0', 'write,1,0,8,=100+'];

  it('frees the end of an object, and grows it again', async () => {
    const { result, seen } = await runAndLook(
      [...events, 'discard,1,5,3,', 'write,1,7,1,'],
      { discard: 'truncate' },
      (m) => [m.objects.named('o').size, m.objects.named('o').blocks, m.frames.inUse],
    );
    expect(seen).toEqual([8, 6, 6]);
    expect(result.metrics).toMatchObject({ discard_calls: 1, discard_errors: 0, sigbus: 0 });
    // 3 pages as a hole that unmaps them, and a call that finds nothing to do.
    const punch = 1091 + (2 * (3800 - 1091)) / 15 + 425 + (2 * (2777 - 425)) / 15;
    expect(result.metrics.stall_discard_ns).toBe(Math.round(punch + 285));
  });

  it('is refused anywhere else', async () => {
    const refused = async (setUp: readonly string[], discard: string) => {
      const found = await metrics([...setUp, discard], { discard: 'truncate' });
      expect(found).toMatchObject({ discard_calls: 1, discard_errors: 1, discard_refused: 0 });
      expect(found.discard_failed_pages).toBe(found.discard_pages);
    };
    await refused(events, 'discard,1,4,3,'); // before the end
    await refused(['spawn,1,,,', 'map,1,0,8,anon', 'write,1,0,8,'], 'discard,1,4,4,');
    await refused(['spawn,1,,,', 'map,1,0,8,anon-shared', 'write,1,0,8,'], 'discard,1,4,4,'); // no descriptor
    await refused(
      ['spawn,1,,,', 'object,,,8,shmem:o nofd', 'map,1,0,8,shared:o@0', 'write,1,0,8,'],
      'discard,1,4,4,',
    );
    await refused(['spawn,1,,,', 'object,,,8,xip:o', 'map,1,0,8,shared:o@0'], 'discard,1,4,4,');
    await refused([...events, 'map,1,20,8,shared:o@0 rofd'], 'discard,1,24,4,');
  });

  it('pieces of one object count as one', async () => {
    const split = [...events, 'protect,1,0,6,ro', 'protect,1,6,2,rw', 'discard,1,4,4,'];
    expect(await metrics(split, { discard: 'truncate' })).toMatchObject({
      discard_calls: 1,
      discard_errors: 0,
      resident_pages_end: 4,
    });
  });

  it('takes private copies too', async () => {
    const { seen } = await runAndLook(
      [...events, 'map,1,20,8,private:o@0', 'write,1,20,8,', 'discard,1,4,4,'],
      { discard: 'truncate' },
      (m) => m.frames.inUse,
    );
    expect(seen).toBe(4 + 4);
  });

  it('is made at unpin as well, and pin makes good', async () => {
    const cycle = [...events, 'unpin,1,4,4,regen_ns=400', 'pin,1,4,4,', 'unpin,1,0,4,', 'pin,1,0,4,'];
    expect(await metrics(cycle, { discard: 'truncate' })).toMatchObject({
      discard_calls: 2,
      discard_errors: 1,
      regenerated_pages: 4,
      stall_regen_ns: 400,
    });
  });
});

describe('free', () => {
  it('looks at what it freed next to a hole', async () => {
    // ENOMEM: the first and the last 4 pages are freed all the same, and reclaim takes them.
    const events = [
      'spawn,1,,,',
      'map,1,0,4,anon',
      'map,1,8,4,anon',
      'write,1,0,4,',
      'write,1,8,4,',
      'unpin,1,0,12,regen_ns=100',
      'map,1,100,8,anon',
      'write,1,100,8,',
      'unmap,1,100,8,',
      'pin,1,0,12,',
    ];
    expect(await metrics(events, { discard: 'free', limit: 8, reclaim: 'fifo' })).toMatchObject({
      pglazyfreed: 8,
      regenerated_ranges: 1,
      stall_regen_ns: 100,
    });
  });
});

describe('files', () => {
  const events = (op: string) => [
    'spawn,1,,,',
    'object,,,8,file:f',
    'map,1,0,8,shared:f@0',
    'read,1,0,8,',
    op,
    'pressure,,,,critical',
  ];

  it('are not destroyed unless destroy=1 says so, whatever the call', async () => {
    for (const discard of ['remove', 'punch', 'truncate', 'remove-managed', 'punch-managed']) {
      const op = discard.endsWith('managed') ? 'unpin,1,4,4,' : 'discard,1,4,4,';
      const options = { discard };
      const spared = await runAndLook(events(op), options, (m) => m.objects.named('f').blocks);
      expect(spared.seen, discard).toBe(8);
      expect(spared.result.metrics, discard).toMatchObject({
        discard_calls: 1,
        discard_errors: 1,
        discard_refused: 1,
        discard_failed_pages: 4,
        stall_discard_ns: 0,
      });
      const destroyed = await runAndLook(
        events(op),
        { discard: `${discard}:destroy=1` },
        (m) => m.objects.named('f').blocks,
      );
      expect(destroyed.seen, discard).toBe(4);
      expect(destroyed.result.metrics, discard).toMatchObject({ discard_calls: 1, discard_refused: 0 });
    }
  });

  it('dontneed destroys nothing, and private mappings are answered by the kernel', async () => {
    expect(await metrics(events('discard,1,4,4,'), { discard: 'dontneed' })).toMatchObject({
      discard_errors: 0,
    });
    const copied = ['spawn,1,,,', 'object,,,8,file:f', 'map,1,0,8,private:f@0', 'discard,1,4,4,'];
    expect(await metrics(copied, { discard: 'remove' })).toMatchObject({
      discard_errors: 1,
      discard_refused: 0,
    });
    // A hole is one for every mapping, private ones too.
    expect(await metrics(copied, { discard: 'punch' })).toMatchObject({ discard_refused: 1 });
  });
});
