import { describe, expect, it } from 'vitest';
import { resolveTrace } from '../../harness/experiment/traces.js';
import { chooseWorkload, generate } from '../../harness/experiment/workload.js';
import { loadTrace, replayTrace } from '../../harness/index.js';
import { simulated } from '../../harness/machine/target.js';
import { validate } from '../../harness/replay/validate.js';
import type { EventBlock } from '../../harness/trace/block.js';
import { HAS, OP } from '../../harness/trace/op.js';
import { TextFormatter } from '../../harness/trace/text/formatter.js';
import { openTrace, type Trace } from '../../harness/trace/trace.js';
import { GUESTS_PARAMETERS } from './parameters.js';

/** Two small guests that end soon after boot. */
const SMALL = { guests: 2, memory: 1000, boot_s: 2, steady_s: 5, rewrites_per_s: 20 };
type Given = Readonly<Record<string, string | number>>;

async function trace(given: Given = {}, seed = 1): Promise<Trace> {
  const params = Object.fromEntries(
    Object.entries({ ...SMALL, ...given }).map(([key, value]) => [key, String(value)]),
  );
  return openTrace(await resolveTrace({ workload: 'guests', params, seed }, '').compile());
}

function lines(from: Trace): string[] {
  const formatter = new TextFormatter(from.strings);
  return [...(from.blocks() as Iterable<EventBlock>)]
    .flatMap((block) => Buffer.from(formatter.block(block)).toString().trimEnd().split('\n'))
    .filter((line) => line !== '');
}

/** Contents of the pages of each guest at the end; pages written without contents get ids of their own below 0. */
function memories(from: Trace): Map<number, number>[] {
  const spaces: Map<number, number>[] = [];
  let unique = 0;
  for (const block of from.blocks() as Iterable<EventBlock>) {
    for (let row = 0; row < block.length; row++) {
      const space = block.space[row]! - 1;
      if (block.op[row] === OP.spawn) spaces[space] = new Map();
      if (block.op[row] !== OP.write) continue;
      const fields = block.fields[row]!;
      for (let i = 0; i < block.count[row]!; i++) {
        const content = block.content[row]! + (fields & HAS.contentUp ? i : 0);
        spaces[space]?.set(block.page[row]! + i, fields & HAS.content ? content : --unique);
      }
    }
  }
  return spaces;
}

/** Of all pages that are not zero, the share that ideal merging saves. */
function savedByMerging(spaces: readonly ReadonlyMap<number, number>[]): number {
  const contents = spaces.flatMap((space) => [...space.values()]).filter((content) => content !== 0);
  return 1 - new Set(contents).size / contents.length;
}

describe('guests', () => {
  it('boots guests over time, in runs, and rewrites', async () => {
    const small = await trace({
      guests: 1,
      memory: 40,
      run: 8,
      untouched: 0.5,
      zeroed: 0.1,
      overlap: 0.5,
      steady_s: 1,
    });
    expect(lines(small).filter((line) => !line.endsWith(',1,'))).toMatchInlineSnapshot(`
      [
        "0,spawn,1,,,guest-1",
        "0,map,1,1048576,40,anon",
        "0,madvise,1,1048576,40,MADV_MERGEABLE",
        "0,write,1,1048608,4,=0",
        "666666,write,1,1048592,7,=1+",
        "666666,write,1,1048599,1,=1",
        "1333333,write,1,1048576,7,=9+",
        "1333333,write,1,1048583,1,=9",
        "2000000,mark,,,,all guests have booted",
        "3000000,mark,,,,end",
      ]
    `);
  });

  it('has the same bytes for the same seed, and others for another', async () => {
    expect(lines(await trace())).toEqual(lines(await trace()));
    expect(lines(await trace())).not.toEqual(lines(await trace({}, 2)));
    const source = () => generate(chooseWorkload('guests', {}, 7)).blocks() as Iterable<EventBlock>;
    const other = source()[Symbol.iterator]();
    for (const block of source()) {
      const same = other.next().value as EventBlock;
      expect(Buffer.compare(Buffer.from(block.page.buffer), Buffer.from(same.page.buffer))).toBe(0);
    }
  });

  it('streams blocks of at most 65536 events', () => {
    const source = generate(chooseWorkload('guests', { guests: '4', duplicates: '0.9999', run: '1024' }, 1));
    let events = 0;
    for (const block of source.blocks() as Iterable<EventBlock>) {
      expect(block.length).toBeLessThanOrEqual(65_536);
      events += block.length;
    }
    expect(events).toBeGreaterThan(65_536);
  });

  it('is valid and replays, whatever the image is', async () => {
    for (const image of ['copies', 'file', 'xip', 'xip-struct']) {
      for (const mapping of ['private', 'shared']) {
        const given = {
          image,
          mapping,
          balloon: 0.2,
          late: 0.3,
          image_writes: 0.3,
          skew_s: 1,
          advice: 'prctl',
        };
        const small = await trace(given);
        expect((await validate(small, simulated)).warnings, `${image} ${mapping}`).toEqual([]);
        const { outcome } = await replayTrace(small, { discard: 'dontneed', limit: 800, swap: 'ssd' });
        expect(outcome).toBe('ok');
      }
    }
  });

  it('holds the shares that it is given', async () => {
    const shares = {
      memory: 10_000,
      untouched: 0.4,
      zeroed: 0.1,
      overlap: 0.6,
      duplicates: 0.2,
      rewrites_per_s: 0,
    };
    const spaces = memories(await trace(shares));
    for (const space of spaces) {
      expect(space.size).toBe(6000);
      const contents = [...space.values()];
      expect(contents.filter((content) => content === 0)).toHaveLength(1000);
      // Of 5000 pages with contents 3000 are the image's, of which 2400 differ, and 2000 own, of which 1600 differ.
      expect(contents.filter((content) => content > 0 && content <= 2400)).toHaveLength(3000);
      expect(new Set(contents).size).toBe(1 + 2400 + 1600);
    }
    const { metrics } = await replayTrace(await trace(shares), {});
    expect(metrics.resident_pages_end).toBe(12_000);
    // Closed form: with overlap o and duplicates d, G guests keep (1 - d) (o / G + 1 - o) of their pages.
    expect(savedByMerging(spaces)).toBeCloseTo(1 - 0.8 * (0.6 / 2 + 0.4), 10);
  });

  it('starts guests one after another', async () => {
    const starts = lines(await trace({ guests: 4, skew_s: 3 })).filter((line) => line.includes(',spawn,'));
    expect(starts.map((line) => Number(line.split(',')[0]))).toEqual([0, 3e6, 6e6, 9e6]);
  });

  it('lets late pages become equal after all have booted', async () => {
    const given = {
      late: 1,
      late_s: 30,
      overlap: 1,
      duplicates: 0,
      rewrites_per_s: 0,
      volatile: 0,
      memory: 100,
    };
    const small = await trace({ ...given, skew_s: 10 });
    const late = 10e6 + 2e6 + 30e6;
    const withContents = lines(small).filter((line) => line.includes(',write,') && line.includes('='));
    expect(new Set(withContents.map((line) => Number(line.split(',')[0])))).toEqual(new Set([late]));
    expect(savedByMerging(memories(small))).toBe(0.5);
  });

  it('gives the balloon back right after boot: own pages first, never those that are rewritten', async () => {
    const given = { untouched: 0, zeroed: 0, overlap: 0.5, duplicates: 0, volatile: 0.1, guests: 1 };
    const small = await trace({ ...given, balloon: 0.6, image_writes: 0 });
    const discards = lines(small).filter((line) => line.includes(',discard,'));
    expect(discards.every((line) => line.startsWith('2000000,'))).toBe(true);
    expect(discards.reduce((sum, line) => sum + Number(line.split(',')[4]), 0)).toBe(600);
    const { metrics } = await replayTrace(small, { discard: 'dontneed' });
    expect(metrics).toMatchObject({ resident_pages_end: 400, discard_pages: 600 });
  });

  it('reads the image on the host, if told: once from disk, and it stays in the page cache', async () => {
    const given = {
      memory: 100,
      untouched: 0,
      zeroed: 0,
      overlap: 1,
      duplicates: 0,
      volatile: 0,
      rewrites_per_s: 0,
    };
    const small = await trace({ ...given, disk_reads: 1, late: 0.5 });
    const reads = lines(small).filter((line) => line.includes(',pread,'));
    expect(reads.reduce((sum, line) => sum + Number(line.split(',')[4]), 0)).toBe(200);
    const { metrics } = await replayTrace(small, {});
    expect(metrics).toMatchObject({ resident_pages_end: 300, pgpgin: 400 });
  });

  it('asks for merging as told', async () => {
    const asked = async (advice: string) =>
      lines(await trace({ advice, guests: 1 })).filter((line) => /prctl|madvise/.test(line));
    expect(await asked('madvise')).toEqual(['0,madvise,1,1048576,1000,MADV_MERGEABLE']);
    expect(await asked('prctl')).toEqual(['0,prctl,1,,,merge=1']);
    expect(await asked('none')).toEqual([]);
  });
});

describe('the defaults of guests', () => {
  it('are the shares of the recorded guests', async () => {
    const spaces = memories(await loadTrace('guests-debian'));
    const all = spaces.flatMap((space) => [...space.values()]);
    const filled = spaces.map((space) => [...space.values()].filter((content) => content !== 0));
    const count = filled.reduce((sum, contents) => sum + contents.length, 0);
    const sets = filled.map((contents) => new Set(contents));
    const everywhere = new Set(filled.flat().filter((content) => sets.every((set) => set.has(content))));
    const overlapping = filled.flat().filter((content) => everywhere.has(content)).length;
    const repeated = filled.reduce((sum, contents) => sum + contents.length - new Set(contents).size, 0);
    const total = 3 * 65_536;
    const shares = {
      untouched: (total - all.length) / total,
      zeroed: (all.length - count) / total,
      overlap: overlapping / count,
      duplicates: repeated / count,
    };
    expect([total - all.length, all.length - count, overlapping, repeated, count]).toEqual([
      112_544, 302, 27_618, 5766, 83_762,
    ]);
    for (const [name, recorded] of Object.entries(shares)) {
      const { default: value } = GUESTS_PARAMETERS[name] as { default: number };
      expect(Math.abs(value - recorded) / recorded, name).toBeLessThan(0.03);
    }
  });

  it('give guests of which merging saves what it saves of the recorded ones: 27 %', async () => {
    const spaces = memories(await trace({ guests: 3, memory: 65_536, rewrites_per_s: 0 }));
    expect(savedByMerging(spaces)).toBeCloseTo(0.272, 2);
  });
});

describe('an image with struct pages (64 bytes for each page of 4 KiB, in each guest that maps it)', () => {
  const PAGES = 64;
  const image = {
    memory: PAGES,
    untouched: 0,
    zeroed: 0,
    overlap: 1,
    duplicates: 0,
    volatile: 0,
    rewrites_per_s: 0,
  };
  const structBytes = async (guests: number, bytes: number) => {
    const of = await trace({ ...image, guests, image: 'xip-struct', struct_page_bytes: bytes });
    return (await replayTrace(of, {})).metrics.struct_page_bytes as number;
  };

  for (const [bytes, breakEven] of [
    [64, 64],
    [32, 128],
  ] as const) {
    it(`costs as much as the image itself from ${breakEven} guests on, where one has ${bytes} bytes`, async () => {
      expect(await structBytes(breakEven - 1, bytes)).toBeLessThan(PAGES * 4096);
      expect(await structBytes(breakEven, bytes)).toBe(PAGES * 4096);
      expect(await structBytes(breakEven + 1, bytes)).toBeGreaterThan(PAGES * 4096);
    });
  }

  it('costs 1.5625 images with the 100 guests of the claim, and less than one with 32 bytes', async () => {
    expect((await structBytes(100, 64)) / (PAGES * 4096)).toBe(1.5625);
    expect((await structBytes(100, 32)) / (PAGES * 4096)).toBe(0.78125);
  });

  it('costs one copy in the page cache, one a guest as copies, and nothing without struct pages', async () => {
    const cost = async (kind: string) => {
      const { metrics } = await replayTrace(await trace({ ...image, guests: 5, image: kind }), {});
      return [metrics.resident_pages_end, metrics.struct_page_bytes];
    };
    expect(await cost('file')).toEqual([PAGES, 0]);
    expect(await cost('copies')).toEqual([5 * PAGES, 0]);
    expect(await cost('xip')).toEqual([0, 0]);
    expect(await cost('xip-struct')).toEqual([0, 5 * PAGES * 64]);
  });
});
