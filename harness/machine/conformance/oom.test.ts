import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

/**
 * Programs in a memory cgroup of 4096 pages without swap (v1, Linux 6.18), which write their pages one after the other and
 * wait: which the kernel killed, twice each. `pages:oom_score_adj`; `s`: of a memfd that only it has mapped.
 */
const SEEN: readonly (readonly [programs: string, killed: string])[] = [
  ['1000 2000 500 1200', '2000'],
  ['1000 500 3500', '3500'],
  ['1000 1000 1000 1500', '1500'],
  // Of three that are alike, the youngest.
  ['1300 1300 1300 1300', '1300'],
  ['1000:500 2500 1000', '1000:500'],
  ['1000:400 3500', '3500'],
  ['600:900 3000 800', '600:900'],
  ['100:1000 2000 2500', '100:1000 2500'],
  // What it has mapped of a memfd counts for it, though nothing of that is free when it ends.
  ['1000s 2000 1500', '2000'],
];
const LIMIT = 4096;

function eventsOf(programs: readonly string[]): string[] {
  return programs.flatMap((text, i) => {
    const [, pages, shared, score] = /^(\d+)(s?)(?::(.*))?$/.exec(text)!;
    const adj = score === undefined ? '' : ` oom_score_adj=${score}`;
    const object = shared ? [`object,,,${pages},shmem:o${i}`] : [];
    return [
      `spawn,${i},,,p${adj}`,
      ...object,
      `map,${i},0,${pages},${shared ? `shared:o${i}@0` : 'anon'}`,
      `write,${i},0,${pages},`,
    ];
  });
}

describe('which program Linux kills where a cgroup runs out of memory', () => {
  for (const [programs, killed] of SEEN)
    it(programs, async () => {
      const all = programs.split(' ');
      const { spaces } = await run(timed(eventsOf(all)), { limit: LIMIT, oom: 'kill', check: false });
      const here = spaces.filter(({ outcome }) => outcome === 'killed').map(({ space }) => all[space!]!);
      expect(here.join(' ')).toBe(killed);
    });

  it('of programs that are alike, the third of four', async () => {
    const { spaces } = await run(timed(eventsOf(['1300', '1300', '1300', '1300'])), {
      limit: LIMIT,
      oom: 'kill',
      check: false,
    });
    expect(spaces.filter(({ outcome }) => outcome === 'killed').map(({ space }) => space)).toEqual([2]);
  });
});
