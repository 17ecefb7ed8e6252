import { describe, expect, it } from 'vitest';
import { resolveTrace } from '../../harness/experiment/traces.js';
import { chooseWorkload, generate } from '../../harness/experiment/workload.js';
import { replayTrace } from '../../harness/index.js';
import { simulated } from '../../harness/machine/target.js';
import { validate } from '../../harness/replay/validate.js';
import { randomStream } from '../../harness/stats/random.js';
import { eventLines } from '../../harness/testing/traces.js';
import { BLOCK_EVENTS, type EventBlock } from '../../harness/trace/block.js';
import { POOL_BASE } from '../../harness/trace/buffer-pool/database.js';
import { openTrace, type Trace } from '../../harness/trace/trace.js';
import { nuRand } from './tpcc.js';

/** A small pool and a short time, in which clients come and go. */
const SMALL = { pool: 400, duration_s: 0.5, session_s: 0.1, away_s: 0.05, section: 64, sorts: 0.2 };
const EVENTFUL = { ...SMALL, resize_every_s: 0.06, scan_every_s: 0.1 };
type Given = Readonly<Record<string, string | number>>;

const texts = (given: Given) =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));

function lines(given: Given, seed = 1): Promise<string[]> {
  return eventLines(generate(chooseWorkload('bufferpool', texts(given), seed)));
}

async function trace(given: Given): Promise<Trace> {
  return openTrace(
    await resolveTrace({ workload: 'bufferpool', params: texts(given), seed: 1 }, '').compile(),
  );
}

/** The fields of events of an op: time, op, space, page, count, argument. */
const of = (events: readonly string[], op: string) =>
  events.map((event) => event.split(',')).filter((fields) => fields[1] === op);

describe('bufferpool', () => {
  it('makes the same events for the same seed, and others for another', async () => {
    const short = { ...EVENTFUL, duration_s: 0.15 };
    expect(await lines(short)).toEqual(await lines(short));
    expect(await lines(short)).not.toEqual(await lines(short, 2));
  });

  it('begins with the pool and the files of its database, 126 MiB', async () => {
    const events = await lines(SMALL);
    expect(events.slice(0, 3)).toEqual([
      '0,object,,,784,shmem:pool',
      '0,spawn,1,,,postmaster',
      '0,map,1,1048576,784,shared:pool@0',
    ]);
    const files = of(events, 'object').slice(1);
    expect(files.map((fields) => fields[5])).toContain('file:stock.index');
    const pages = files.reduce((sum, fields) => sum + Number(fields[4]), 0);
    expect(Math.round(pages / 256)).toBe(126);
    expect(events.at(-1)).toBe('500000,mark,,,,end');
  });

  it('connects clients and drops the section of one that leaves, just before it is gone', async () => {
    const events = await lines({ ...SMALL, resize: 'none', scan_every_s: 0 });
    const drops = of(events, 'discard');
    expect(drops.length).toBeGreaterThan(5);
    const firstSection = POOL_BASE + 400;
    for (const [time, , space, page, count] of drops) {
      expect((Number(page) - firstSection) % 64).toBe(0);
      expect(Number(page) - firstSection).toBeLessThan(6 * 64);
      expect(count).toBe('64');
      expect(events).toContain(`${time},exit,${space},,,`);
    }
    const spawns = of(events, 'spawn').map((fields) => fields[2]);
    expect(new Set(spawns).size).toBe(spawns.length);
    expect(spawns.length).toBeGreaterThanOrEqual(drops.length);
  });

  it('shrinks the pool as MariaDB did: from buffer 66, 100 and 50 of 200 on, by the postmaster', async () => {
    const events = await lines({ ...EVENTFUL, sorts: 0 });
    expect(of(events, 'discard').map(([time, , space, page, count]) => [time, space, page, count])).toEqual([
      ['60000', '1', String(POOL_BASE + 2 * 66), '268'],
      ['180000', '1', String(POOL_BASE + 2 * 100), '200'],
      ['300000', '1', String(POOL_BASE + 2 * 50), '300'],
      // 2/3 and the whole; then it begins again.
      ['480000', '1', String(POOL_BASE + 2 * 66), '268'],
    ]);
  });

  it('touches no buffer beyond the size that the pool has', async () => {
    let end = POOL_BASE + 400;
    const beyond: string[] = [];
    for (const event of await lines({ ...EVENTFUL, sorts: 0, duration_s: 0.3 })) {
      const [, op, , page, , arg] = event.split(',');
      const size = /^pool of (\d+) buffers$/.exec(arg ?? '');
      // Dropped buffers are written back at the moment of the mark, before the discard.
      if (size && POOL_BASE + 2 * Number(size[1]) > end) end = POOL_BASE + 2 * Number(size[1]);
      if (op === 'discard') end = Number(page);
      if ((op === 'read' || op === 'write') && Number(page) >= end) beyond.push(event);
    }
    expect(beyond).toEqual([]);
  });

  it('keeps popular blocks through a report that goes round in a ring, and loses them without', async () => {
    const misses = async (ring: number) => {
      const given = { ...SMALL, scan_every_s: 0.001, sorts: 0, resize: 'none', pool: 4000, ring };
      return of(await lines(given), 'pread').filter(([, , space]) => space !== '2').length;
    };
    expect(await misses(32)).toBeLessThan(await misses(0));
  });

  it('streams: blocks of at most 65536 events, and no more than it has time for', () => {
    const long = { ...EVENTFUL, duration_s: 1e6 };
    let blocks = 0;
    const source = generate(chooseWorkload('bufferpool', texts(long), 1));
    for (const block of source.blocks() as Iterable<EventBlock>) {
      expect(block.length).toBeLessThanOrEqual(BLOCK_EVENTS);
      expect(block.length).toBeGreaterThan(BLOCK_EVENTS - 10);
      if (++blocks === 5) break;
    }
    // Names that come again and again are texts of the table once.
    expect(source.strings.length).toBeLessThan(60);
  });

  it('is valid, replays, and needs less memory where it drops', async () => {
    const small = await trace({ ...EVENTFUL, resize_every_s: 0.02, duration_s: 0.15 });
    expect((await validate(small, simulated)).warnings).toEqual([]);
    const needs = async (discard: string) => {
      const { outcome, metrics } = await replayTrace(small, { discard, limit: 700, swap: 'ssd' });
      expect([outcome, metrics.discard_errors]).toEqual(['ok', 0]);
      return metrics.footprint_pages_mean as number;
    };
    const keep = await needs('keep');
    expect(await needs('remove')).toBeLessThan(keep);
    expect(await needs('punch')).toBe(await needs('remove'));
  });

  it('has a buffer for each process, however small the pool is said to be', async () => {
    const events = await lines({ ...SMALL, pool: 2, clients: 3, duration_s: 0.05 });
    expect(events[0]).toBe(`0,object,,,${2 * 5 + 3 * 64},shmem:pool`);
  });
});

describe('NURand', () => {
  it('draws numbers below n, some of them much more often than others', () => {
    const random = randomStream(1, 'nurand');
    const n = 3000;
    const draws = new Array<number>(n).fill(0);
    for (let i = 0; i < 300_000; i++) {
      const value = nuRand(1023, n, random);
      draws[value] = draws[value]! + 1;
    }
    const sorted = [...draws].sort((a, b) => b - a);
    const hottest = sorted.slice(0, n / 5).reduce((sum, count) => sum + count, 0) / 300_000;
    // Leutenegger and Dias 1993: a fifth of the customers take most of the accesses; evenly it would be 0.2.
    expect(hottest).toBeGreaterThan(0.5);
  });
});
