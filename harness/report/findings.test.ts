import { describe, expect, it } from 'vitest';
import type { RunRow, SpaceRow } from '../metrics/files.js';
import { comparedCell as cell, FACTS } from '../testing/comparison.js';
import { runRow, spaceRow } from '../testing/results.js';
import { type Finding, findings, findingText } from './findings.js';

const KEEP = cell('keep', 0, 10);
const limited = { limit_pages: 512 };

function sentences(runs: readonly RunRow[], spaces: readonly SpaceRow[] = [], facts = FACTS): string[] {
  return findings({ runs, spaces, traces: [facts] }, [facts]).map((one: Finding) => findingText(one));
}

describe('the sentences on a family', () => {
  const runs = [
    KEEP,
    cell('remove', 512, 20),
    cell('free', 0, 10, { discard_errors: 4 }),
    cell('keep', 0, 90, limited),
    cell('remove', 512, 20, { ...limited, cell: 1001 }),
    cell('free', 0, 90, { ...limited, discard_errors: 4 }),
  ];

  it('say what saves most and for how much more, what stalls least and who pays, and what programs stall anyway', () => {
    const spaces = [
      spaceRow({ cell: 1001, space: 1, name: 'tab', stall_ns: 4e6 }),
      spaceRow({ cell: 1001, space: 2, name: 'browser', stall_ns: 6e6 }),
      spaceRow({ cell: 1001, space: 3, name: 'tab', stall_ns: 5e6 }),
    ];
    expect(sentences(runs, spaces)).toEqual([
      'Most memory saved, no limit: t: remove (2.0 MiB, 50 % of what keep holds, for +10.0 ms of stalls, 5.0 ms a MiB).',
      // Two processes of one name are one, as in the chart next to it.
      'Least stalls, limit 50 %: t: remove (20.0 ms against 90.0 with keep, 60 % of it paid by tab).',
      'What programs stall anyway (keep, no limit): t 10.0 ms.',
      'Halving or doubling any one class of cost changes no mark.',
      'Refused: free on shared memory.',
    ]);
  });

  it('say which policies hold the same memory, and what their calls cost', () => {
    const punch = cell('punch', 512, 20, { stall_discard_ns: 3e6 });
    expect(sentences([KEEP, cell('remove', 512, 20), punch])).toContain(
      'remove and punch hold exactly the same memory; they differ only in what a call costs: 3750.0 and 750.0 \u00b5s on average.',
    );
  });

  it('say what frees nothing, in every cell and with the scatter of measured numbers', () => {
    const dontneed = [cell('dontneed', 0, 10), cell('dontneed', -0.3, 89, limited)];
    expect(sentences([...runs, ...dontneed])).toContain('Never: dontneed on shared memory (frees nothing).');
    const short = [cell('dontneed', 0, 10), cell('dontneed', 200, 89, limited)];
    expect(sentences([...runs, ...short]).join()).not.toContain('dontneed frees');
  });

  it('never say of lazily freed memory that memory was not short: it may be in other cells', () => {
    const free = [cell('free', 0, 10, { pglazyfree: 100 }), cell('free', 300, 20, limited)];
    const text = sentences([KEEP, cell('keep', 0, 90, limited), ...free]).join('\n');
    expect(text).not.toMatch(/frees no|never was/);
  });

  it('say which calls were not made to spare files', () => {
    const sparing = cell('remove', 0, 10, { discard_errors: 4, discard_refused: 4 });
    expect(sentences([KEEP, sparing])).toContain('Would destroy files (destroy=1 allows it): remove.');
  });

  it('say what survives where keep runs out of memory', () => {
    const oom = cell('keep', 0, 1, { ...limited, swap: 'none', outcome: 'oom', saved_pages_mean: null });
    const alive = cell('remove', 512, 20, { ...limited, swap: 'none', saved_pages_mean: null });
    expect(sentences([oom, alive, KEEP, cell('remove', 512, 20)])).toContain(
      'Limit 50 %, swap none: keep runs out of memory, remove does not.',
    );
  });

  it('say what accesses that were not recorded mean', () => {
    const inferred = { ...FACTS, touches: 'inferred' as const };
    expect(sentences([KEEP, cell('remove', 512, 20)], [], inferred).at(-1)).toMatch(
      /^The accesses of t are inferred, and so are the faults among the stalls/,
    );
  });

  it('are not there for traces without rows', () => {
    expect(sentences([KEEP], [], { ...FACTS, label: 'other' })).toEqual([]);
  });

  it('are of ways to merge, with the time of ksmd in the cost', () => {
    const ksm = runRow({
      ...KEEP,
      merge: 'ksm',
      footprint_pages_mean: 768,
      saved_pages_mean: 256,
      ksmd_cpu_ns: 5e6,
    });
    expect(sentences([KEEP, ksm])[0]).toBe(
      'Most memory saved, no limit: t: ksm (1.0 MiB, 25 % of what none holds, for +5.00 ms of stalls and ksmd time, 5.0 ms a MiB).',
    );
  });
});
