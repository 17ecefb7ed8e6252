import { describe, expect, it } from 'vitest';
import { expandEntry, generatedEntry } from './trace-entries.js';
import { resolveTrace } from './traces.js';

/** The labels of the traces of an entry. */
function labels(entry: object): string[] {
  const expanded = expandEntry(generatedEntry.parse(entry), () => ({ file: 'e.yaml' }));
  return expanded.map((trace) => resolveTrace(trace, '').label);
}

describe('what generated traces are called', () => {
  const params = { guests: ['2', '4'], memory: '512', skew_s: '10' };

  it('is the workload and what differs from its defaults, where the entry has no name', () => {
    expect(labels({ workload: 'guests', params })).toEqual([
      'guests:guests=2,memory=512,skew_s=10',
      'guests:guests=4,memory=512,skew_s=10',
    ]);
  });

  it('is the name of the entry, with the parameters that have several values', () => {
    expect(labels({ workload: 'guests', name: 'late', params })).toEqual(['late:guests=2', 'late:guests=4']);
    expect(labels({ workload: 'guests', name: 'late', params: { guests: ['2'] } })).toEqual(['late']);
  });

  it('is not a name with spaces or capitals', () => {
    expect(generatedEntry.safeParse({ workload: 'guests', name: 'My trace' }).success).toBe(false);
  });
});
