import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { nextUses } from '../testing/reference.js';
import { simulate } from './simulate.js';
import { Simulation } from './simulation.js';

/** Bytes of a record of libCacheSim's oracleGeneral format, and where in it the id is. */
const RECORD_BYTES = 24;
const ID_AT = 4;

/** Share by which policies with other draws, or known differences, may miss more or less often. */
const TOLERANCE = 0.02;

const oracle = (name: string) => readFileSync(packageFile('harness', 'mrc', 'oracles', name));

interface OracleRow {
  readonly policy: string;
  readonly from: 'libCacheSim' | 'the authors';
  readonly size: number;
  readonly misses: number;
}

/** Misses that others measured: libCacheSim, and the authors' code of CACHEUS given the draws of seed 1. */
const rows: OracleRow[] = oracle('tolerance_cloudphysics.csv')
  .toString()
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [, policy, parameters, size, , misses] = line.split(',') as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const from = parameters === "authors' code" ? 'the authors' : 'libCacheSim';
    return { policy, from, size: Number(size), misses: Number(misses) };
  });

const of = (policy: string, from: OracleRow['from'] = 'libCacheSim') =>
  rows.filter((row) => row.policy === policy && row.from === from);

describe('misses on 113,872 requests of a block trace (CloudPhysics)', () => {
  let ids: Int32Array;
  let distinct = 0;
  let next: Float64Array;

  beforeAll(() => {
    const bytes = brotliDecompressSync(oracle('cloudPhysicsIO.oracleGeneral.bin.br'));
    const known = new Map<bigint, number>();
    ids = new Int32Array(bytes.length / RECORD_BYTES);
    for (let i = 0; i < ids.length; i++) {
      const id = bytes.readBigUInt64LE(i * RECORD_BYTES + ID_AT);
      if (!known.has(id)) known.set(id, known.size);
      ids[i] = known.get(id)!;
    }
    distinct = known.size;
    next = nextUses(ids);
  });

  const misses = (policy: string, size: number, seed = 1) => {
    const chosen = reclaimPolicies.choose(policy);
    const sim = new Simulation(chosen, size, seed);
    sim.grow(distinct);
    simulate(sim, ids, ids.length, chosen.info.needsFuture ? next : undefined);
    return sim.misses;
  };

  const difference = ({ misses: expected }: OracleRow, found: number) => found / expected - 1;

  it.each(of('belady'))('opt equals belady at $size pages', ({ size, misses: expected }) => {
    expect(misses('opt', size)).toBe(expected);
  });

  it.each(of('wtinylfu'))('wtinylfu at $size pages', (row) => {
    expect(Math.abs(difference(row, misses('wtinylfu', row.size)))).toBeLessThan(TOLERANCE);
  });

  it.each(of('lecar'))('lecar at $size pages', (row) => {
    expect(Math.abs(difference(row, misses('lecar', row.size)))).toBeLessThan(TOLERANCE);
  });

  it.each(of('random'))('random at $size pages, mean of five seeds', (row) => {
    const all = [1, 2, 3, 4, 5].map((seed) => misses('random', row.size, seed));
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
    expect(Math.abs(difference(row, mean))).toBeLessThan(TOLERANCE);
  });

  it.each(of('cacheus', 'the authors'))('cacheus equals its authors\u2019 code at $size pages', (row) => {
    expect(misses('cacheus', row.size)).toBe(row.misses);
  });

  it.each(of('cacheus'))(
    'cacheus against libCacheSim, which does not fill large caches, at $size pages',
    (row) => {
      const found = difference(row, misses('cacheus', row.size));
      expect(found).toBeLessThan(TOLERANCE);
      if (row.size < 5000) expect(found).toBeGreaterThan(-TOLERANCE);
    },
  );

  it('unbounded misses each page once, at any size', () => {
    expect([1, 489].map((size) => misses('unbounded', size))).toEqual([distinct, distinct]);
  });

  const own = ['opt', 'random', 'clock-pro', 'wtinylfu', 'lecar', 'cacheus'];
  it.each(own)('%s: small caches have no cliff', (policy) => {
    const all = [1, 2, 3, 4, 7, 12, 20, 40].map((size) => misses(policy, size));
    // More pages never cost more than half a percent of the misses, and 40 pages save a twentieth of those of one.
    all.slice(1).forEach((one, i) => {
      expect(one).toBeLessThan(all[i]! * 1.005);
    });
    expect(all.at(-1)).toBeLessThan(0.95 * all[0]!);
  });
});
