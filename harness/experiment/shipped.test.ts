import { beforeAll, describe, expect, it } from 'vitest';
import { loadTrace, replayTrace } from '../index.js';
import { validate } from '../replay/validate.js';
import { eventLines } from '../testing/traces.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP, OPS, type OpName } from '../trace/op.js';
import { TextFormatter } from '../trace/text/formatter.js';
import type { Trace } from '../trace/trace.js';
import { shippedTraces } from './traces.js';

describe('shipped traces', () => {
  for (const [name, { sha256, commands }] of shippedTraces()) {
    it(`${name} is what the manifest says, and valid`, async () => {
      const trace = await loadTrace(name);
      expect(trace.totals.sha256).toBe(sha256);
      expect(commands.length).toBeGreaterThan(0);
      expect((await validate(trace)).warnings).toEqual([]);
    });
  }
});

describe('chromium-drops', () => {
  let trace: Trace;
  let events: string[][];
  beforeAll(async () => {
    trace = await loadTrace('chromium-drops');
    const formatter = new TextFormatter(trace.strings);
    const text = [...(trace.blocks() as Iterable<EventBlock>)]
      .map((block) => Buffer.from(formatter.block(block)).toString())
      .join('');
    events = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
  });
  const of = (op: string) => events.filter((event) => event[1] === op);

  it('has every recorded drop: 94 images of 7.32 MiB and 21 of 4 MiB, all from the second page of their mapping on', () => {
    const drops = of('discard');
    expect(drops).toHaveLength(115);
    expect(drops.filter((event) => event[4] === '1875')).toHaveLength(94);
    expect(drops.filter((event) => event[4] === '1024')).toHaveLength(21);
    const maps = new Set(of('map').map((event) => `${event[2]}:${event[3]}:${event[4]}`));
    for (const [, , space, page, count] of drops) {
      expect(maps).toContain(`${(space as string).split(':')[0]}:${Number(page) - 1}:${Number(count) + 1}`);
    }
  });

  it('pairs the two mappings of each dropped segment one to one, in the browser and in a renderer', () => {
    for (const pages of ['1876', '1025']) {
      const bySegment = new Map<string, string[]>();
      for (const [, , space, , count, arg] of of('map')) {
        if (count === pages)
          bySegment.set(arg as string, [...(bySegment.get(arg as string) ?? []), space as string]);
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
      if (op === 'close') closed.add(arg as string);
      if (op === 'map') expect(closed).not.toContain((arg as string).replace(/^shared:([^@]+)@.*$/, '$1'));
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
            label: trace.strings.text(block.text[row] as number),
            guests: guests.map((guest) => new Map(guest)),
          });
      }
    }
  });

  function write(guests: readonly Map<number, number>[], block: EventBlock, row: number): void {
    const memory = guests[(block.space[row] as number) - 1] as Map<number, number>;
    const up = ((block.fields[row] as number) & HAS.contentUp) !== 0;
    for (let i = 0; i < (block.count[row] as number); i++)
      memory.set((block.page[row] as number) + i, (block.content[row] as number) + (up ? i : 0));
  }

  function counts(snapshot: number) {
    const guests = snapshots[snapshot]?.guests as Map<number, number>[];
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

/** Databases. What is counted of the recordings was counted in them, apart from the import. */
const POOL = 2 ** 20;
/** Dirty buffers that the model writes back, each read by pwrite. */
const WRITE_BACKS = 9510 - 41;

async function counted(name: string) {
  const lines = await eventLines(await loadTrace(name));
  const events: Record<string, number> = {};
  for (const line of lines) {
    const op = line.split(',')[1] as string;
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
