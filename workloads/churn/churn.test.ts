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

const texts = (given: Given) =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));

async function trace(given: Given = {}): Promise<Trace> {
  return openTrace(await resolveTrace({ workload: 'churn', params: texts(given), seed: 1 }, '').compile());
}

function lines(given: Given, seed = 1): string[] {
  const source = generate(chooseWorkload('churn', texts(given), seed));
  const formatter = new TextFormatter(source.strings);
  return [...(source.blocks() as Iterable<EventBlock>)].flatMap((block) =>
    Buffer.from(formatter.block(block)).toString().trimEnd().split('\n'),
  );
}

describe('churn', () => {
  it('copies a source into a chunk and frees it, each thread in places of its own', () => {
    expect(lines({ threads: 2, rounds: 2, chunk_pages: 4, chunks: 2, sources: 3 })).toMatchInlineSnapshot(`
      [
        "0,spawn,1,,,churn-1",
        "0,map,1,1048576,16,anon",
        "0,map,1,4294967296,12,anon",
        "0,write,1,4294967296,12,",
        "78,read,1:2,4294967296,4,",
        "78,write,1:2,1048588,4,",
        "465,read,1:1,4294967304,4,",
        "465,write,1:1,1048580,4,",
        "1078,discard,1:2,1048588,4,",
        "1465,discard,1:1,1048580,4,",
        "2078,read,1:2,4294967296,4,",
        "2078,write,1:2,1048588,4,",
        "2465,read,1:1,4294967296,4,",
        "2465,write,1:1,1048580,4,",
        "3078,discard,1:2,1048588,4,",
        "3465,discard,1:1,1048580,4,",
        "6000,mark,,,,end",
      ]
    `);
  });

  it('makes the same events for the same seed, and others for another', () => {
    expect(lines({})).toEqual(lines({}));
    expect(lines({})).not.toEqual(lines({}, 2));
  });

  it('streams blocks of at most 65536 events', () => {
    let events = 0;
    const many = texts({ rounds: 4000, chunk_pages: 1 });
    for (const block of generate(chooseWorkload('churn', many, 1)).blocks() as Iterable<EventBlock>) {
      expect(block.length).toBeLessThanOrEqual(65_536);
      events += block.length;
    }
    // 3 events a round; a process, its two mappings and sources, the end.
    expect(events).toBe(8 * 4000 * 3 + 5);
  });

  it('is valid, as threads and as processes, also in the largest memory', async () => {
    for (const as of ['threads', 'processes'])
      expect(
        (await validate(await trace({ as, rounds: 5, bystander_pages: 64 }), simulated)).warnings,
      ).toEqual([]);
    const largest = { threads: 256, chunks: 64, chunk_pages: 65_536, sources: 1024, rounds: 1 };
    expect(lines(largest).filter((line) => line.includes(',map,'))).toEqual([
      '0,map,1,1048576,1073741824,anon',
      '0,map,1,4294967296,67108864,anon',
    ]);
  });

  it('hands out any of the places of a thread', () => {
    const pages = lines({ threads: 1, rounds: 400, chunks: 4, chunk_pages: 1 })
      .filter((line) => line.includes(',discard,'))
      .map((line) => Number(line.split(',')[3]) - 2 ** 20);
    const counts = [0, 1, 2, 3].map((place) => pages.filter((page) => page === place).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(400);
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
  });

  it('has a bystander that has its memory for half of the time', async () => {
    const events = lines({ bystander_pages: 8, bystander_us: 100_000 }).filter((line) =>
      line.includes(',9,'),
    );
    expect(events).toEqual([
      '0,spawn,9,,,bystander',
      '100000,map,9,1048576,8,anon',
      '100000,write,9,1048576,8,',
      '200000,unmap,9,1048576,8,',
      '300000,map,9,1048576,8,anon',
      '300000,write,9,1048576,8,',
      '400000,unmap,9,1048576,8,',
    ]);
  });
});

/** The benchmark of the volatile ranges patches of 2012 and 2014, a tenth of its rounds and pages. */
describe('the benchmark of volatile ranges, scaled', () => {
  const RFC = { as: 'processes', chunk_pages: 2048, rounds: 10, chunks: 1, sources: 0 };
  for (const threads of [8, 12]) {
    it(`${threads} threads: a fault for each page of each round with dontneed, and one a page with free`, async () => {
      const of = await trace({ ...RFC, threads });
      const faults = async (discard: string) => (await replayTrace(of, { discard })).metrics.pgfault;
      expect(await faults('dontneed')).toBe(threads * 10 * 2048);
      expect(await faults('free')).toBe(threads * 2048);
      expect(await faults('keep')).toBe(threads * 2048);
    });
  }
});

describe('memory that is freed lazily', () => {
  it('stays, saves faults, and is what reclaim takes in place of pages that are needed again', async () => {
    const of = await trace({ bystander_pages: 4096 });
    const run = async (discard: string, limit: number | 'none', swap: 'none' | 'ssd' = 'none') =>
      await replayTrace(of, { discard, limit, swap });
    const atOnce = (await run('dontneed', 'none')).metrics;
    const lazily = (await run('free', 'none')).metrics;
    expect(lazily.resident_pages_mean).toBeGreaterThan(1.5 * (atOnce.resident_pages_mean as number));
    expect(lazily.pgfault).toBeLessThan(0.2 * (atOnce.pgfault as number));
    expect(lazily.stall_ns).toBeLessThan(0.2 * (atOnce.stall_ns as number));
    // 28 MiB hold what is in use, and not what was freed as well.
    expect((await run('keep', 7168)).outcome).toBe('oom');
    const short = await run('free', 7168);
    expect(short.outcome).toBe('ok');
    expect(short.metrics.pglazyfreed).toBeGreaterThan(1000);
    // Reclaim looks at both kinds of pages, so that idle ones of others are written; none of them is needed again.
    const [swapping, swappingAll] = [await run('free', 7168, 'ssd'), await run('keep', 7168, 'ssd')];
    expect(swapping.metrics.pswpin).toBe(0);
    expect(swapping.metrics.pswpout).toBeLessThan(0.5 * swappingAll.metrics.pswpout);
    expect(swappingAll.metrics.pswpin).toBeGreaterThan(1000);
  });

  it('is refused on private memory to the calls for shared memory', async () => {
    const of = await trace({ rounds: 3 });
    for (const discard of ['remove', 'punch'])
      expect((await replayTrace(of, { discard })).metrics).toMatchObject({
        discard_calls: 24,
        discard_errors: 24,
      });
  });
});
