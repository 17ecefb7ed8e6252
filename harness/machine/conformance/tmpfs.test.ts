import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';
import type { SharedObject } from '../state/vma.js';

/** Events, and what Linux 6.18 did: what the call returned, signals, and blocks of files on a tmpfs of 16 pages. */
interface Step {
  readonly event: string;
  readonly errno?: string;
  /** SIGBUS signals of the event. */
  readonly sigbus?: number;
  /** Blocks of file a and of file b, and of them all. */
  readonly a?: number;
  readonly b?: number;
  readonly sizeB?: number;
}

/** Mounted with size=65536; calls of one program, in this order. */
const SEEN: readonly Step[] = [
  { event: 'write,1,0,10,', a: 10 },
  // Beyond the room: nothing stays of what it had allocated.
  { event: 'fallocate,,5,20,alloc:a', errno: 'ENOSPC', a: 10 },
  { event: 'fallocate,,10,6,alloc:a', a: 16 },
  { event: 'write,1,20,1,', sigbus: 1, a: 16 },
  { event: 'read,1,20,1,', sigbus: 1, a: 16 },
  { event: 'read,1,3,1,', sigbus: 0 },
  { event: 'read,1,12,1,', sigbus: 0 },
  { event: 'fallocate,,2,8,alloc:a', a: 16 },
  { event: 'fallocate,,45,5,alloc:a', errno: 'ENOSPC', a: 16 },
  { event: 'pwrite,,0,1,b', errno: 'ENOSPC', b: 0, sizeB: 0 },
  { event: 'pread,,20,1,a', a: 16 },
  { event: 'fallocate,,0,4,punch:a', a: 12 },
  // Four of ten pages are written.
  { event: 'pwrite,,0,10,b', errno: 'ENOSPC', a: 12, b: 4, sizeB: 4 },
  { event: 'pwrite,,4,10,b', errno: 'ENOSPC', b: 4, sizeB: 4 },
  { event: 'fallocate,,0,8,alloc:b', errno: 'ENOSPC', b: 4, sizeB: 4 },
  { event: 'truncate,,,2,b', b: 2, sizeB: 2 },
  { event: 'map,1,100,40,private:a@0' },
  // A private copy takes no block, but a private write to a hole makes a page of the file first.
  { event: 'write,1,105,1,', sigbus: 0, a: 12 },
  { event: 'write,1,120,1,', sigbus: 0, a: 13 },
  { event: 'madvise,1,0,30,MADV_POPULATE_WRITE', errno: 'EFAULT', a: 14 },
  { event: 'madvise,1,30,5,MADV_POPULATE_READ', errno: 'EFAULT', a: 14 },
  { event: 'madvise,1,30,5,MADV_WILLNEED', a: 14 },
  { event: 'close,,,,b', a: 14 },
  { event: 'map,1,200,5,shared:a@35 populate', a: 16 },
  { event: 'madvise,1,0,40,MADV_REMOVE', a: 0 },
  { event: 'fallocate,,0,16,alloc:a', a: 16 },
  { event: 'fallocate,,0,17,alloc:a', errno: 'ENOSPC', a: 16 },
];

const START = [
  'object,,,16,tmpfs:shm',
  'object,,,40,shmem:a fs=shm',
  'object,,,0,shmem:b fs=shm',
  'spawn,1,,,',
  'map,1,0,40,shared:a@0',
];

describe('files on a tmpfs of 16 pages, as Linux 6.18 has them', () => {
  it('errors, signals and blocks, call by call', async () => {
    const seen: Step[] = [];
    let signals = 0;
    await run(timed([...START, ...SEEN.map(({ event }) => event)]), {
      completed: (m, { errno }, _block, row) => {
        const step = SEEN[row - START.length];
        if (!step) return;
        const blocks = (name: string) => (m.objects.named(name) as SharedObject).blocks;
        seen.push({
          event: step.event,
          ...(errno === 0 ? {} : { errno }),
          ...(step.sigbus === undefined ? {} : { sigbus: m.counters.sigbus - signals }),
          ...(step.a === undefined ? {} : { a: blocks('a') }),
          ...(step.b === undefined ? {} : { b: blocks('b') }),
          ...(step.sizeB === undefined ? {} : { sizeB: m.objects.named('b').size }),
        });
        signals = m.counters.sigbus;
      },
    });
    expect(seen).toEqual(SEEN);
  });

  it('blocks are counted in swap too, and reclaim gives none back', async () => {
    const events = [
      ...START,
      'write,1,0,16,',
      'madvise,1,0,16,MADV_PAGEOUT',
      'write,1,20,1,',
      'write,1,0,16,',
    ];
    for (const swap of ['ssd', 'zram'] as const) {
      const { metrics } = await run(timed(events), { swap });
      expect(metrics).toMatchObject({ sigbus: 1, pswpout: 16 });
    }
  });

  it('a file that is closed and unmapped gives its blocks back to others', async () => {
    const fill = ['pwrite,,0,16,b', 'write,1,0,1,', 'close,,,,b', 'write,1,0,16,'];
    expect((await run(timed([...START, ...fill]))).metrics).toMatchObject({
      sigbus: 1,
      resident_pages_end: 16,
    });
  });

  it('shared memory of no tmpfs of a size has no such bound', async () => {
    const events = [...START, 'object,,,40,shmem:c', 'map,1,300,40,shared:c@0', 'write,1,300,40,'];
    expect((await run(timed(events))).metrics).toMatchObject({ sigbus: 0, resident_pages_end: 40 });
  });
});
