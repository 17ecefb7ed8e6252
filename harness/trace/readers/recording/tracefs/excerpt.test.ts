import { expect, it } from 'vitest';
import { packageFile } from '../../../../base/package-root.js';
import { importedRecording } from '../../../../testing/recordings.js';

const EXCERPT = packageFile('harness', 'trace', 'readers', 'recording', 'tracefs', 'excerpt');
const LINES = 320;

// Recorded with an instance of tracefs on Linux 6.18 (x86-64) of a program of some lines of C that maps, drops, shares a memfd and a
// segment of System V, starts a thread, and forks a child that becomes /bin/true.
it('a recording of Linux 6.18 becomes a trace, with each of its lines counted', async () => {
  const { events, left, meta } = await importedRecording(EXCERPT, LINES);
  expect(events).toHaveLength(79);
  const drops = events.filter((event) => event.startsWith('discard')).map((event) => event.split(',').at(-1));
  expect(drops).toEqual(['MADV_DONTNEED', 'MADV_DONTNEED', 'FALLOC_FL_PUNCH_HOLE']);
  const processes = events.filter((event) => /^(spawn|fork|exit),/.test(event));
  expect(processes).toEqual([
    'spawn,30093,,,r1',
    'fork,30093,,,30151',
    'exit,30151,,,',
    'spawn,30151,,,true',
    'exit,30151,,,',
    'exit,30093,,,',
  ]);
  expect(events).toContain('remap,30093,34115042169,4,to=34115042161');
  expect(events).toContain('write,30093:30150,34115042167,1,');
  expect(left['faults outside the memory that is followed']).toBe(108);
  expect(meta.touches).toBe('first-access');
});
