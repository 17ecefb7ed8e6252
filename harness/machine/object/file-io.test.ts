import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';
import type { Machine } from '../machine.js';
import type { SharedObject } from '../state/vma.js';

/** What reclaim counted, for the same events on an object of 64 pages. */
async function counted(kind: 'file' | 'shmem', events: readonly string[], limit: number | 'none' = 'none') {
  const { metrics } = await run(timed([`object,,,64,${kind}:o`, ...events]), { limit, swap: 'ssd' });
  return metrics;
}

// Each seen on Linux 6.18, by active_file, active_anon and workingset_refault_file of a memory cgroup.
describe('which file I/O counts as use', () => {
  it('reading a page twice activates it', async () => {
    expect((await counted('file', ['pread,,0,8,o', 'pread,,0,8,o'])).pgactivate).toBe(8);
  });

  it('reading on in the same page is one use', async () => {
    const again = [1, 1, 1, 2, 2].map((page) => `pread,,${page},1,o`);
    expect((await counted('file', again)).pgactivate).toBe(0);
    expect((await counted('file', [...again, 'pread,,1,1,o'])).pgactivate).toBe(1);
  });

  it('writing a file does not, however often, and reading what was written is a first use', async () => {
    const writes = Array<string>(5).fill('pwrite,,0,8,o');
    expect((await counted('file', writes)).pgactivate).toBe(0);
    expect((await counted('file', [...writes, 'pread,,0,8,o'])).pgactivate).toBe(0);
  });

  it('writing shared memory does', async () => {
    expect((await counted('shmem', ['pwrite,,0,8,o', 'pwrite,,0,8,o'])).pgactivate).toBe(8);
    expect((await counted('shmem', ['pwrite,,0,8,o', 'pread,,0,8,o'])).pgactivate).toBe(8);
  });

  it('reading an evicted page is a refault, writing all of it is not', async () => {
    const evicted = ['pread,,0,64,o'];
    expect((await counted('file', [...evicted, 'pread,,0,4,o'], 32)).workingset_refault_file).toBe(4);
    expect((await counted('file', [...evicted, 'pwrite,,0,4,o'], 32)).workingset_refault_file).toBe(0);
  });
});

describe('dirty pages of a file that reclaim meets', () => {
  /** Writes 64 pages through a mapping, then reads others until memory is full and beyond. */
  const events = [
    'object,,,1024,file:o',
    'spawn,1,,,',
    'map,1,0,64,shared:o@0 random',
    'write,1,0,64,',
    'pread,,64,192,o',
    'pread,,256,1,o', // reclaim meets the dirty pages and wakes the flusher
    'pread,,257,96,o',
    'mark,,,,end',
  ];
  const resident = (m: Machine, from: number, to: number) => {
    const object = m.objects.named('o') as SharedObject;
    let count = 0;
    for (let i = from; i < to; i++) if (m.pages.resident[object.page(i)] === 1) count++;
    return count;
  };

  it('are unmapped and stay, and go first once they are written', async () => {
    const seen: { mapped: number; written: number; others: number }[] = [];
    await run(timed(events), {
      limit: 256,
      observe: (m, _block, row) => {
        if (row >= 6) seen.push({ mapped: m.rss, written: resident(m, 0, 64), others: resident(m, 64, 257) });
      },
    });
    // So on Linux 6.18: such pages are soon gone, and none of them is on the active list.
    expect(seen).toMatchObject([
      { mapped: 0, written: 64 },
      { mapped: 0, written: 0 },
    ]);
    expect(seen[1]?.others).toBeGreaterThan(96);
  });
});
