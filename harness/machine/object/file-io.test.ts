import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

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
