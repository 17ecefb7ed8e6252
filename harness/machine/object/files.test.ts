import { describe, expect, it } from 'vitest';
import { contents, runAndLook } from '../../testing/look.js';
import { run } from '../../testing/machine.js';
import { traceOf } from '../../testing/traces.js';

const FILE = ['spawn,1,,,', 'object,,,16,file:f =100+', 'map,1,0,16,shared:f@0'];

describe('the page cache', () => {
  it('reads a page once, for all mappings and pread, and maps neighbours that it has', async () => {
    const { result, seen } = await runAndLook(
      [...FILE, 'spawn,2,,,', 'map,2,50,16,shared:f@0', 'read,1,0,1,', 'pread,1,1,1,f', 'read,2,50,2,'],
      {},
      (m) => [contents(m, 2, 50, 3), m.frames.inUse, m.rss],
    );
    expect(seen).toEqual([[100, 101, 102], 2, 3]);
    // Space 1 waits for page 0 in a fault and for page 1 in pread; space 2 faults once and gets both.
    expect(result.metrics).toMatchObject({ pgfault: 2, pgmajfault: 1, pgpgin: 8 });
  });

  it('a shared mapping that was read faults again on its first write, and the write reaches the file', async () => {
    const { result, seen } = await runAndLook(
      [...FILE, 'read,1,0,1,', 'write,1,0,1,=7', 'pread,1,0,1,f', 'unmap,1,0,16,', 'map,1,0,16,private:f@0'],
      {},
      (m) => contents(m, 1, 0, 1),
    );
    expect(seen).toEqual([7]);
    expect(result.metrics).toMatchObject({ pgfault: 2, pgmajfault: 1, cow_breaks: 0 });
  });

  it('a write to an untouched private page costs two pages: the cache and the copy', async () => {
    const { result, seen } = await runAndLook(
      ['spawn,1,,,', 'object,,,4,file:f =100+', 'map,1,0,4,private:f@0', 'write,1,2,1,=7'],
      {},
      (m) => [m.frames.inUse, contents(m, 1, 0, 4)],
    );
    expect(seen).toEqual([2, [100, 101, 7, 103]]);
    expect(result.metrics).toMatchObject({ pgfault: 1, pgmajfault: 1, cow_breaks: 1 });
  });

  it('private pages revert to the file after DONTNEED', async () => {
    const { seen } = await runAndLook(
      [
        'spawn,1,,,',
        'object,,,4,file:f =100+',
        'map,1,0,4,private:f@0',
        'write,1,0,4,=7',
        'madvise,1,1,2,MADV_DONTNEED',
      ],
      {},
      (m) => contents(m, 1, 0, 4),
    );
    expect(seen).toEqual([7, 101, 102, 7]);
  });

  it('a clean page is dropped and read again; a dirty one is written first', async () => {
    const touch = ['read,1,0,16,', 'write,1,0,1,=7'];
    const scan = ['object,,,32,file:g', 'map,1,100,32,shared:g@0', 'read,1,100,32,'];
    const { result, seen } = await runAndLook(
      [...FILE, ...touch, ...scan, 'sync,,,,f', 'read,1,100,32,', 'pread,,0,1,f'],
      { limit: 20, reclaim: 'lru' },
      (m) => contents(m, 1, 0, 1),
    );
    expect(seen).toEqual([7]);
    expect(result.metrics.pgpgout).toBe(4);
    expect(result.metrics.pswpout).toBe(0);
    expect(result.metrics.pgsteal_direct).toBeGreaterThan(0);
  });

  it('the flusher writes what has been dirty for 30 s, at its next look', async () => {
    const written = async (untilUs: number) => {
      const events = [...FILE, 'write,1,0,4,'].map((event, i) => `${i},${event}\n`).join('');
      const result = await run(traceOf(`${events}${untilUs},mark,,,,end\n`));
      return [result.metrics.pgpgout, (result.metrics.daemon_ns as number) > 0];
    };
    expect(await written(30_000_000)).toEqual([0, false]);
    expect(await written(36_000_000)).toEqual([16, true]);
  });

  it('reclaim waits for the flusher when all pages are dirty', async () => {
    const { result } = await runAndLook(
      ['spawn,1,,,', 'object,,,16,file:f', 'map,1,0,16,shared:f@0', 'write,1,0,16,'],
      { limit: 8 },
      () => 0,
    );
    expect(result.outcome).toBe('ok');
    expect(result.metrics.pgpgout).toBeGreaterThan(0);
    expect(result.metrics.io_wait_ns).toBeGreaterThan(0);
  });
});

describe('pread and pwrite', () => {
  it('pwrite of a whole page reads nothing, grows the file, and is found by mappings', async () => {
    const { result, seen } = await runAndLook(
      [...FILE, 'pwrite,1,14,4,f =7+', 'truncate,,,18,f', 'map,1,30,18,private:f@0'],
      {},
      (m) => [contents(m, 1, 44, 4), m.objects.named('f').blocks, m.objects.named('f').size],
    );
    expect(seen).toEqual([[7, 8, 9, 10], 18, 18]);
    expect(result.metrics).toMatchObject({ pgfault: 0, pgpgin: 0 });
  });

  it('pread uses pages as mark_accessed does: twice read, a page is active', async () => {
    const hot = ['pread,,0,4,f', 'pread,,0,4,f', 'pread,,0,4,f'];
    const cold = ['object,,,64,file:g', 'pread,,0,64,g'];
    const { seen } = await runAndLook(['object,,,16,file:f', ...hot, ...cold], { limit: 48 }, (m) =>
      [0, 1, 2, 3].map((index) => m.pages.resident[m.objects.named('f').page(index)]),
    );
    expect(seen).toEqual([1, 1, 1, 1]);
  });

  it('beyond the end there is nothing to read; a hole of shared memory takes no page', async () => {
    const { seen } = await runAndLook(
      ['object,,,4,shmem:s', 'object,,,4,file:f', 'pread,,0,4,s', 'pread,,2,8,f'],
      {},
      (m) => m.frames.inUse,
    );
    expect(seen).toBe(2);
  });
});

describe('holes of files', () => {
  it('a punched range reads as zeros, in every mapping, and its blocks are gone; private copies stay', async () => {
    const { seen, errnos } = await runAndLook(
      [...FILE, 'map,1,50,16,private:f@0', 'write,1,52,1,=9', 'read,1,0,16,', 'fallocate,1,0,4,punch:f'],
      {},
      (m) => [contents(m, 1, 0, 5), contents(m, 1, 50, 4), m.objects.named('f').blocks],
    );
    expect(seen).toEqual([[0, 0, 0, 0, 104], [0, 0, 9, 0], 12]);
    expect(errnos.at(-1)).toBe(0);
  });

  it('a hole that is only read gets no block; a write allocates one', async () => {
    const { seen } = await runAndLook(
      [...FILE, 'fallocate,,0,4,punch:f', 'read,1,0,2,', 'write,1,1,1,=7'],
      {},
      (m) => [m.objects.named('f').blocks, m.frames.inUse],
    );
    expect(seen).toEqual([13, 2]);
  });

  it('a punch of bytes zeroes exactly them: whole pages go, the contents of edge pages change', async () => {
    const { seen } = await runAndLook(
      [...FILE, 'read,1,0,16,', 'fallocate,,1,3,punch:f@4196+8192'],
      {},
      (m) => [contents(m, 1, 0, 5), m.objects.named('f').blocks] as const,
    );
    const [[zeroth, first, second, third, fourth], blocks] = seen;
    expect([zeroth, second, fourth, blocks]).toEqual([100, 0, 104, 15]);
    expect(first).toBeGreaterThanOrEqual(2 ** 31);
    expect(third).toBeGreaterThanOrEqual(2 ** 31);
    expect(first).not.toBe(third);
  });

  it('alloc allocates blocks for holes, zero makes zeros and keeps blocks; shared memory knows no zero', async () => {
    const { seen, errnos } = await runAndLook(
      [
        'spawn,1,,,',
        'object,,,4,shmem:s',
        'object,,,4,file:f =100+',
        'fallocate,1,0,2,alloc:s',
        'fallocate,1,0,2,zero:s',
        'fallocate,1,0,2,zero:f',
        'fallocate,1,4,2,alloc:f',
        'map,1,0,6,shared:f@0',
      ],
      {},
      (m) => [m.objects.named('s').blocks, m.objects.named('f').blocks, m.frames.inUse, contents(m, 1, 0, 6)],
    );
    expect(errnos.slice(3, 7)).toEqual([0, 'EOPNOTSUPP', 0, 0]);
    expect(seen).toEqual([2, 6, 2, [0, 0, 102, 103, 0, 0]]);
  });

  it('truncate drops private copies too, and access beyond the end is SIGBUS', async () => {
    const { result, seen } = await runAndLook(
      [
        ...FILE,
        'map,1,50,16,private:f@0',
        'write,1,50,16,=9',
        'truncate,,,4,f',
        'read,1,54,1,',
        'read,1,5,1,',
        'truncate,,,16,f',
      ],
      {},
      (m) => [contents(m, 1, 53, 3), contents(m, 1, 3, 3), m.objects.named('f').blocks],
    );
    expect(result.metrics.sigbus).toBe(2);
    expect(seen).toEqual([[9, 0, 0], [103, 0, 0], 4]);
  });
});
