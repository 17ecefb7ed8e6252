import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run, type TestRun } from '../testing/machine.js';
import { propertyRuns } from '../testing/property-runs.js';
import { timed, traceOf } from '../testing/traces.js';
import type { PolicyResult, ReplayResult } from './replay.js';

const POLICIES = [
  'keep',
  'remove',
  'remove:eager=1',
  'remove:destroy=1',
  'remove:era=2006',
  'remove:regen=page',
  'remove-managed:budget=8p',
  'punch',
  'punch:lookup=1',
  'punch:lookup=1,eager=1,destroy=1',
  'punch-managed:budget=8p,lookup=1',
  'truncate',
  'dontneed',
  'dontneed:eager=1',
  'free',
  'volatile',
];

const PAGES = 16;
/** Places of a space by what is mapped there. */
const KINDS = {
  0: 'shared:o@0',
  100: 'anon',
  200: 'shared:nofd@0',
  300: 'private:o@0',
  400: 'shared:f@0',
  500: 'shared:sealed@0',
  600: 'shared:o@4 locked',
  700: 'shared:ownSPACE@0',
} as const;
const PLACES = Object.keys(KINDS).map(Number);
const OPS = ['read', 'write', 'pread', 'discard', 'discard', 'unpin', 'unpin', 'pin', 'pressure'] as const;
const OTHER_OPS = ['madvise', 'remap', 'fork', 'exit', 'protect', 'punch'] as const;

interface Step {
  readonly op: (typeof OPS)[number] | (typeof OTHER_OPS)[number];
  readonly space: number;
  readonly thread: number;
  readonly place: number;
  readonly page: number;
  readonly count: number;
  readonly afterUs: number;
}

/** @param places where things happen: where policies are the same for long, followers get far */
function stepsAt(places: readonly number[]): fc.Arbitrary<Step[]> {
  const step = fc.record({
    op: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...OPS) },
      { weight: 1, arbitrary: fc.constantFrom(...OTHER_OPS) },
    ),
    space: fc.integer({ min: 1, max: 2 }),
    thread: fc.nat(1),
    place: fc.constantFrom(...places),
    page: fc.nat(PAGES - 1),
    count: fc.integer({ min: 1, max: PAGES }),
    afterUs: fc.oneof(fc.constant(0), fc.nat(60), fc.nat(2000)),
  });
  return fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
}

function lineOf({ op, space, thread, place, page, count }: Step): string {
  const at = `${space}:${thread},${place + page},${count}`;
  switch (op) {
    case 'unpin':
      return `unpin,${at},regen_ns=${1000 * count}`;
    case 'pread':
      return `pread,${space}:${thread},${page},${count},f`;
    case 'pressure':
      return `pressure,,,,${page % 2 === 0 ? 'moderate' : 'critical'}`;
    case 'madvise':
      return `madvise,${at},${page % 2 === 0 ? 'MADV_WILLNEED' : 'MADV_REMOVE'}`;
    case 'remap':
      return `remap,${at},to=${1000 + place + page}`;
    case 'fork':
      return `fork,${space},,,${10 * space + thread}`;
    case 'exit':
      return `exit,${10 * space + thread},,,`;
    case 'protect':
      return `protect,${at},${page % 2 === 0 ? 'ro' : 'rw'}`;
    case 'punch':
      return `fallocate,,${page},${count},punch:o`;
    default:
      return `${op},${space}:${thread},${place + page},${Math.min(count, PAGES - page)},`;
  }
}

/** Two spaces with memory of all kinds, which they share where it can be shared. */
function textOf(steps: readonly Step[]): string {
  const setUp = [
    `object,,,${PAGES + 4},shmem:o`,
    `object,,,${PAGES},shmem:nofd nofd`,
    `object,,,${PAGES},shmem:sealed sealed`,
    `object,,,${PAGES},file:f`,
    `object,,,${PAGES},shmem:own1`,
    `object,,,${PAGES},shmem:own2`,
    ...[1, 2].flatMap((space) => [
      `spawn,${space},,,`,
      ...PLACES.map(
        (place) =>
          `map,${space},${place},${PAGES},${KINDS[place as keyof typeof KINDS].replace('SPACE', `${space}`)}`,
      ),
      `write,${space},0,${PAGES},`,
      `write,${space},100,${PAGES},`,
    ]),
  ];
  let us = 0;
  const alive = new Set([1, 2]);
  const lines = setUp.map((line) => `0,${line}`);
  for (const step of steps) {
    us += step.afterUs;
    const child = 10 * step.space + step.thread;
    if (step.op === 'fork' ? alive.has(child) : step.op === 'exit' && !alive.has(child)) continue;
    if (step.op === 'fork') alive.add(child);
    if (step.op === 'exit') alive.delete(child);
    lines.push(`${us},${lineOf(step)}`);
  }
  return `${lines.join('\n')}\n`;
}

const setup: fc.Arbitrary<TestRun> = fc.record({
  swap: fc.constantFrom('none' as const, 'ssd' as const, 'zram' as const),
  limit: fc.constantFrom(20, 40, 'none' as const),
  memory: fc.constantFrom(undefined, 90) as fc.Arbitrary<never>,
  merge: fc.constantFrom('none', 'ksm'),
  draws: fc.constantFrom(1, 3),
  backing: fc.constantFrom('recorded' as const, 'anon' as const),
});

function measured({ hostBytes: _bytes, followed: _followed, ...result }: ReplayResult): PolicyResult {
  return result;
}

/** The result of a replay, or what it throws. */
async function attempt(text: string, how: TestRun): Promise<ReplayResult | string> {
  try {
    return await run(traceOf(text), { ...how, timeline: true, check: false });
  } catch (error) {
    return (error as Error).message;
  }
}

describe('policies that follow the replay of another', () => {
  it('have the results of a replay of their own, to the last digit, or none', async () => {
    let followed = 0;
    let paidOtherwise = 0;
    const policies = fc.shuffledSubarray(POLICIES, { minLength: 4, maxLength: 4 });
    const places = fc.constantFrom([0], [0], [100], [0, 700], PLACES).chain(stepsAt);
    await fc.assert(
      fc.asyncProperty(places, setup, policies, async (steps, how, [discard = '', ...followers]) => {
        const text = textOf(steps);
        const together = await attempt(text, { ...how, discard, followers });
        const alone = await attempt(text, { ...how, discard });
        if (typeof together === 'string' || typeof alone === 'string') {
          expect(together).toEqual(alone);
          return;
        }
        expect(measured(together)).toEqual(measured(alone));
        for (const [i, result] of together.followed.entries()) {
          if (!result) continue;
          const own = await attempt(text, { ...how, discard: followers[i]! });
          expect(typeof own === 'string' ? own : measured(own), followers[i]!).toEqual(result);
          followed++;
          if (result.metrics.stall_ns !== together.metrics.stall_ns) paidOtherwise++;
        }
      }),
      { numRuns: propertyRuns(120) },
    );
    expect(followed).toBeGreaterThan(propertyRuns(40));
    expect(paidOtherwise).toBeGreaterThan(propertyRuns(10));
  });

  const NAMES = ['keep', 'remove', 'punch', 'punch:lookup=1', 'truncate', 'dontneed', 'free', 'volatile'];
  /** The policies that follow one on a trace. */
  async function followersOf(discard: string, lines: readonly string[]): Promise<string[]> {
    const { followed } = await run(timed(lines), { discard, followers: NAMES, limit: 12, swap: 'ssd' });
    return NAMES.filter((_, i) => followed[i]);
  }
  const PROGRAM = ['object,,,16,shmem:o', 'spawn,1,,,', 'map,1,0,16,shared:o@0', 'map,1,32,16,anon'];

  it('are those that make the same holes in shared memory', async () => {
    const lines = [...PROGRAM, 'write,1,0,16,', 'discard,1,2,8,', 'write,1,0,16,'];
    expect(await followersOf('remove', lines)).toEqual(['remove', 'punch', 'punch:lookup=1']);
    expect(await followersOf('keep', lines)).toEqual(['keep', 'truncate', 'free']);
    expect(await followersOf('dontneed', lines)).toEqual([]);
  });

  it('are those whose calls the kernel refuses, on private memory', async () => {
    const lines = [...PROGRAM, 'write,1,32,16,', 'discard,1,34,8,', 'write,1,32,16,'];
    const refused = ['keep', 'remove', 'punch', 'punch:lookup=1', 'truncate'];
    expect(await followersOf('keep', lines)).toEqual(refused);
    expect(await followersOf('truncate', lines)).toEqual(refused);
  });

  it('are all that handle no losses where nothing is discarded', async () => {
    const lines = [...PROGRAM, 'write,1,0,16,', 'read,1,0,16,'];
    expect(await followersOf('keep', lines)).toEqual(NAMES.filter((name) => name !== 'volatile'));
  });

  it('do not where one call is refused that another makes', async () => {
    const split = [...PROGRAM, 'protect,1,0,4,ro', 'madvise,1,8,4,MADV_SEQUENTIAL', 'write,1,4,4,'];
    // Two VMAs: punch makes two calls and two holes, remove one call and two holes.
    expect(await followersOf('remove', [...split, 'discard,1,4,8,'])).toContain('punch');
    const beyond = [...PROGRAM, 'write,1,0,16,', 'lock,1,0,4,', 'discard,1,0,8,'];
    expect(await followersOf('remove', beyond)).not.toContain('punch');
  });
});
