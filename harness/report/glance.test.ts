import { describe, expect, it } from 'vitest';
import { comparedCell as cell, FACTS } from '../testing/comparison.js';
import { glanceOf, leftOutText } from './glance.js';
import { select } from './selection.js';

/** `keep` and `dontneed` on traces, and on the first of them what waits. */
function glance(labels: readonly string[], withOthers: readonly string[] = labels.slice(0, 1)) {
  const runs = labels.flatMap((trace) => [
    cell('keep', 0, 100, { trace }),
    cell('dontneed', 512, 200, { trace }),
    ...(withOthers.includes(trace) ? [cell('dontneed:delay=1s', 256, 150, { trace })] : []),
  ]);
  return glanceOf(select({ runs, traces: labels.map((label) => ({ ...FACTS, label })) }))!;
}

describe('a comparison at a glance', () => {
  it('has no column for a policy that was run on one trace of many, and says so', () => {
    const seen = glance(['a', 'b', 'c']);
    expect(seen.columns).toEqual([['dontneed']]);
    expect(leftOutText(seen)).toBe('Not drawn: dontneed:delay=1s, run on one trace only.');
  });

  it('has one where there are only two traces, or it was run on two', () => {
    for (const seen of [glance(['a', 'b']), glance(['a', 'b', 'c'], ['a', 'c'])]) {
      expect(seen.columns).toEqual([['dontneed'], ['dontneed:delay=1s']]);
      expect(leftOutText(seen)).toBe('');
    }
  });
});
