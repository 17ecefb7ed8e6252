import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { packageFile } from '../base/package-root.js';
import { TOUCHES } from '../base/touches.js';
import { loadTrace, replayTrace } from '../index.js';
import { simulated } from '../machine/target.js';
import { validate } from '../replay/validate.js';
import { eventLines } from '../testing/traces.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP, OPS, type OpName } from '../trace/op.js';
import { TextFormatter } from '../trace/text/formatter.js';
import { openTrace, type Trace } from '../trace/trace.js';
import { DEFAULT_EXPERIMENT, readExperiment } from './file.js';
import { planCells } from './plan.js';
import { sharedRuns } from './shared-runs.js';
import { shippedTraces } from './trace-names.js';
import { resolveTrace } from './traces.js';

/** The fields of every event. */
function eventsOf(trace: Trace): string[][] {
  const formatter = new TextFormatter(trace.strings);
  return [...(trace.blocks() as Iterable<EventBlock>)]
    .map((block) => Buffer.from(formatter.block(block)).toString())
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
}

/** Of the advice of the Go runtime on its own tables. */
const HUGE_PAGES =
  'MADV_HUGEPAGE has no effect here: on a live kernel a fault may bring a huge page, 512 pages at once';

/**
 * The most events of the cells of the default comparison that are not known beforehand to be like another. Two thirds of them
 * are in the replay of another, as is seen then: at 150 ns an event, two workers take 2.5 s for the rest, which leaves most of 20 s
 * for reading traces, for events of many pages, and for the page.
 */
const DEFAULT_EVENTS = 95e6;

const manifest = z.strictObject({
  traces: z.record(
    z.string().regex(/^[a-z0-9-]+$/),
    z.strictObject({
      file: z.string().endsWith('.csv.br'),
      events: z.int(),
      touches: z.enum(TOUCHES),
      origin: z.string().min(1),
      summary: z.string().min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      provenance: z.string().min(1),
      programs: z.string().min(1),
      commands: z.array(z.string()),
      licence: z.string().min(1),
    }),
  ),
});

describe('shipped traces', () => {
  it('are described by traces/manifest.json', () => {
    const { traces } = manifest.parse(
      JSON.parse(readFileSync(packageFile('traces', 'manifest.json'), 'utf8')),
    );
    expect([...shippedTraces()]).toEqual(Object.entries(traces));
  });

  for (const [name, { sha256, commands, ...said }] of shippedTraces()) {
    it(`${name} is what the manifest says, and valid`, async () => {
      const trace = await loadTrace(name);
      expect(trace.totals.sha256).toBe(sha256);
      expect(trace.totals.events).toBe(said.events);
      expect(trace.meta.touches).toBe(said.touches);
      expect(trace.meta.get('provenance')).toBe(said.origin);
      expect(commands.length).toBeGreaterThan(0);
      const { warnings } = await validate(trace, simulated);
      expect(warnings.map(({ what }) => what)).toEqual(
        name === 'go' || name === 'guests' ? [HUGE_PAGES] : [],
      );
    });
  }
});

describe('chromium-drops', () => {
  let trace: Trace;
  let events: string[][];
  beforeAll(async () => {
    trace = await loadTrace('chromium-drops');
    events = eventsOf(trace);
  });
  const of = (op: string) => events.filter((event) => event[1] === op);

  it('has every recorded drop: 94 images of 7.32 MiB and 21 of 4 MiB, all from the second page of their mapping on', () => {
    const drops = of('discard');
    expect(drops).toHaveLength(115);
    expect(drops.filter((event) => event[4] === '1875')).toHaveLength(94);
    expect(drops.filter((event) => event[4] === '1024')).toHaveLength(21);
    const maps = new Set(of('map').map((event) => `${event[2]}:${event[3]}:${event[4]}`));
    for (const [, , space, page, count] of drops) {
      expect(maps).toContain(`${space!.split(':')[0]}:${Number(page) - 1}:${Number(count) + 1}`);
    }
  });

  it('pairs the two mappings of each dropped segment one to one, in the browser and in a renderer', () => {
    for (const pages of ['1876', '1025']) {
      const bySegment = new Map<string, string[]>();
      for (const [, , space, , count, arg] of of('map')) {
        if (count === pages) bySegment.set(arg!, [...(bySegment.get(arg!) ?? []), space!]);
      }
      expect(bySegment.size).toBe(pages === '1876' ? 94 : 21);
      for (const spaces of bySegment.values()) {
        expect(spaces).toHaveLength(2);
        expect(spaces[0]).toBe('2099');
        expect(spaces[1]).not.toBe('2099');
      }
    }
  });

  it('answers the simulated pressure with 39 and 38 drops', () => {
    const times = of('discard').map((event) => Number(event[0]));
    const [moderate, critical] = of('pressure').map((event) => Number(event[0])) as [number, number];
    expect(of('pressure').map((event) => event[5])).toEqual(['moderate', 'critical']);
    expect(times.filter((time) => time < moderate)).toHaveLength(38);
    expect(times.filter((time) => time >= moderate && time < critical)).toHaveLength(39);
    expect(times.filter((time) => time >= critical)).toHaveLength(38);
  });

  it('closes every segment right after its last mapping, and writes each once', () => {
    expect(of('close')).toHaveLength(of('object').length);
    const closed = new Set<string>();
    for (const [, op, , , , arg] of events) {
      if (op === 'close') closed.add(arg!);
      if (op === 'map') expect(closed).not.toContain(arg!.replace(/^shared:([^@]+)@.*$/, '$1'));
    }
    const whole = of('write').filter((event) => event[4] === '1876');
    expect(whole).toHaveLength(94);
    expect(whole.every((event) => event[2] !== '2099')).toBe(true);
  });

  it('is labelled: drops recorded, pairing, closing and accesses inferred', () => {
    expect(trace.meta.get('provenance')).toBe('recorded');
    for (const stream of ['pairing', 'close', 'touches'])
      expect(trace.meta.get(`provenance.${stream}`)).toBe('inferred');
    expect(new Set(events.map((event) => event[1]))).not.toContain('read');
    for (const name of new Set(events.map((event) => event[1])))
      expect(OPS.map((op) => op.name)).toContain(name);
  });

  it('costs in the model what its calls took in the recording: 89.3 ms, within a tenth', async () => {
    const { metrics } = await replayTrace(trace, { discard: 'remove' });
    expect((metrics.stall_discard_ns as number) / 89.342e6).toBeCloseTo(1, 1);
  });
});

describe('chromium-cache', () => {
  let trace: Trace;
  let events: string[][];
  beforeAll(async () => {
    trace = await loadTrace('chromium-cache');
    events = eventsOf(trace);
  });
  const of = (op: string) => events.filter((event) => event[1] === op);
  const range = (event: string[]) => event.slice(2, 5).join(',');

  it('has the 115 segments of eight tabs, each mapped in the browser and in one tab', () => {
    expect(trace.totals).toMatchObject({ events: 1474, lastTimeUs: 26_292_000 });
    expect(of('spawn').map((event) => event[5])).toEqual([
      'browser',
      ...['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'],
    ]);
    const perTab = of('object').map((event) => event[5]!.slice('shmem:'.length).split('-')[0]);
    const count = (tab: string) => perTab.filter((name) => name === tab).length;
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((i) => count(`p${i}`))).toEqual([12, 16, 16, 15, 13, 15, 16, 12]);
    expect(of('map')).toHaveLength(230);
    expect(of('object').filter((event) => event[4] === '1876')).toHaveLength(94);
    expect(of('object').filter((event) => event[4] === '1025')).toHaveLength(21);
  });

  it('shows the recorded drops as marks only, and nothing decoded again', () => {
    const drops = of('mark').filter((event) => event[5]!.startsWith('Chromium drops p'));
    expect(drops).toHaveLength(115);
    expect(new Set(drops.map((event) => event[5]))).toHaveProperty('size', 115);
    expect(of('mark')).toHaveLength(115 + 27);
    expect([...of('discard'), ...of('madvise'), ...of('fallocate')]).toEqual([]);
    expect(of('pressure').map((event) => event[5])).toEqual(['moderate', 'critical']);
  });

  it('unpins and pins each image in turn, all but its first page, and reads what it pins', () => {
    const unpinned = new Set<string>();
    for (const event of events) {
      if (event[1] === 'unpin') {
        expect(unpinned).not.toContain(range(event));
        unpinned.add(range(event));
      } else if (event[1] === 'pin') expect(unpinned.delete(range(event))).toBe(true);
    }
    expect(of('unpin')).toHaveLength(242);
    expect(of('pin').map(range)).toEqual(of('read').map(range));
    expect(of('pin')).toHaveLength(139);
    for (const event of of('unpin'))
      expect(event[5]).toMatch(event[4] === '1875' ? /^regen_ns=13025625 id=p/ : /^regen_ns=7113728 id=p/);
  });

  it('is labelled: segments and pressure recorded, pins and what follows from them inferred', () => {
    expect(trace.meta.get('provenance')).toBe('inferred');
    for (const stream of ['segments', 'pressure', 'marks'])
      expect(trace.meta.get(`provenance.${stream}`)).toBe('recorded');
    for (const stream of ['pairing', 'tabs', 'pins', 'regeneration', 'unmap', 'touches'])
      expect(trace.meta.get(`provenance.${stream}`)).toBe('inferred');
  });

  it('needs all images at once under keep, and only those of the tab in front when hidden ones go at once', async () => {
    const { metrics: kept } = await replayTrace(trace, { discard: 'keep' });
    expect(kept.resident_pages_peak).toBe(94 * 1876 + 21 * 1025);
    const { metrics } = await replayTrace(trace, { discard: 'remove:eager=1' });
    // The largest tab has 13 images of 1875 pages and 3 of 1024; of all 115, the first page stays.
    expect(metrics.resident_pages_peak).toBe(13 * 1875 + 3 * 1024 + 115);
    expect(metrics).toMatchObject({ discard_calls: 242, discard_errors: 0, regenerated_ranges: 139 });
  });

  it('has shared memory, which MADV_FREE refuses', async () => {
    const { metrics } = await replayTrace(trace, { discard: 'free' });
    expect(metrics).toMatchObject({ discard_calls: 242, discard_errors: 242, regenerated_ranges: 0 });
  });
});

/** What the pages of the three guests hold at a moment. Constants were counted in the recording itself. */
describe('guests-debian', () => {
  let trace: Trace;
  /** Memory of each guest by page, at each mark. */
  const snapshots: { label: string; guests: Map<number, number>[] }[] = [];
  beforeAll(async () => {
    trace = await loadTrace('guests-debian');
    const guests = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
    for (const block of trace.blocks() as Iterable<EventBlock>) {
      for (let row = 0; row < block.length; row++) {
        if (block.op[row] === OP.write) write(guests, block, row);
        if (block.op[row] === OP.mark)
          snapshots.push({
            label: trace.strings.text(block.text[row]!),
            guests: guests.map((guest) => new Map(guest)),
          });
      }
    }
  });

  function write(guests: readonly Map<number, number>[], block: EventBlock, row: number): void {
    const memory = guests[block.space[row]! - 1]!;
    const up = (block.fields[row]! & HAS.contentUp) !== 0;
    for (let i = 0; i < block.count[row]!; i++)
      memory.set(block.page[row]! + i, block.content[row]! + (up ? i : 0));
  }

  function counts(snapshot: number) {
    const guests = snapshots[snapshot]!.guests;
    const copies = new Map<number, number>();
    for (const guest of guests)
      for (const content of guest.values()) copies.set(content, (copies.get(content) ?? 0) + 1);
    const zero = copies.get(0) ?? 0;
    copies.delete(0);
    const unique = [...copies.values()].filter((k) => k === 1).length;
    const filled = [...copies.values()].reduce((sum, k) => sum + k, 0);
    const written = guests.reduce((sum, guest) => sum + guest.size, 0);
    return { written, zero, unique, shared: filled - unique, contents: copies.size };
  }

  it('has the pages of the recording: at first, and when all is settled', () => {
    expect(snapshots.map(({ label }) => label)).toEqual([
      ...[4, 12, 20, 30, 45, 60, 75, 90].map((s, i) => `snapshot ${i + 1} (${s} s)`),
      '600 s after the last snapshot',
    ]);
    expect(counts(0)).toEqual({ written: 49100, zero: 0, unique: 13104, shared: 35996, contents: 20099 });
    expect(counts(7)).toEqual({ written: 84064, zero: 302, unique: 51122, shared: 32640, contents: 60961 });
    expect(counts(8)).toEqual(counts(7));
    expect(snapshots[7]?.guests.map((guest) => guest.size)).toEqual([29225, 28508, 26331]);
  });

  it('has guests of 65536 pages that may be merged', () => {
    expect(trace.totals).toMatchObject({ events: 13115, lastTimeUs: 690e6 });
    const [first] = [...(trace.blocks() as Iterable<EventBlock>)] as [EventBlock];
    const start = Buffer.from(new TextFormatter(trace.strings).block(first))
      .toString()
      .split('\n')
      .slice(0, 9);
    for (const [guest, name] of ['base', 'python', 'nginx'].entries())
      expect(start.slice(3 * guest, 3 * guest + 3)).toEqual([
        `0,spawn,${guest + 1},,,${name}`,
        `0,map,${guest + 1},1048576,65536,anon`,
        `0,madvise,${guest + 1},1048576,65536,MADV_MERGEABLE`,
      ]);
  });

  it('holds a frame for every page that was ever written, where nothing is merged', async () => {
    const { metrics } = await replayTrace(trace, { discard: 'keep' });
    expect(metrics.resident_pages_end).toBe(84064);
  });

  it('keeps a page for each content where equal pages are one at once', async () => {
    const { metrics } = await replayTrace(trace, { merge: 'instant' });
    expect(metrics).toMatchObject({ resident_pages_end: 60961 + 1, pages_sharing: 84064 - 60962 });
  });

  it('settles under ksmd at a page for each 256 copies of a content', async () => {
    const copies = new Map<number, number>();
    for (const guest of snapshots[8]?.guests ?? [])
      for (const content of guest.values()) copies.set(content, (copies.get(content) ?? 0) + 1);
    const pages = [...copies.values()].reduce((sum, k) => sum + Math.ceil(k / 256), 0);
    const { metrics } = await replayTrace(trace, { merge: 'ksm:pages_to_scan=10' });
    expect(metrics).toMatchObject({ resident_pages_end: pages, pages_sharing: 84064 - pages });
  });
});

/** The recording once more, with memory that is shared and given back while a guest is off. */
describe('guests-debian-restarts', () => {
  let trace: Trace;
  beforeAll(async () => {
    trace = await loadTrace('guests-debian-restarts');
  });

  it('gives the whole memory of each guest back once, and writes it again: every guest has both lives', () => {
    const discards: number[][] = [];
    const written = [0, 0, 0];
    for (const block of trace.blocks() as Iterable<EventBlock>) {
      for (let row = 0; row < block.length; row++) {
        const guest = block.space[row]! - 1;
        const count = block.count[row]!;
        if (block.op[row] === OP.discard) discards.push([block.time[row]! / 1e6, guest, count]);
        if (block.op[row] === OP.write) written[guest] = written[guest]! + count;
      }
    }
    expect(discards).toEqual([
      [90, 0, 65_536],
      [210, 1, 65_536],
      [330, 2, 65_536],
    ]);
    // Twice the changed pages of the recording, counted in it.
    expect(written).toEqual([2 * 41_902, 2 * 68_561, 2 * 35_083]);
    expect(trace.meta.get('provenance')).toBe('composed');
    expect(trace.meta.touches).toBe('inferred');
  });

  it('frees what a guest holds while it is off, by the calls that free shared memory and no others', async () => {
    const mean = async (discard: string) =>
      (await replayTrace(trace, { discard })).metrics.resident_pages_mean as number;
    const keep = await mean('keep');
    const remove = await mean('remove');
    expect(await mean('punch')).toBe(remove);
    expect(await mean('dontneed')).toBe(keep);
    expect(await mean('free')).toBe(keep);
    // Each guest is off for 120 of 600 s, and 4, 12 and 20 s later it has what it had then (its pages at snapshots 1 to 3).
    const held = [
      [29_225, 15_399, 24_831, 29_220],
      [28_508, 16_838, 23_067, 28_507],
      [26_331, 16_863, 24_605, 26_331],
    ] as const;
    const seconds = held.reduce(
      (sum, [all, at4, at12, at20]) =>
        sum + 124 * all + 8 * (all - at4) + 8 * (all - at12) + 10 * (all - at20),
      0,
    );
    expect(keep - remove).toBeCloseTo(seconds / 600, 0);
  });
});

/** Databases. What is counted of the recordings was counted in them, apart from the import. */
const POOL = 2 ** 20;
/** Dirty buffers that the model writes back, each read by pwrite. */
const WRITE_BACKS = 9510 - 41;

async function counted(name: string) {
  const lines = await eventLines(await loadTrace(name));
  const events: Record<string, number> = {};
  for (const line of lines) {
    const op = line.split(',')[1]!;
    events[op] = (events[op] ?? 0) + 1;
  }
  return { lines, events: events as Record<OpName, number> };
}

describe('postgresql', () => {
  it('has the recorded accesses of five backends, and files for blocks that the model misses', async () => {
    const { events } = await counted('postgresql');
    // 262648 uses and 37311 changes; 41 blocks are added.
    expect(events).toMatchObject({ spawn: 6, pwrite: 9510, mark: 1 });
    expect(events.read + events.write).toBe(262_648 + 37_311 + 41 + WRITE_BACKS);
    expect(events.pread).toBe(35_022);
  });

  it('needs more with the page cache than the pool and the tables take: blocks are in memory twice', async () => {
    const { metrics } = await replayTrace(await loadTrace('postgresql'), { discard: 'keep' });
    expect(metrics.resident_pages_peak).toBeGreaterThan(16_384 + 30_000);
  });
});

describe('postgresql-resize', () => {
  it('shrinks three times, to a third, a half and a quarter of 8192 buffers', async () => {
    const { lines } = await counted('postgresql-resize');
    expect(lines.filter((line) => line.includes(',discard,'))).toEqual([
      `500000,discard,1,${POOL + 2 * 2730},${2 * (8192 - 2730)},`,
      `1880000,discard,1,${POOL + 2 * 4096},8192,`,
      `3288000,discard,1,${POOL + 2 * 2048},${2 * (8192 - 2048)},`,
    ]);
  });

  it('needs less where dropped sections are given back, and dontneed gives nothing back', async () => {
    const trace = await loadTrace('postgresql-resize');
    const needs = async (discard: string) => {
      const { metrics } = await replayTrace(trace, { discard });
      expect(metrics.discard_errors).toBe(0);
      return metrics.resident_pages_mean as number;
    };
    const keep = await needs('keep');
    expect(await needs('remove')).toBeLessThan(keep - 5000);
    expect(await needs('dontneed')).toBe(keep);
  });
});

describe('the default comparison', () => {
  it('is small enough to wait for', async () => {
    const { traces: entries, ...experiment } = readExperiment(DEFAULT_EXPERIMENT);
    const traces = await Promise.all(
      entries.map(async ({ entry }) => {
        const { compile } = resolveTrace(entry, dirname(DEFAULT_EXPERIMENT));
        const trace = await openTrace(await compile());
        const { totals, meta } = trace;
        const blocks = [...(trace.blocks() as Iterable<EventBlock>)];
        const unpins = blocks.some(({ op, length }) => op.subarray(0, length).includes(OP.unpin));
        const planned = { peakPages: 1000, pageBytes: meta.pageBytes, replicate: 1 };
        return { events: totals.events, marksVolatile: false, unpins, ...planned };
      }),
    );
    const cells = planCells({ ...experiment, traces: entries }, traces);
    const runs = sharedRuns(cells, (trace) => traces[trace]!, false);
    const events = runs.reduce((sum, { cell }) => sum + traces[cell.trace]!.events, 0);
    expect(events).toBeGreaterThan(1e6);
    expect(events).toBeLessThan(DEFAULT_EVENTS);
  });
});
