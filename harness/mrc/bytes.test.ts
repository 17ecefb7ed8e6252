import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { temporaryFolder } from '../testing/folder.js';
import { naiveSized } from '../testing/naive-bytes.js';
import { propertyRuns } from '../testing/property-runs.js';
import { openReference } from './requests.js';
import { simulate } from './simulate.js';
import { simulateBytes } from './simulate-bytes.js';
import { Simulation } from './simulation.js';
import { sweepBytes } from './sweep-bytes.js';

const ORACLES = packageFile('harness', 'mrc', 'oracles');
const TRACE = join(ORACLES, 'cloudPhysicsIO.oracleGeneral.bin.br');
const folder = temporaryFolder('reclaim-bytes-');
const choose = (policies: readonly string[]) => policies.map((name) => reclaimPolicies.choose(name));
const SIZED = reclaimPolicies
  .all()
  .filter(({ sized }) => sized)
  .map(({ name }) => name);

function file(name: string, text: string): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

async function misses(path: string, policies: readonly string[], sizes: readonly number[]) {
  const reference = await openReference(path, { bytes: true });
  const options = { policies: choose(policies), sizes: () => sizes, relative: false, seed: 1 };
  return sweepBytes(reference, options);
}

describe('caches in bytes', () => {
  it("equal libCacheSim's own expectations, in objects and in bytes", async () => {
    const rows = readFileSync(join(ORACLES, 'expected_bytes_cloudphysics.csv'), 'utf8').trim().split('\n');
    const expected = rows.slice(1).map((row) => row.split(','));
    const policies = [...new Set(expected.map(([policy]) => policy!))];
    const sizes = [...new Set(expected.map(([, size]) => Number(size)))];
    const found = await misses(TRACE, policies, sizes);
    const lines = found.map(({ policy, size, ...counts }) =>
      [policy.text, size, counts.requests, counts.misses, counts.requestBytes, counts.missBytes].join(','),
    );
    expect(lines.toSorted()).toEqual(rows.slice(1).toSorted());
    expect(lines).toHaveLength(40);
  });

  it('have a plain form of every policy that knows sizes', () => {
    expect(SIZED.toSorted()).toEqual(Object.keys(naiveSized).toSorted());
  });

  const requests = fc.array(fc.tuple(fc.nat(25), fc.integer({ min: 1, max: 40 })), {
    minLength: 1,
    maxLength: 300,
    size: 'max',
  });
  it.each(SIZED)('%s agrees with its plainest form, request by request', (name) => {
    const anyCapacity = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 100, max: 600 }));
    const agrees = (all: readonly (readonly [number, number])[], capacity: number) => {
      const sim = new Simulation(reclaimPolicies.choose(name), capacity, 1, true);
      sim.grow(26);
      const naive = naiveSized[name]!(capacity);
      const counts = { requestBytes: 0, missBytes: 0 };
      all.forEach(([id, size], i) => {
        const before = sim.misses;
        simulateBytes(sim, Int32Array.of(id), 1, Float64Array.of(size), counts);
        const hit = sim.misses === before;
        if (hit !== naive(id, size)) expect.fail(`request ${i} of object ${id}, ${size} bytes, hit: ${hit}`);
        if (sim.cached > capacity) expect.fail(`${sim.cached} bytes in a cache of ${capacity}`);
      });
    };
    fc.assert(fc.property(requests, anyCapacity, agrees), { numRuns: propertyRuns(300) });
  });

  it.each(SIZED)('%s with objects of one byte is as with pages', (name) => {
    const agrees = (ids: readonly number[], capacity: number) => {
      const pages = new Simulation(reclaimPolicies.choose(name), capacity, 1);
      const bytes = new Simulation(reclaimPolicies.choose(name), capacity, 1, true);
      for (const sim of [pages, bytes]) sim.grow(61);
      const all = Int32Array.from(ids);
      simulate(pages, all, all.length);
      simulateBytes(bytes, all, all.length, new Float64Array(all.length).fill(1), {
        requestBytes: 0,
        missBytes: 0,
      });
      expect(bytes.misses).toBe(pages.misses);
    };
    const ids = fc.array(fc.nat(60), { maxLength: 400, size: 'max' });
    fc.assert(fc.property(ids, fc.integer({ min: 1, max: 50 }), agrees), { numRuns: propertyRuns(200) });
  });

  it('takes sizes in % of the bytes of distinct objects', async () => {
    const path = file('a.csv', 'time,id,size\n0,1,100\n1,2,300\n2,1,900\n');
    const reference = await openReference(path, { bytes: true });
    const sizes = (whole: number) => [whole];
    const [all] = await sweepBytes(reference, { policies: choose(['lru']), sizes, relative: true, seed: 1 });
    expect(all).toMatchObject({ size: 400, requests: 3, misses: 2, requestBytes: 1300, missBytes: 400 });
  });

  it('says what has no sizes', async () => {
    const sizeless = file('b.txt', '1\n2\n');
    await expect(misses(sizeless, ['lru'], [10])).rejects.toThrow(/b\.txt: no request has a size/);
    await expect(misses(file('c.csv', 'time,id,size\n0,1,1\n'), ['lirs'], [10])).rejects.toThrow(
      /^reclaim policy lirs counts pages, and --bytes needs one that knows sizes: /,
    );
    const pages = file('d.lackey', ' L 1000,4\n S 2000,4\n');
    await expect(openReference(pages, { bytes: true })).rejects.toThrow(/expected objects for --bytes$/);
    const path = file('e.csv', 'time,id,size\n0,1,1\n');
    await expect(openReference(path, { bytes: true, split: true })).rejects.toThrow(/--split cuts them/);
  });
});
