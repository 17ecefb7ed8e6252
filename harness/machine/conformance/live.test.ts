import { describe, expect, it } from 'vitest';
import { runAndLook } from '../../testing/look.js';
import type { TestRun } from '../../testing/machine.js';
import type { Machine } from '../machine.js';

/** What random traces showed on Linux 6.1 in a virtual machine: see harness/live/README.md. */
const SHM = ['spawn,1,,,', 'object,,,32,shmem:s', 'map,1,0,16,shared:s@0'];

/** The errors of a trace's calls, in order, and what is seen of the machine at its end. */
async function ended<T>(events: readonly string[], look: (m: Machine) => T, options: TestRun = {}) {
  const { seen, errnos } = await runAndLook(events, options, look);
  return { errors: errnos.filter((errno) => typeof errno === 'string'), end: seen };
}

const resident = (m: Machine) => m.frames.inUse;
const rss = (m: Machine) => m.rss;

describe('as seen on a live kernel', () => {
  it('fault-around leaves out what fallocate has made, until it is used', async () => {
    const allocated = [...SHM, 'fallocate,,0,16,alloc:s'];
    expect((await ended([...allocated, 'read,1,3,1,'], rss)).end).toBe(1);
    expect((await ended([...allocated, 'pwrite,,4,2,s', 'read,1,3,1,'], rss)).end).toBe(3);
    // A second fallocate clears what the first one has made.
    expect((await ended([...allocated, 'fallocate,,2,4,alloc:s', 'read,1,3,1,'], rss)).end).toBe(4);
    // pread takes them for holes: they stay as they are.
    expect((await ended([...allocated, 'pread,,0,16,s', 'read,1,3,1,'], rss)).end).toBe(1);
  });

  it('a page of shared memory that was only read goes without swap, and to no swap', async () => {
    const out = 'madvise,1,0,16,MADV_PAGEOUT';
    for (const swap of ['none', 'ssd', 'zram'] as const) {
      const read = await ended([...SHM, 'read,1,0,4,', out], (m) => [m.frames.inUse, m.swap.inUse], { swap });
      expect([swap, read.end]).toEqual([swap, [0, 0]]);
    }
    expect((await ended([...SHM, 'read,1,0,4,', 'write,1,1,1,', out], resident)).end).toBe(1);
    // What the program has asked for stays.
    expect((await ended([...SHM, 'fallocate,,0,4,alloc:s', 'read,1,0,4,', out], resident)).end).toBe(4);
    expect((await ended([...SHM, 'read,1,0,4,', 'fallocate,,1,2,alloc:s', out], resident)).end).toBe(2);
  });

  it('reclaim drops such pages under a limit too', async () => {
    const trace = [...SHM, 'read,1,0,12,'];
    const { end } = await ended(trace, (m) => m.counters.pswpout, { swap: 'ssd', limit: 6 });
    expect(end).toBe(0);
  });

  it('MADV_POPULATE_WRITE makes pages dirty that are mapped writable already', async () => {
    const populated = [...SHM, 'read,1,0,4,', 'madvise,1,0,4,MADV_POPULATE_WRITE'];
    expect((await ended([...populated, 'madvise,1,0,16,MADV_PAGEOUT'], resident)).end).toBe(4);
  });

  it('mlock returns ENOMEM where a page cannot be had', async () => {
    const beyond = [...SHM, 'truncate,,,2,s', 'lock,1,0,4,'];
    expect(await ended(beyond, resident)).toEqual({ errors: ['ENOMEM'], end: 2 });
    const denied = ['spawn,1,,,', 'map,1,0,4,anon', 'protect,1,1,1,none', 'lock,1,0,4,'];
    expect((await ended(denied, resident)).errors).toEqual(['ENOMEM']);
  });

  it('mremap grows one VMA, at its end', async () => {
    const two = ['spawn,1,,,', 'map,1,0,4,anon', 'map,1,4,4,anon ro'];
    expect((await ended([...two, 'remap,1,2,6,grow=2'], rss)).errors).toEqual(['EFAULT']);
    expect((await ended([...two, 'remap,1,4,2,grow=2'], rss)).errors).toEqual(['ENOMEM']);
    expect((await ended([...two, 'remap,1,4,4,grow=2'], rss)).errors).toEqual([]);
  });

  it('a write beyond the end of a private mapping prepares it for fork', async () => {
    const mapped = ['spawn,1,,,', 'object,,,4,shmem:s =1+', 'map,1,0,8,private:s@0', 'read,1,0,1,'];
    expect((await ended([...mapped, 'fork,1,,,2'], rss)).end).toBe(4);
    expect((await ended([...mapped, 'write,1,6,1,', 'fork,1,,,2'], rss)).end).toBe(8);
  });

  it('mremap moves holes along, and leaves what is mapped at their new place', async () => {
    const gap = ['spawn,1,,,', 'map,1,0,2,anon', 'map,1,4,2,anon', 'write,1,0,2,', 'write,1,4,2,'];
    const target = ['map,1,10,6,anon', 'write,1,10,6,'];
    expect(await ended([...gap, ...target, 'remap,1,0,6,to=10'], rss)).toEqual({ errors: [], end: 6 });
    expect(await ended([...gap, ...target, 'remap,1,3,3,to=10'], rss)).toEqual({
      errors: ['EFAULT'],
      end: 10,
    });
    // Before 6.17 the target had been unmapped by then, holes too; not so where the first page was none.
    const old = 'set,,,,kernel.version=6.12';
    expect(await ended([old, ...gap, ...target, 'remap,1,0,6,to=10'], rss)).toEqual({
      errors: ['EFAULT'],
      end: 4,
    });
    expect((await ended([old, ...gap, ...target, 'remap,1,3,3,to=10'], rss)).end).toBe(10);
  });

  const old = (version: string, events: readonly string[]) => [`set,,,,kernel.version=${version}`, ...events];

  it('kernel.version: which neighbours merge, as mremap shows, which grows one VMA', async () => {
    const changed = [
      ...['spawn,1,,,', 'map,1,4,4,anon', 'write,1,4,4,', 'protect,1,4,4,ro'],
      ...['map,1,0,4,anon', 'protect,1,4,4,rw', 'remap,1,0,8,grow=1'],
    ];
    const between = [
      ...['spawn,1,,,', 'map,1,4,4,anon', 'write,1,4,4,'],
      ...['map,1,0,2,anon', 'map,1,2,2,anon', 'remap,1,0,8,grow=1'],
    ];
    const errors = async (version: string, events: readonly string[]) =>
      (await ended(old(version, events), rss)).errors;
    for (const [version, change, map] of [
      ['6.1', ['EFAULT'], ['EFAULT']],
      ['6.12', ['EFAULT'], []],
      ['6.18', [], []],
    ] as const)
      expect([version, await errors(version, changed), await errors(version, between)]).toEqual([
        version,
        change,
        map,
      ]);
  });

  it('kernel.version: a page that a read swaps in was mapped read-only', async () => {
    const swapped = ['spawn,1,,,', 'map,1,0,4,anon', 'write,1,0,4,', 'madvise,1,0,4,MADV_PAGEOUT'];
    const faults = async (version: string, ...touches: string[]) =>
      (await ended(old(version, [...swapped, ...touches]), (m) => m.counters.pgfault, { swap: 'zram' })).end;
    expect(await faults('6.1', 'read,1,0,4,', 'write,1,0,4,')).toBe(12);
    expect(await faults('6.1', 'write,1,0,4,', 'write,1,0,4,')).toBe(8);
    expect(await faults('6.12', 'read,1,0,4,', 'write,1,0,4,')).toBe(8);
  });

  it('kernel.version: MADV_POPULATE went on behind a hole, mremap moved one VMA', async () => {
    const holes = ['spawn,1,,,', 'map,1,0,2,anon', 'map,1,4,2,anon', 'madvise,1,0,6,MADV_POPULATE_WRITE'];
    expect(await ended(old('6.1', holes), rss)).toEqual({ errors: ['ENOMEM'], end: 4 });
    expect(await ended(old('6.12', holes), rss)).toEqual({ errors: ['ENOMEM'], end: 2 });
    const moved = [
      ...['spawn,1,,,', 'map,1,0,2,anon', 'map,1,2,2,anon ro', 'map,1,10,4,anon'],
      ...['write,1,0,2,', 'write,1,10,4,', 'remap,1,0,4,to=10'],
    ];
    expect(await ended(old('6.12', moved), rss)).toEqual({ errors: ['EFAULT'], end: 2 });
    expect(await ended(old('6.18', moved), rss)).toEqual({ errors: [], end: 2 });
  });
});
