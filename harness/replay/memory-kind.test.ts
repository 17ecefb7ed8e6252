import { describe, expect, it } from 'vitest';
import { run } from '../testing/machine.js';
import { timed } from '../testing/traces.js';

const SHARED = [
  'spawn,1,,,',
  'object,,,8,shmem:pool',
  'map,1,64,8,shared:pool@0',
  'close,,,,pool',
  'write,1,64,8,',
  'discard,1,64,4,',
  'write,1,64,2,',
  'mark,,,,end',
];
const PRIVATE = ['spawn,1,,,', 'map,1,64,8,anon', 'write,1,64,8,', 'discard,1,64,4,', 'mark,,,,end'];
const BOTH = [...PRIVATE.slice(0, -1), 'object,,,8,shmem:x', 'map,1,128,8,shared:x@0', 'mark,,,,end'];

/** Pages in memory at the end, and calls that were refused. */
async function end(events: readonly string[], options: Parameters<typeof run>[1]) {
  const { metrics } = await run(timed(events), options);
  return { resident: metrics.resident_pages_end, errors: metrics.discard_errors };
}

describe('a replay on memory of another kind', () => {
  it('lets each call do what it does on that kind', async () => {
    // 8 pages are written, 4 given back, 2 of these written again.
    expect(await end(SHARED, { discard: 'dontneed' })).toEqual({ resident: 8, errors: 0 });
    expect(await end(SHARED, { discard: 'dontneed', backing: 'anon' })).toEqual({ resident: 6, errors: 0 });
    expect(await end(SHARED, { discard: 'free' })).toEqual({ resident: 8, errors: 1 });
    expect(await end(SHARED, { discard: 'free', backing: 'anon' })).toEqual({ resident: 8, errors: 0 });
    expect(await end(SHARED, { discard: 'remove', backing: 'anon' })).toEqual({ resident: 8, errors: 1 });

    expect(await end(PRIVATE, { discard: 'remove' })).toEqual({ resident: 8, errors: 1 });
    expect(await end(PRIVATE, { discard: 'remove', backing: 'shmem' })).toEqual({ resident: 4, errors: 0 });
    expect(await end(PRIVATE, { discard: 'punch', backing: 'shmem' })).toEqual({ resident: 4, errors: 0 });
    expect(await end(PRIVATE, { discard: 'dontneed', backing: 'shmem' })).toEqual({ resident: 8, errors: 0 });
  });

  it('leaves mappings of the kind that is asked for as they are', async () => {
    expect(await end(BOTH, { discard: 'remove', backing: 'shmem' })).toEqual({ resident: 4, errors: 0 });
  });

  it('distinguishes objects that have one name after the other', async () => {
    const again = [...SHARED.slice(0, -1), 'unmap,1,64,8,', ...SHARED.slice(1, -1), 'mark,,,,end'];
    expect(await end(again, { discard: 'dontneed', backing: 'anon' })).toEqual({ resident: 6, errors: 0 });
    // The second one is mapped twice, and stays.
    const twice = [
      ...again.slice(0, -1),
      'object,,,8,shmem:pool',
      'spawn,2,,,',
      'map,2,0,8,shared:pool@0',
      'map,1,64,8,shared:pool@0',
      'close,,,,pool',
      'write,2,0,8,',
      'mark,,,,end',
    ];
    expect(await end(twice, { discard: 'dontneed', backing: 'anon' })).toEqual({ resident: 8, errors: 0 });
  });

  it('frees what is unmapped whole, and keeps what is only partly unmapped, as a memfd does', async () => {
    const unmapped = (count: number) => [...PRIVATE.slice(0, 3), `unmap,1,64,${count},`, 'mark,,,,end'];
    expect(await end(unmapped(4), { backing: 'shmem' })).toMatchObject({ resident: 8 });
    expect(await end(unmapped(8), { backing: 'shmem' })).toMatchObject({ resident: 0 });
    expect(await end(unmapped(4), {})).toMatchObject({ resident: 4 });
  });

  it('changes nothing that another space or a file call could see, and is refused where nothing is left', async () => {
    const cases = {
      'mapped twice': [...SHARED.slice(0, 3), 'spawn,2,,,', 'map,2,64,8,shared:pool@0'],
      'mapped privately': [...SHARED.slice(0, 2), 'map,1,64,8,private:pool@0'],
      'read by descriptor': [...SHARED.slice(0, 3), 'pread,1,0,1,pool'],
      punched: [...SHARED.slice(0, 3), 'fallocate,,0,1,punch:pool'],
      truncated: [...SHARED.slice(0, 3), 'truncate,,,4,pool'],
      inherited: [...SHARED.slice(0, 3), 'fork,1,,,2'],
      moved: [...SHARED.slice(0, 3), 'remap,1,64,8,to=128'],
      'not empty': ['spawn,1,,,', 'object,,,8,shmem:pool =5+', 'map,1,64,8,shared:pool@0'],
      'a file': ['spawn,1,,,', 'object,,,8,file:pool', 'map,1,64,8,shared:pool@0'],
    };
    for (const [name, events] of Object.entries(cases)) {
      await expect(run(timed(events), { backing: 'anon' }), name).rejects.toThrow(
        /^backing anon: this trace has no mapping of one space alone that could be private memory instead$/,
      );
    }
    await expect(run(timed(SHARED), { backing: 'shmem' })).rejects.toThrow(/^backing shmem: .*file instead$/);
  });
});
