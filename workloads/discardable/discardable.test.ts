import { describe, expect, it } from 'vitest';
import { resolveTrace } from '../../harness/experiment/traces.js';
import { chooseWorkload, generate } from '../../harness/experiment/workload.js';
import { replayTrace } from '../../harness/index.js';
import { simulated } from '../../harness/machine/target.js';
import { validate } from '../../harness/replay/validate.js';
import type { EventBlock } from '../../harness/trace/block.js';
import { TextFormatter } from '../../harness/trace/text/formatter.js';
import { openTrace, type Trace } from '../../harness/trace/trace.js';
import { DISCARDABLE_PARAMETERS } from './parameters.js';

/** Two tabs of one or two small images. */
const SMALL = {
  tabs: 2,
  images: 1,
  spread: 1,
  image_pages: 4,
  small_pages: 2,
  switches: 40,
  elsewhere: 16,
};
type Given = Readonly<Record<string, string | number>>;

function texts(given: Given): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
}

async function trace(given: Given = {}, seed = 1): Promise<Trace> {
  const params = texts({ ...SMALL, ...given });
  return openTrace(await resolveTrace({ workload: 'discardable', params, seed }, '').compile());
}

function lines(from: Trace): string[] {
  const formatter = new TextFormatter(from.strings);
  return [...(from.blocks() as Iterable<EventBlock>)].flatMap((block) =>
    Buffer.from(formatter.block(block)).toString().trimEnd().split('\n'),
  );
}

/** The fields of all events of an op. */
async function eventsOf(given: Given, op: string): Promise<string[][]> {
  return lines(await trace(given))
    .map((line) => line.split(','))
    .filter((event) => event[1] === op);
}

/** Events by one of their fields. */
function grouped(events: readonly string[][], field: number): string[][][] {
  const groups = new Map<string, string[][]>();
  for (const event of events) {
    const key = event[field]!;
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  return [...groups.values()];
}

describe('discardable', () => {
  it('opens tabs, hides and shows them, and replaces old ones', async () => {
    const small = await trace({
      spread: 0,
      small: 0,
      switches: 3,
      renew: 0.4,
      elsewhere: 0,
      pressure: 'none',
    });
    expect(lines(small)).toMatchInlineSnapshot(`
      [
        "0,spawn,2,,,tab-1",
        "0,object,,,4,shmem:tab-1.1",
        "0,map,2,16777216,4,shared:tab-1.1@0",
        "0,close,,,,tab-1.1",
        "0,write,2,16777216,4,",
        "2526003,spawn,3,,,tab-2",
        "2526003,unpin,2,16777216,4,regen_ns=27788 id=tab-1.1",
        "2526003,object,,,4,shmem:tab-2.1",
        "2526003,map,3,16777220,4,shared:tab-2.1@0",
        "2526003,close,,,,tab-2.1",
        "2526003,write,3,16777220,4,",
        "3114539,unpin,3,16777220,4,regen_ns=27788 id=tab-2.1",
        "3114539,pin,2,16777216,4,",
        "3114539,read,2,16777216,4,",
        "3227782,unpin,2,16777216,4,regen_ns=27788 id=tab-1.1",
        "3227782,unmap,3,16777220,4,",
        "3227782,object,,,4,shmem:tab-2.1",
        "3227782,map,3,16777224,4,shared:tab-2.1@0",
        "3227782,close,,,,tab-2.1",
        "3227782,write,3,16777224,4,",
        "3826607,unpin,3,16777224,4,regen_ns=27788 id=tab-2.1",
        "3826607,unmap,2,16777216,4,",
        "3826607,object,,,4,shmem:tab-1.1",
        "3826607,map,2,16777228,4,shared:tab-1.1@0",
        "3826607,close,,,,tab-1.1",
        "3826607,write,2,16777228,4,",
        "4033978,mark,,,,end",
      ]
    `);
  });

  it('is the same for the same seed, and another for another', async () => {
    expect(lines(await trace({}, 5))).toEqual(lines(await trace({}, 5)));
    expect(lines(await trace({}, 5))).not.toEqual(lines(await trace({}, 6)));
  });

  const variants: readonly Given[] = [
    {},
    { close: 'discard' },
    { kind: 'private' },
    { kind: 'private', close: 'discard' },
    { kind: 'two-process' },
    { kind: 'two-process', close: 'discard', tabs: 5 },
  ];
  for (const given of variants) {
    it(`is valid, and unpin and pin take turns on each range: ${JSON.stringify(given)}`, async () => {
      const made = await trace({ ...given, renew: 0.5 });
      expect((await validate(made, simulated)).warnings).toEqual([]);
      const unpinned = new Set<string>();
      let pins = 0;
      for (const line of lines(made)) {
        const [, op, ...rest] = line.split(',');
        const range = rest.slice(0, 3).join(',');
        if (op === 'unpin') {
          expect(unpinned).not.toContain(range);
          unpinned.add(range);
        } else if (op === 'pin') {
          expect(unpinned.delete(range)).toBe(true);
          pins++;
        } else if (op === 'discard') expect(unpinned.delete(range)).toBe(true);
      }
      expect(pins).toBeGreaterThan(10);
    });
  }

  it('never uses an address again after an unmap', async () => {
    const maps = await eventsOf({ renew: 0.5, elsewhere: 0 }, 'map');
    expect(new Set(maps.map((event) => event[3]))).toHaveProperty('size', maps.length);
    expect(maps.length).toBeGreaterThan(10);
  });

  it('decodes into discarded segments again with close=discard', async () => {
    const given = { renew: 0.5, elsewhere: 0, close: 'discard', small: 0 };
    expect(await eventsOf(given, 'map')).toHaveLength(4); // two tabs of at most two images
    expect((await eventsOf(given, 'discard')).length).toBeGreaterThan(10);
    expect(await eventsOf(given, 'unmap')).toEqual([]);
  });

  it('lets a browser map every segment too, whose first page stays pinned', async () => {
    const maps = await eventsOf({ kind: 'two-process', elsewhere: 0, renew: 0.5 }, 'map');
    for (const [own, other] of grouped(maps, 3)) {
      expect([own?.[2], own?.[3], own?.[4]]).toEqual(['1', other?.[3], other?.[4]]);
      expect(Number(other?.[2])).toBeGreaterThan(1);
    }
    const ranges = new Set(
      maps.map((event) => `${event[2]},${Number(event[3]) + 1},${Number(event[4]) - 1}`),
    );
    for (const event of await eventsOf({ kind: 'two-process', elsewhere: 0, renew: 0.5 }, 'unpin'))
      expect(ranges).toContain(event.slice(2, 5).join(','));
  });

  it('takes memory elsewhere in eight steps, and tells of it at the fourth and the last', async () => {
    const given = { elsewhere: 80, elsewhere_s: 16, stay_s: 1, switches: 60 };
    const all = lines(await trace(given)).filter((line) => /pressure|,4,10\d{5},/.test(line));
    expect(all.slice(0, 12)).toMatchInlineSnapshot(`
      [
        "1000000,map,4,1048576,80,anon",
        "1000000,write,4,1048576,10,",
        "2000000,write,4,1048586,10,",
        "3000000,write,4,1048596,10,",
        "4000000,write,4,1048606,10,",
        "4000000,pressure,,,,moderate",
        "5000000,write,4,1048616,10,",
        "6000000,write,4,1048626,10,",
        "7000000,write,4,1048636,10,",
        "8000000,write,4,1048646,10,",
        "8000000,pressure,,,,critical",
        "16000000,unmap,4,1048576,80,",
      ]
    `);
    expect(await eventsOf({ ...given, pressure: 'none' }, 'pressure')).toEqual([]);
    expect(
      new Set((await eventsOf({ ...given, pressure: 'critical' }, 'pressure')).map((e) => e[5])),
    ).toEqual(new Set(['critical']));
  });

  it('shows popular tabs more often, by the skew', async () => {
    const shows = async (skew: number) => {
      const pins = await eventsOf(
        { tabs: 8, spread: 0, switches: 4000, renew: 0, skew, elsewhere: 0 },
        'pin',
      );
      return grouped(pins, 2)
        .map((events) => events.length)
        .sort((a, b) => b - a);
    };
    const alike = await shows(0);
    expect(alike[0]! / alike[7]!).toBeLessThan(1.3);
    const skewed = await shows(2);
    expect(skewed[0]! / skewed[7]!).toBeGreaterThan(10);
  });

  it('streams: small blocks, and no more names the longer it is', () => {
    const made = (switches: number) => {
      const source = generate(
        chooseWorkload('discardable', texts({ ...SMALL, tabs: 20, switches, renew: 0.5 }), 1),
      );
      let events = 0;
      for (const block of source.blocks() as Iterable<EventBlock>) {
        expect(block.length).toBeLessThanOrEqual(65_536);
        events += block.length;
      }
      return { events, names: source.strings.length };
    };
    const long = made(40_000);
    expect(long.events).toBeGreaterThan(200_000);
    expect(long.names).toBe(made(20_000).names);
  });

  it('has the sizes of the recorded browser by default', async () => {
    const defaults = Object.fromEntries(
      Object.entries(DISCARDABLE_PARAMETERS).map(([key, parameter]) => [key, parameter.default]),
    );
    const given = { ...defaults, tabs: 400, switches: 0, elsewhere: 0 };
    const writes = (await eventsOf(given, 'write')).map((event) => Number(event[4]));
    expect(writes.length / 400).toBeCloseTo(14, 0);
    expect(new Set(writes)).toEqual(new Set([1875, 1024]));
    expect(writes.filter((pages) => pages === 1024).length / writes.length).toBeCloseTo(21 / 115, 1);
    const [unpin] = await eventsOf({ ...given, small: 0, tabs: 2 }, 'unpin');
    expect(unpin?.[5]).toBe('regen_ns=13025625 id=tab-1.1'); // as in chromium-cache
  });

  it('has memory for each kind of call to work on', async () => {
    const errors = async (given: Given, discard: string) =>
      (await replayTrace(await trace(given), { discard })).metrics.discard_errors;
    expect(await errors({}, 'remove:eager=1')).toBe(0);
    expect(await errors({ kind: 'two-process' }, 'punch:eager=1')).toBe(0);
    expect(await errors({ kind: 'private' }, 'free')).toBe(0);
    expect(await errors({ kind: 'private' }, 'dontneed:eager=1')).toBe(0);
    expect(await errors({}, 'free')).toBeGreaterThan(10);
  });
});
