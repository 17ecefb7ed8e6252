import fc from 'fast-check';
import type { TestRun } from '../machine.js';

/** Machines on which traces of `restTrace` run: every kind of swap, merge and purge, with and without limits. */
export const restMachine: fc.Arbitrary<TestRun> = fc.record({
  reclaim: fc.constantFrom('linux', 'mglru', 'fifo', 'lru', 's3fifo', 'clock'),
  swap: fc.constantFrom(
    ...(['none', 'ssd', 'zram', 'zram', 'ssd:size=30', 'zram:size=100,ratio=3'] as const),
  ),
  oom: fc.constantFrom('end' as const, 'kill' as const),
  discard: fc.constantFrom(
    'keep',
    'remove',
    'punch',
    'dontneed',
    'free',
    'volatile',
    'dontneed-managed:budget=8',
  ),
  purge: fc.constantFrom(
    'page-lru',
    'range-lru',
    'range-fifo',
    'lazyfree',
    'young-first',
    'old-first',
    'range-lru:when=with',
  ),
  merge: fc.constantFrom(
    'none',
    'ksm',
    'ksm:sleep_millisecs=1,smart_scan=0',
    'ksm:max_page_sharing=2,use_zero_pages=1',
    'hinted',
    'instant',
  ),
  limit: fc.constantFrom('none' as const, 'trace' as const, 12, 40),
  memory: fc.constantFrom(undefined, undefined, 600),
  seed: fc.constantFrom(1, 2, 3),
}) as fc.Arbitrary<TestRun>;

/** Machines for traces of `hugeTrace`: with room for some huge pages. */
export const hugeMachine: fc.Arbitrary<TestRun> = fc
  .tuple(restMachine, fc.constantFrom('none' as const, 'trace' as const, 40, 900, 2500))
  .map(([machine, limit]) => ({ ...machine, limit, ...(machine.memory && { memory: 10 * machine.memory }) }));

/** The lines of a trace without settings that a machine refuses: those of another reclaim policy, or of ksmd without one. */
export function fitting(lines: readonly string[], { reclaim, merge }: TestRun): string[] {
  const swappy = reclaim === 'linux' || reclaim === 'mglru';
  const scans = merge !== 'instant';
  return lines.filter(
    (line) => (swappy || !line.includes('set,,,,vm.swappiness')) && (scans || !line.includes('set,,,,ksm.')),
  );
}
