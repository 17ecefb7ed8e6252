import { describe, expect, it } from 'vitest';
import { comparedCell as cell, FACTS } from '../testing/comparison.js';
import { findings, findingText } from './findings.js';
import { verdictOf } from './verdict.js';
import { verdictText } from './verdict-text.js';

const WAITS = { discard_late_pages: 10, discard_cancelled_pages: 60, discard_pending_pages: 30 };

/** keep, dontneed and one that waits: pages saved, and ms of stalls. */
function results(later: { saved: number; ms: number }) {
  const runs = [
    cell('keep', 0, 100),
    cell('dontneed', 512, 2700, { discard_calls: 9 }),
    cell('dontneed:delay=100ms', later.saved, later.ms, WAITS),
  ];
  return { runs, traces: [FACTS] };
}

describe('at once or later', () => {
  it('says where giving back at once loses, and how much was used again', () => {
    const given = results({ saved: 256, ms: 500 });
    const verdict = verdictOf(given);
    expect(verdict.parts[0]!.atOnce).toMatchObject([
      { trace: 't', atOnce: 'dontneed', later: 'dontneed:delay=100ms', usedAgain: 0.6, loses: true },
    ]);
    const sentence =
      'Giving back at once loses: t, no limit: 1300 ms/MiB, 400 with dontneed:delay=100ms (60 % used again before)';
    expect(verdictText(verdict).replace(/\n/g, ' ')).toContain(sentence);
    const all = findings({ ...given, spaces: [] }, given.traces).map(findingText);
    expect(all).toContain(`${sentence}.`);
  });

  it('does not where later is as dear, or stalls more', () => {
    for (const later of [
      { saved: 256, ms: 1400 },
      { saved: 1024, ms: 2800 },
    ])
      expect(verdictText(verdictOf(results(later))).replace(/\n/g, ' ')).toContain(
        'Giving back at once does not lose: t, no limit',
      );
  });

  it('says nothing where no policy waits, or that saves nothing', () => {
    const [keep, atOnce] = results({ saved: 1, ms: 1 }).runs;
    expect(verdictOf({ runs: [keep!, atOnce!], traces: [FACTS] }).parts[0]!.atOnce).toEqual([]);
    expect(verdictOf(results({ saved: 0, ms: 100 })).parts[0]!.atOnce).toEqual([]);
  });
});
