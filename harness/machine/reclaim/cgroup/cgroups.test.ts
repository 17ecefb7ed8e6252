import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validate } from '../../../replay/validate.js';
import { randomTrace } from '../../../testing/fuzz/lockstep.js';
import { run } from '../../../testing/machine.js';
import { propertyRuns } from '../../../testing/property-runs.js';
import { timed } from '../../../testing/traces.js';
import { simulated } from '../../target.js';

/** Two programs that write this number of pages each, in groups `a` and `b` of a slice. */
function twoGroups(files: string, pages: number, rounds = 1): string[] {
  return [
    ...files.split('\n').map((file) => `cgroup,,,,${file}`),
    'spawn,1,,,first cgroup=slice/a',
    'spawn,2,,,second cgroup=slice/b',
    `map,1,0,${pages},anon`,
    `map,2,0,${pages},anon`,
    ...Array.from({ length: rounds }, () => [`write,1,0,${pages},`, `write,2,0,${pages},`]).flat(),
  ];
}

const groupsOf = async (events: readonly string[], options: Parameters<typeof run>[1] = {}) => {
  const result = await run(timed(events), { swap: 'ssd', ...options });
  return { ...result, of: Object.fromEntries(result.groups.map((row) => [row.cgroup, row])) };
};

describe('memory cgroups', () => {
  it('are charged for what their programs touch first, and for the groups below', async () => {
    const { of, metrics } = await groupsOf(twoGroups('slice', 100));
    expect(of.slice).toMatchObject({ memory_pages_end: 200, memory_pages_peak: 200, pgfault: 200 });
    expect(of['slice/a']).toMatchObject({ memory_pages_end: 100, pgfault: 100, memory_max_pages: null });
    expect(metrics.resident_pages_end).toBe(200);
  });

  it('memory.max keeps one group down, and leaves the other alone', async () => {
    const { of, metrics } = await groupsOf(twoGroups('slice/a memory.max=40', 100, 2));
    expect(of['slice/a']).toMatchObject({ memory_max_pages: 40, memory_pages_peak: 40 });
    expect(of['slice/a']!.pgsteal).toBe(metrics.pgsteal_direct);
    expect(of['slice/a']!.events_max).toBeGreaterThan(0);
    expect(of['slice/b']).toMatchObject({ memory_pages_end: 100, pgsteal: 0, events_max: 0 });
    expect(of.slice!.pgsteal).toBe(of['slice/a']!.pgsteal);
  });

  it('memory.max of the parent takes from both, by their size', async () => {
    const { of } = await groupsOf(twoGroups('slice memory.max=1024', 1024, 4));
    expect(of.slice!.memory_pages_peak).toBe(1024);
    expect(of['slice/a']!.pgsteal).toBeGreaterThan(0);
    expect(of['slice/b']!.pgsteal).toBeGreaterThan(0);
  });

  it('memory.low and memory.min keep what they protect, while there is something else to take', async () => {
    for (const protection of ['memory.low', 'memory.min']) {
      const files = `slice memory.max=400 memory.low=300 memory.min=300\nslice/a ${protection}=200`;
      const { of } = await groupsOf(twoGroups(files, 200, 3));
      expect(of['slice/a']).toMatchObject({ pgsteal: 0, pgmajfault: 0, memory_pages_end: 200 });
    }
  });

  it('memory.low is overridden where nothing else can go, which is an event; memory.min is not, and memory runs out', async () => {
    const tight = (protection: string) =>
      twoGroups(`slice memory.max=150\nslice/a ${protection}=100\nslice/b ${protection}=100`, 100);
    const low = await groupsOf(tight('memory.low'));
    expect(low.outcome).toBe('ok');
    expect(low.of.slice!.events_low).toBeGreaterThan(0);
    const min = await groupsOf(tight('memory.min'));
    expect(min).toMatchObject({
      outcome: 'oom',
      reason: 'memory.max of cgroup slice could not be met: no page was left that could go',
    });
    expect(min.of.slice!.events_oom).toBe(1);
  });

  it('memory.high reclaims, and holds up a program where reclaim does not help', async () => {
    const events = twoGroups('slice/a memory.high=128', 512);
    const swapped = await groupsOf(events);
    expect(swapped.of['slice/a']!.events_high).toBeGreaterThan(0);
    expect(swapped.of['slice/a']!.memory_pages_end).toBeLessThan(128 + 2 * 64);
    expect(swapped.of['slice/a']!.throttle_ns).toBe(0);
    const held = await groupsOf(events, { swap: 'none' });
    expect(held.of['slice/a']).toMatchObject({ memory_pages_end: 512, pgsteal: 0 });
    expect(held.of['slice/a']!.throttle_ns).toBeGreaterThan(1e9);
    expect(held.metrics.stall_reclaim_ns).toBeGreaterThanOrEqual(held.of['slice/a']!.throttle_ns);
    expect(held.of['slice/b']!.throttle_ns).toBe(0);
  });

  it('memory.swap.max ends swapping', async () => {
    const { of, outcome } = await groupsOf(twoGroups('slice/a memory.max=64 memory.swap.max=32', 90));
    expect(outcome).toBe('ok');
    expect(of['slice/a']).toMatchObject({ swap_pages_peak: 32 });
    const full = await groupsOf(twoGroups('slice/a memory.max=64 memory.swap.max=32', 100));
    expect(full.outcome).toBe('oom');
  });

  it('memory.reclaim takes what it is asked for, or says EAGAIN', async () => {
    const events = [...twoGroups('slice', 256), 'cgroup,,,,slice/a memory.reclaim=96', 'mark,,,,end'];
    const { of, calls } = await groupsOf(events);
    expect(of['slice/a']!.memory_pages_end).toBeLessThanOrEqual(256 - 96);
    expect(of['slice/b']!.memory_pages_end).toBe(256);
    expect(calls).toContainEqual(
      expect.objectContaining({ call: 'cgroup memory.reclaim', errno: 'ok', count: 1 }),
    );
    const none = await groupsOf(events, { swap: 'none' });
    expect(none.calls).toContainEqual({ call: 'cgroup memory.reclaim', errno: 'EAGAIN', count: 1, pages: 0 });
  });

  it('a space that moves leaves behind what it was charged for; a child begins where its parent is', async () => {
    const { of } = await groupsOf([
      'spawn,1,,,cgroup=a',
      'map,1,0,64,anon',
      'write,1,0,16,',
      'cgroup,1,,,b/c',
      'fork,1,,,2',
      'write,1,16,16,',
      'write,2,0,8,',
      'cgroup,1,,,/',
      'write,1,32,16,',
    ]);
    expect(of.a).toMatchObject({ memory_pages_end: 16, pgfault: 16 });
    expect(of['b/c']).toMatchObject({ memory_pages_end: 24, pgfault: 24 });
    expect(of.b).toMatchObject({ memory_pages_end: 24 });
  });

  it('protection of all of a group is empty in its row, as no limit is, and leaves pages where others can go', async () => {
    const { of } = await groupsOf(
      twoGroups('slice memory.max=150\nslice/a memory.low=max memory.min=max', 100),
    );
    expect(of['slice/a']).toMatchObject({ memory_low_pages: null, memory_min_pages: null, pgsteal: 0 });
    expect(of['slice/b']).toMatchObject({ memory_low_pages: 0, memory_min_pages: 0 });
  });

  it('are looked at to the end by validate, also where memory runs out in one', async () => {
    const events = twoGroups('slice/a memory.max=40', 100);
    expect((await run(timed(events))).outcome).toBe('oom');
    expect(await validate(timed(events), simulated)).toMatchObject({ events: events.length, touches: 200 });
    await expect(validate(timed([...events, 'read,1,500,1,']), simulated)).rejects.toThrow('page 500');
  });

  /** Found by `npm run fuzz -- --relations`: mglru finds out while it looks, and the group counted the pages on. */
  it('do not count pages that were freed, were written again, and have no place', async () => {
    for (const reclaim of ['linux', 'mglru']) {
      const events = [
        'spawn,1,,,p cgroup=g',
        'map,1,0,60,anon',
        'write,1,0,10,',
        'madvise,1,0,10,MADV_FREE',
        'write,1,0,5,',
        'write,1,10,12,',
      ];
      const { outcome, metrics } = await groupsOf(events, { reclaim, swap: 'none', limit: 20 });
      // All that reclaim looks at at once.
      expect([reclaim, outcome, metrics.pglazyfreed]).toEqual([reclaim, 'ok', 5]);
    }
  });

  it('are of one policy: no other follows its replay', async () => {
    const { followed, of, spaces } = await groupsOf(twoGroups('slice/a memory.max=40', 100, 2), {
      discard: 'remove',
      followers: ['punch'],
      draws: 3,
    });
    expect(followed).toEqual([undefined]);
    const stalls = spaces.reduce((sum, { stall_ns }) => sum + (stall_ns ?? 0), 0);
    expect(Math.abs(of.slice!.stall_ns - stalls)).toBeLessThan(20); // parts of spaces are rounded
  });

  it('a trace without groups has no rows', async () => {
    const { groups } = await run(timed(['spawn,1,,,', 'map,1,0,4,anon', 'write,1,0,4,']));
    expect(groups).toEqual([]);
  });

  it('each policy keeps its groups, whatever it is', async () => {
    for (const reclaim of ['linux', 'mglru', 'lru', 'arc', 's3fifo', 'clock-pro', 'lirs', 'random']) {
      const files = 'slice memory.max=96\nslice/a memory.max=32';
      const { of } = await groupsOf(twoGroups(files, 100, 3), { reclaim });
      expect(of['slice/a']!.memory_pages_peak, reclaim).toBe(32);
      expect(of.slice!.memory_pages_peak, reclaim).toBe(96);
    }
  });
});

/** The trace with all of its spaces in one memory cgroup, which has the limits that the trace has. */
function inOneGroup(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replace(/^(spawn,\d+,,,)(.*)$/, (_, head, name) => `${head}${name} cgroup=all`)
      .replace(/^limit,,,(\d*),$/, (_, pages) => `cgroup,,,,all memory.max=${pages || 'max'}`),
  );
}

/** Pages come into memory by an event of no space: they are charged to the group of the trace. */
const CHARGES_TRACE = /^(pread|pwrite|migrate),,|^fallocate,,.*(alloc|zero):/;

describe('one memory cgroup for all is the limit of a trace', () => {
  it.each(['linux', 'mglru', 'fifo', 'lru', 's3fifo'])('%s', async (reclaim) => {
    const machine = { reclaim: 'fifo', swap: 'ssd', limit: 'trace', without: ['score'] } as const;
    const look = async (lines: readonly string[]): Promise<void> => {
      const own = lines.filter((line) => !CHARGES_TRACE.test(line));
      const seen = async (events: readonly string[]) => {
        const { outcome, metrics, spaces } = await run(timed(events), { reclaim, swap: 'ssd' });
        return { outcome, metrics, spaces };
      };
      expect(await seen(inOneGroup(own))).toEqual(await seen(own));
    };
    await fc.assert(fc.asyncProperty(randomTrace(machine, 60), look), { numRuns: propertyRuns(40) });
  });
});
