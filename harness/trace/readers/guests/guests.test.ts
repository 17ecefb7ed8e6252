import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../testing/readers.js';
import { guests } from './import.js';

/** The events of snapshots of two guests of 100 pages, as text. */
async function imported(lines: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const given = { names: 'a+b', pages: '100', settle: '60', ...more };
  return eventsOf(guests, `${lines.join('\n')}\n`, { file: 'snapshots.txt', given });
}

describe('snapshots of guests', () => {
  it('become guests that may be merged, writes in runs, and marks', async () => {
    const events = await imported(['4 0 0 1', '4 0 1 2', '4 0 2 3', '4 1 3 3', '10 0 1 0']);
    expect(events).toEqual([
      '0,spawn,1,,,a',
      '0,map,1,1048576,100,anon',
      '0,madvise,1,1048576,100,MADV_MERGEABLE',
      '0,spawn,2,,,b',
      '0,map,2,1048576,100,anon',
      '0,madvise,2,1048576,100,MADV_MERGEABLE',
      '4000000,write,1,1048576,3,=1+',
      '4000000,write,2,1048579,1,=3',
      '4000000,mark,,,,snapshot 1 (4 s)',
      '10000000,write,1,1048577,1,=0',
      '10000000,mark,,,,snapshot 2 (10 s)',
      '70000000,mark,,,,60 s after the last snapshot',
    ]);
  });

  it('in shared memory are restarted in turn: all is given back, and written again as long after the start', async () => {
    const events = await imported(['4 0 0 1', '4 1 3 2', '10 0 0 3', '10 1 4 2'], {
      backing: 'shmem',
      restart: '5',
    });
    expect(events).toEqual([
      '0,spawn,1,,,a',
      '0,object,,,100,shmem:a',
      '0,map,1,1048576,100,shared:a@0',
      '0,spawn,2,,,b',
      '0,object,,,100,shmem:b',
      '0,map,2,1048576,100,shared:b@0',
      '4000000,write,1,1048576,1,=1',
      '4000000,write,2,1048579,1,=2',
      '4000000,mark,,,,snapshot 1 (4 s)',
      '10000000,write,1,1048576,1,=3',
      '10000000,write,2,1048580,1,=2',
      '10000000,discard,1,1048576,100,',
      '10000000,mark,,,,a is shut down',
      '15000000,mark,,,,a starts again',
      '15000000,discard,2,1048576,100,',
      '15000000,mark,,,,b is shut down',
      '19000000,write,1,1048576,1,=1',
      '20000000,mark,,,,b starts again',
      '24000000,write,2,1048579,1,=2',
      '25000000,write,1,1048576,1,=3',
      '30000000,write,2,1048580,1,=2',
      '90000000,mark,,,,60 s after the last restart has ended',
    ]);
  });

  const writes = async (lines: readonly string[]) =>
    (await imported(lines)).filter((event) => event.includes(',write,')).map((event) => event.slice(14));

  it('join consecutive pages with equal ids or ids that rise by one, and nothing else', async () => {
    // Equal, then rising: the run of equal pages ends where the ids rise.
    expect(await writes(['4 0 0 7', '4 0 1 7', '4 0 2 8', '4 0 3 9'])).toEqual([
      '1,1048576,2,=1',
      '1,1048578,2,=2+',
    ]);
    // A gap, another guest, a falling id.
    expect(await writes(['4 0 0 1', '4 0 2 2', '4 1 3 3', '4 1 4 2'])).toEqual([
      '1,1048576,1,=1',
      '1,1048578,1,=2',
      '2,1048579,1,=3',
      '2,1048580,1,=2',
    ]);
    // Zeros are always written as =0.
    expect(await writes(['4 0 0 0', '4 0 1 0', '4 0 2 1', '4 0 3 2'])).toEqual([
      '1,1048576,2,=0',
      '1,1048578,2,=1+',
    ]);
  });

  it('get dense content ids in order of first appearance, however large those of the recording', async () => {
    expect(await writes(['4 0 0 99999999999', '4 0 5 40', '4 0 7 99999999999', '4 0 9 0'])).toEqual([
      '1,1048576,1,=1',
      '1,1048581,1,=2',
      '1,1048583,1,=1',
      '1,1048585,1,=0',
    ]);
  });

  it('more events than a block holds are several blocks', async () => {
    const lines = Array.from({ length: 70_000 }, (_, i) => `${i} 0 ${i % 100} ${i}`);
    const events = await imported(lines);
    expect(events).toHaveLength(6 + 2 * 70_000 + 1);
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['not a changed page', ['4 0 0 1', '4 0 x 1'], /snapshots\.txt:2: "4 0 x 1" is not a changed page/],
    ['time that goes back', ['4 0 0 1', '3 0 1 1'], /snapshots\.txt:2: time 3 is before 4/],
    ['an unknown guest', ['4 2 0 1'], /snapshots\.txt:1: guest 2 has no name, expected guests 0 to 1/],
    [
      'a page outside',
      ['4 0 100 1'],
      /snapshots\.txt:1: page 100 is outside the guest's memory of 100 pages/,
    ],
  ];
  for (const [name, lines, message] of wrong) {
    it(`refuse ${name}`, async () => {
      await expect(imported(lines)).rejects.toThrow(message);
    });
  }
});
