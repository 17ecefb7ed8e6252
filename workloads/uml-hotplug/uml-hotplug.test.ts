import { describe, expect, it } from 'vitest';
import { resolveTrace } from '../../harness/experiment/traces.js';
import { chooseWorkload, generate } from '../../harness/experiment/workload.js';
import { replayTrace } from '../../harness/index.js';
import { simulated } from '../../harness/machine/target.js';
import { validate } from '../../harness/replay/validate.js';
import type { EventBlock } from '../../harness/trace/block.js';
import { TextFormatter } from '../../harness/trace/text/formatter.js';
import { openTrace, type Trace } from '../../harness/trace/trace.js';

type Given = Readonly<Record<string, string | number>>;

/** Two small guests that are idle once. */
const SMALL: Given = {
  guests: 2,
  memory: 4096,
  section: 256,
  boot_s: 1,
  busy_s: 3,
  idle_s: 3,
  change_s: 1,
  skew_s: 1,
  cycles: 1,
  unmovable: 0.001,
};

const texts = (given: Given) =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));

async function trace(given: Given = {}): Promise<Trace> {
  const params = texts({ ...SMALL, ...given });
  return openTrace(await resolveTrace({ workload: 'uml-hotplug', params, seed: 1 }, '').compile());
}

function lines(given: Given, seed = 1): string[] {
  const source = generate(chooseWorkload('uml-hotplug', texts({ ...SMALL, ...given }), seed));
  const formatter = new TextFormatter(source.strings);
  return [...(source.blocks() as Iterable<EventBlock>)].flatMap((block) =>
    Buffer.from(formatter.block(block)).toString().trimEnd().split('\n'),
  );
}

/** First page and count of what a guest gives back, in the order in which it does. */
function given(events: readonly string[], guest = 1): [page: number, count: number][] {
  return events
    .map((line) => line.split(','))
    .filter(([, op, space]) => op === 'discard' && space === String(guest))
    .map(([, , , page, count]) => [Number(page) - 2 ** 20, Number(count)]);
}

const HOW = ['hotplug', 'balloon', 'reporting'] as const;

describe('uml-hotplug', () => {
  it('boots a guest in a shared-memory file of its own, gives back while idle, and rewrites what it takes back', () => {
    const few = { guests: 1, memory: 1024, unmovable: 0, given: 1, section: 384, touches_per_s: 0 };
    expect(lines(few)).toMatchInlineSnapshot(`
      [
        "0,spawn,1,,,guest-1",
        "0,object,,,1024,shmem:guest-1",
        "0,map,1,1048576,1024,shared:guest-1@0",
        "0,write,1,1048576,256,",
        "250000,write,1,1048832,256,",
        "500000,write,1,1049088,256,",
        "750000,write,1,1049344,256,",
        "4000000,mark,,,,guest-1 gives memory back",
        "4000000,discard,1,1048960,384,",
        "7000000,mark,,,,guest-1 takes memory back",
        "7000000,write,1,1048960,384,",
        "10000000,mark,,,,end",
      ]
    `);
  });

  it('makes the same events for the same seed, and others for another', () => {
    expect(lines({})).toEqual(lines({}));
    expect(lines({})).not.toEqual(lines({}, 2));
  });

  it('streams blocks of at most 65536 events', () => {
    const many = texts({ ...SMALL, how: 'balloon', piece: 1, memory: 50_000, guests: 1 });
    let events = 0;
    for (const block of generate(chooseWorkload('uml-hotplug', many, 1)).blocks() as Iterable<EventBlock>) {
      expect(block.length).toBeLessThanOrEqual(65_536);
      events += block.length;
    }
    expect(events).toBeGreaterThan(65_536);
  });

  for (const how of HOW) {
    it(`${how}: never reads what was given back before it is rewritten, and replays in little memory`, async () => {
      const small = await trace({ how, touches_per_s: 500 });
      expect((await validate(small, simulated)).warnings).toEqual([]);
      const { outcome } = await replayTrace(small, { discard: 'remove', limit: 4096, swap: 'ssd' });
      expect(outcome).toBe('ok');
    });
  }

  it('unplugs whole sections from the end down, none with an unmovable page', () => {
    const events = given(lines({ given: 1 }));
    // Spare memory is pages 1024 to 4095: 12 sections, 3 unmovable pages.
    expect(events.length).toBeGreaterThanOrEqual(9);
    expect(events.length).toBeLessThan(12);
    expect(events.every(([page, count]) => count === 256 && page % 256 === 0 && page >= 1024)).toBe(true);
    expect(events.map(([page]) => page)).toEqual(events.map(([page]) => page).sort((a, b) => b - a));
  });

  it('inflates a balloon by scattered pieces, down to single pages: all but the unmovable ones', () => {
    const pages = given(lines({ how: 'balloon', piece: 1, given: 1 })).map(([page]) => page);
    expect(new Set(pages).size).toBe(3072 - 3);
    expect(pages).not.toEqual([...pages].sort((a, b) => a - b));
    expect(given(lines({ how: 'balloon', piece: 1, given: 0.5 }))).toHaveLength(1535);
  });

  it('reports free blocks of the buddy allocator: aligned, the largest there are, from the least order on', () => {
    const blocks = (order: number) => given(lines({ how: 'reporting', order, given: 1 }));
    for (const [page, count] of blocks(4)) {
      expect(Math.log2(count) % 1).toBe(0);
      expect(page % count).toBe(0);
      expect(count).toBeGreaterThanOrEqual(16);
    }
    const total = (order: number) => blocks(order).reduce((sum, [, count]) => sum + count, 0);
    // Smaller blocks leave less behind: of order 0 only the three unmovable pages stay.
    expect([10, 9, 4].map(total)).toEqual([10, 9, 4].map(total).sort((a, b) => a - b));
    expect(total(0)).toBe(3072 - 3);
  });

  it('keeps touching the working set while idle, and all of the memory while busy', () => {
    const touched = lines({ guests: 1, touches_per_s: 500 })
      .map((line) => line.split(','))
      .filter(([, op, , , count]) => (op === 'read' || op === 'write') && Number(count) <= 16)
      .map(([time, , , page]) => [Number(time), Number(page) - 2 ** 20] as const);
    const spare = (from: number, to: number) =>
      touched.filter(([time, page]) => time >= from && time < to && page >= 1024).length;
    expect(spare(1e6, 4e6)).toBeGreaterThan(600);
    expect(spare(4e6, 7e6)).toBe(0);
    expect(spare(8e6, 10e6)).toBeGreaterThan(400);
  });
});

describe('memory of guests on their host (firecracker-microvm/firecracker#6167)', () => {
  const saved = async (how: string, discard: string) => {
    const of = await trace({ how, touches_per_s: 0 });
    const { metrics: keep } = await replayTrace(of, { discard: 'keep' });
    const { metrics } = await replayTrace(of, { discard });
    expect(metrics.discard_calls).toBeGreaterThan(0);
    return (keep.resident_pages_mean as number) - (metrics.resident_pages_mean as number);
  };

  for (const how of HOW) {
    it(`${how}: MADV_DONTNEED succeeds and frees nothing where memory is shared; removing and punching free it`, async () => {
      expect(await saved(how, 'dontneed')).toBe(0);
      expect(await saved(how, 'free')).toBe(0);
      const removed = await saved(how, 'remove');
      expect(removed).toBeGreaterThan(500);
      expect(await saved(how, 'punch')).toBe(removed);
    });
  }

  it('MADV_DONTNEED frees as much as removing does where the same memory is private', async () => {
    const of = await trace({ how: 'balloon', touches_per_s: 0 });
    const mean = async (discard: string, backing: 'recorded' | 'anon') =>
      (await replayTrace(of, { discard, backing })).metrics.resident_pages_mean;
    expect(await mean('dontneed', 'anon')).toBe(await mean('remove', 'recorded'));
    expect(await mean('remove', 'anon')).toBe(await mean('keep', 'recorded'));
  });
});
