import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../base/package-root.js';
import { reclaim } from '../../testing/cli.js';

/**
 * The benchmark that came with the 2014 patches: 8 CPUs that each touch 20480 pages in 100 rounds, and give them up
 * after each. Measured then: 164 050 faults with VOLATILE and 16 384 210 with DONTNEED, 210 of them the program's own. Here a
 * fifth of the rounds: from the second on, each finds what the one before it left.
 */
const CPUS = 8;
const PAGES = 20_480;
const ROUNDS = 20;

const spaces = Array.from({ length: CPUS }, (_, i) => i + 1);

/** @param before events ahead of a round of touching, for `S,0,20480` @param after those behind it */
function rounds(before: readonly string[], after: readonly string[]): string[] {
  const lines = (advice: readonly string[]) =>
    advice.flatMap((name) => spaces.map((space) => `madvise,${space},0,${PAGES},${name}`));
  return [
    ...spaces.flatMap((space) => [`spawn,${space},,,`, `map,${space},0,${PAGES},anon`]),
    ...Array.from({ length: ROUNDS }, () => [
      ...lines(before),
      ...spaces.map((space) => `write,${space},0,${PAGES},`),
      ...lines(after),
    ]).flat(),
  ];
}

/** The metrics of a replay. The built program does it: 16 million faults take a while in one that is instrumented. */
function replayed(events: readonly string[]): Record<string, unknown> {
  const text = `time_us,op,space,page,count,arg\n${events.map((event, i) => `${i},${event}`).join('\n')}\n`;
  const { code, stdout, stderr } = reclaim(['replay', '-', '--format', 'json'], PACKAGE_ROOT, text);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('the volatile ranges benchmark of 2014', () => {
  it('VOLATILE and NONVOLATILE around each round: every page faults once', () => {
    const metrics = replayed(rounds(['MADV_NONVOLATILE'], ['MADV_VOLATILE']));
    expect(metrics).toMatchObject({ pgfault: CPUS * PAGES, rss_pages_peak: CPUS * PAGES, sigbus: 0 });
  });

  it('DONTNEED after each round: every page faults in every round', () => {
    const metrics = replayed(rounds([], ['MADV_DONTNEED']));
    expect(metrics).toMatchObject({ pgfault: CPUS * ROUNDS * PAGES, rss_pages_end: 0 });
  });
});
