import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { simulate } from './simulate.js';
import { Simulation } from './simulation.js';
import { WasmSimulation } from './wasm-simulation.js';

const ORACLES = join(dirname(fileURLToPath(import.meta.url)), 'oracles');
const RECORD = 24;
const ID = 4;

/** Policies whose counts must be equal, and how libCacheSim's settings are called here. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fifo: {},
  lru: {},
  clock: { 'n-bit-counter=2': 'bits=2' },
  slru: { 'n-seg=2': 'segments=2' },
  twoq: {},
  arc: {},
  lirs: {},
  lfu: {},
  s3fifo: { 'move-to-main-threshold=1': 'threshold=1' },
  sieve: {},
};

/** The trace's requests, ids in order of first appearance. */
function requests(): { ids: Int32Array; distinct: number } {
  const bytes = brotliDecompressSync(readFileSync(join(ORACLES, 'cloudPhysicsIO.oracleGeneral.bin.br')));
  const dense = new Map<bigint, number>();
  const ids = Int32Array.from({ length: bytes.length / RECORD }, (_, i) => {
    const object = bytes.readBigUInt64LE(i * RECORD + ID);
    const known = dense.get(object);
    if (known !== undefined) return known;
    dense.set(object, dense.size);
    return dense.size - 1;
  });
  return { ids, distinct: dense.size };
}

describe("libCacheSim's misses on a block trace", () => {
  const { ids, distinct } = requests();
  const rows = readFileSync(join(ORACLES, 'oracle_cloudphysics.csv'), 'utf8').trim().split('\n').slice(1);

  for (const [name, settings] of Object.entries(SETTINGS)) {
    it(`${name}: equal at every size`, () => {
      const compared = rows.map((row) => row.split(',')).filter((fields) => fields[1] === name);
      expect(compared.length % 5).toBe(0);
      expect(compared.length).toBeGreaterThan(0);
      for (const [, , setting, capacity, , misses] of compared) {
        const given = settings[setting!];
        const spec = given === undefined ? name : `${name}:${given}`;
        const chosen = reclaimPolicies.choose(spec);
        const sim = new Simulation(chosen, Number(capacity), 1);
        sim.grow(distinct);
        simulate(sim, ids, ids.length);
        const wasm = new WasmSimulation(chosen, Number(capacity));
        wasm.grow(distinct);
        wasm.run(ids, ids.length);
        expect([sim.misses, wasm.misses], `${spec} at ${capacity}`).toEqual([Number(misses), Number(misses)]);
      }
    });
  }
});
