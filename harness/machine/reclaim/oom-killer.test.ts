import { describe, expect, it } from 'vitest';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';

/** What became of spaces: `killed`, `exited` or `alive`, by id. */
async function became(
  events: readonly string[],
  limit: number | 'none' | 'trace',
  swap: 'none' | `ssd:${string}` = 'none',
) {
  const {
    outcome,
    metrics,
    spaces,
    events: carriedOut,
  } = await run(timed(events), { limit, swap, oom: 'kill' });
  const of = Object.fromEntries(
    spaces.flatMap(({ space, outcome }) => (space === null ? [] : [[space, outcome]])),
  );
  return { outcome, metrics, spaces, of, carriedOut };
}

/** A space that writes pages of its own. */
const program = (id: number, pages: number, more = '') => [
  `spawn,${id},,,p${id}${more}`,
  `map,${id},0,${pages},anon`,
  `write,${id},0,${pages},`,
];

describe('the OOM killer', () => {
  it('kills the space with most memory, and the replay goes on with the others', async () => {
    const events = [...program(1, 40), ...program(2, 20), ...program(3, 10), 'write,1,0,1,', 'write,2,0,1,'];
    const { outcome, metrics, of, carriedOut } = await became(events, 64);
    expect(outcome).toBe('killed');
    expect(of).toEqual({ 1: 'killed', 2: 'alive', 3: 'alive' });
    expect(metrics).toMatchObject({ oom_events: 1, oom_kills: 1, events_skipped: 1, rss_pages_end: 30 });
    expect(carriedOut).toBe(10);
  });

  it('kills the one at work where it is the largest: it gets no further', async () => {
    const events = [...program(1, 10), ...program(2, 100), 'write,2,0,1,', 'write,1,0,10,'];
    const { of, metrics, spaces } = await became(events, 64);
    expect(of).toEqual({ 1: 'alive', 2: 'killed' });
    expect(metrics).toMatchObject({ oom_kills: 1, events_skipped: 1, rss_pages_end: 10, unmade_touches: 0 });
    expect(spaces.find(({ space }) => space === 2)).toMatchObject({ touches: 54, outcome: 'killed' });
  });

  it('counts swapped pages too, and thousandths of memory and swap for oom_score_adj', async () => {
    // Memory and swap have 2000 pages: a score of 500 is 1000 pages.
    const events = (score: number) => [...program(1, 30, ` oom_score_adj=${score}`), ...program(2, 2100)];
    expect((await became(events(500), 64, 'ssd:size=1936')).of).toEqual({ 1: 'alive', 2: 'killed' });
    expect((await became(events(1000), 64, 'ssd:size=1936')).of[1]).toBe('killed');
  });

  it('spares a space with -1000, and ends the replay where no other is left', async () => {
    const events = [...program(1, 10), ...program(2, 100, ' oom_score_adj=-1000')];
    const { outcome, of } = await became(events, 64);
    expect(of).toMatchObject({ 1: 'killed' });
    expect(outcome).toBe('oom');
  });

  it('children have the score of their parent unless they have one of their own, and live on', async () => {
    const forks = [
      'spawn,1,,,p oom_score_adj=1000',
      'map,1,0,2000,anon',
      'fork,1,,,2',
      'fork,1,,,3 oom_score_adj=0',
    ];
    const writes = ['write,1,0,30,', 'write,2,0,20,', 'write,3,0,1990,'];
    const { of, metrics } = await became(
      [...forks, ...writes, 'fork,1,,,4', 'write,4,0,1,', 'read,3,0,5,'],
      64,
      'ssd:size=1936',
    );
    expect(of).toEqual({ 1: 'killed', 2: 'killed', 3: 'alive' });
    expect(metrics.events_skipped).toBe(2); // the fork, and what its child would have done
  });

  it('shared memory that has a name stays when its only user is killed', async () => {
    const shared = ['object,,,40,shmem:o', 'spawn,1,,,', 'map,1,0,40,shared:o@0', 'write,1,0,40,'];
    const { outcome, metrics, of } = await became(
      [...shared, 'map,1,100,40,anon', 'write,1,100,40,', ...program(2, 20)],
      64,
    );
    expect(of).toEqual({ 1: 'killed', 2: 'alive' });
    expect(outcome).toBe('killed');
    expect(metrics.resident_pages_end).toBe(60);
  });

  it('stays in the cgroup that has run out, and kills all of it where memory.oom.group says so', async () => {
    const grouped = (more: string) => [
      `cgroup,,,,g memory.max=32${more}`,
      ...program(1, 60),
      ...program(2, 5, ' cgroup=g'),
      ...program(3, 40, ' cgroup=g'),
    ];
    expect((await became(grouped(''), 'none')).of).toEqual({ 1: 'alive', 2: 'alive', 3: 'killed' });
    expect((await became(grouped(' memory.oom.group=1'), 'none')).of).toEqual({
      1: 'alive',
      2: 'killed',
      3: 'killed',
    });
  });

  it('kills where a limit is set that cannot be met, as memory.max does', async () => {
    const events = [...program(1, 40), ...program(2, 20), 'limit,,,30,', 'write,2,0,1,'];
    const { of, metrics } = await became(events, 'trace');
    expect(of).toEqual({ 1: 'killed', 2: 'alive' });
    expect(metrics).toMatchObject({ oom_kills: 1, resident_pages_end: 20 });
  });

  it('counts page tables, and their directories', async () => {
    // Two pages and two tables each; those of the first are of two directories.
    const pages = (id: number, ...at: number[]) => [
      `spawn,${id},,,`,
      ...at.flatMap((page) => [`map,${id},${page},1,anon`, `write,${id},${page},1,`]),
    ];
    const separate = pages(1, 0, 512 * 512);
    const together = pages(2, 0, 512);
    const third = ['spawn,3,,, oom_score_adj=-1000', 'map,3,0,1,anon', 'write,3,0,1,'];
    expect((await became([...separate, ...together, ...third], 4)).of[1]).toBe('killed');
  });

  it('faults no more in a call once it is killed', async () => {
    const events = [...program(1, 10), 'spawn,2,,,', 'map,2,0,100,anon', 'lock,2,0,100,'];
    const { of, spaces } = await became(events, 64);
    expect(of).toEqual({ 1: 'alive', 2: 'killed' });
    expect(spaces.find(({ space }) => space === 2)).toMatchObject({ pgfault: 55 });
  });

  /** Found by `npm run fuzz -- --relations`: the trace was refused. */
  it('calls on a killed space, or on what it would have forked, are ESRCH', async () => {
    const calls = ['process_madvise,2,0,1,MADV_COLD target=1', 'process_madvise,2,0,1,MADV_COLD target=3'];
    const { of, metrics } = await became([...program(1, 40), ...program(2, 30), 'fork,1,,,3', ...calls], 64);
    expect(of).toEqual({ 1: 'killed', 2: 'alive' });
    expect(metrics).toMatchObject({ call_errors: 2, events_skipped: 1 });
  });

  it('every multi-page call of a killed space ends: populate, fallocate, locks', async () => {
    for (const event of [
      'madvise,2,0,100,MADV_POPULATE_WRITE',
      'lock,2,0,100,',
      'map,2,200,100,anon populate',
    ]) {
      const { of, metrics } = await became(
        [...program(1, 10), 'spawn,2,,,', 'map,2,0,100,anon', event, 'read,2,0,1,'],
        64,
      );
      expect([event, of]).toEqual([event, { 1: 'alive', 2: 'killed' }]);
      expect(metrics).toMatchObject({ events_skipped: 1, resident_pages_end: 10 });
    }
  });
});
