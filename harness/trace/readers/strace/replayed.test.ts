import { describe, expect, it } from 'vitest';
import { simulated } from '../../../machine/target.js';
import { validate } from '../../../replay/validate.js';
import { run } from '../../../testing/machine.js';
import { eventsOf } from '../../../testing/readers.js';
import { traceOf } from '../../../testing/traces.js';
import { strace } from './import.js';

const RW = 'PROT_READ|PROT_WRITE';

/** A program that drops memory in each way that there is: half of 64 private pages, half of 64 shared ones. */
const DROPS = `1 10.000000 memfd_create("m", 0) = 3
1 10.000001 ftruncate(3, 262144) = 0
1 10.000002 mmap(NULL, 262144, ${RW}, MAP_SHARED|MAP_POPULATE, 3, 0) = 0x100000
1 10.000003 mmap(NULL, 262144, ${RW}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x200000
1 10.000010 madvise(0x200000, 65536, MADV_DONTNEED) = 0
1 10.000011 madvise(0x210000, 65536, MADV_FREE) = 0
1 10.000012 madvise(0x100000, 65536, MADV_REMOVE) = 0
1 10.000013 fallocate(3, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 65536, 65536) = 0
1 10.000014 close(3) = 0
1 10.000020 madvise(0x200000, 4096, MADV_POPULATE_READ) = 0
`;

async function imported(drops: string) {
  const events = await eventsOf(strace, DROPS, { given: { memory: 'all', drops } });
  return traceOf(`${events.join('\n')}\n20,mark,,,,end\n`);
}

describe('the drops of a log', () => {
  // 32 private pages and 32 shared ones are dropped by two calls each. What the kernel refuses stays: MADV_REMOVE and
  // holes of private memory, MADV_FREE of shared memory. Shared memory stays with MADV_DONTNEED, which succeeds.
  const expected: readonly (readonly [policy: string, resident: number, calls: number, errors: number])[] = [
    ['keep', 128, 0, 0],
    ['dontneed', 96, 4, 0],
    ['free', 128, 4, 2],
    ['remove', 96, 4, 2],
    ['punch', 96, 4, 2],
  ];

  it.each(expected)('are made by the discard policy %s', async (discard, resident, calls, errors) => {
    const { metrics } = await run(await imported('discard'), { discard });
    expect([metrics.resident_pages_end, metrics.discard_calls, metrics.discard_errors]).toEqual([
      resident,
      calls,
      errors,
    ]);
  });

  it('are the same under every policy where the log’s own calls are kept', async () => {
    for (const [discard] of expected) {
      const { metrics } = await run(await imported('verbatim'), { discard });
      expect([metrics.resident_pages_end, metrics.discard_calls]).toEqual([80, 0]);
    }
  });

  it('make a trace without warnings, in which reads may rely on zeros', async () => {
    const events = await eventsOf(strace, DROPS, { given: { memory: 'all' } });
    const trace = traceOf(`${events.join('\n')}\n20,read,1,512,32,\n21,read,1,256,1,\n`);
    const { warnings, zeroReads } = await validate(trace, simulated);
    expect(warnings).toEqual([]);
    expect(zeroReads).toBe(2);
  });
});
