import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REQUEST_READERS, requestReader } from '../../testing/readers.js';
import { RequestBatch } from './batch.js';
import { DenseIds } from './dense-ids.js';
import { type Reference, ReferenceMapper, referenceOf } from './references.js';
import { touchedRegions } from './regions.js';
import { WasmIds } from './wasm-ids.js';

const MAX = 2n ** 64n - 1n;
const anyId = fc.oneof(
  fc.bigInt(0n, 9n),
  fc.bigInt(0n, 9n).map((n) => MAX - n),
  fc.bigInt(0n, 9n).map((n) => n << 32n),
  fc.bigInt(0n, 9n).map((n) => n * 4096n),
  fc.bigInt(0n, MAX),
);
const anyKey = fc.tuple(anyId, fc.constantFrom(0, 0, 1, -1, 2 ** 31 - 1, -(2 ** 31)));

const low = (id: bigint) => Number(id & 0xffff_ffffn);
const high = (id: bigint) => Number(id >> 32n);

function batchOf(requests: readonly { id: bigint; size?: number; volume?: number }[]): RequestBatch {
  const batch = new RequestBatch();
  for (const { id, size = 0, volume = 0 } of requests) {
    batch.volume[batch.length] = volume;
    batch.add(low(id), high(id), size, 0, 0);
  }
  return batch;
}

describe.each([
  ['JavaScript', DenseIds],
  ['WebAssembly', WasmIds],
])('dense ids in %s', (_, Ids) => {
  it('number keys in order of first appearance, as a Map does', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 200 }), fc.boolean(), (keys, batched) => {
        const table = new Ids();
        const dense = new Int32Array(keys.length);
        if (batched) table.mapBatch(batchOf(keys.map(([id, volume]) => ({ id, volume }))), dense);
        else dense.set(keys.map(([id, volume]) => table.id(low(id), high(id), volume)));
        const known = new Map<string, number>();
        const expected = keys.map((key) => {
          if (!known.has(key.join())) known.set(key.join(), known.size);
          return known.get(key.join());
        });
        expect([...dense]).toEqual(expected);
        expect(table.size).toBe(known.size);
        const back = table.keys();
        const found = Array.from(back.low, (word, i) => [
          (BigInt(back.high[i]!) << 32n) | BigInt(word),
          back.volume[i],
        ]);
        expect(found.map((key) => key.join())).toEqual([...known.keys()]);
      }),
    );
  });

  it('keep all keys when the table grows', () => {
    const table = new Ids();
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < 50_000; i++) {
        const dense = table.id(i * 4096, i >>> 20, 0);
        if (dense !== i) expect(dense).toBe(i);
      }
    }
    expect(table.size).toBe(50_000);
  });
});

describe('dense ids in WebAssembly', () => {
  /** Scattered ids, of which most come again, in batches of many sizes. */
  function batches(): RequestBatch[] {
    let state = 1;
    return [1, 20_000, 40_000, 127, 16_384].map((length) => {
      const batch = new RequestBatch();
      for (; batch.length < length; ) {
        state = (state * 48_271) % 2_147_483_647;
        const rank = Math.floor(30_000 * (state / 2_147_483_647) ** 2);
        batch.add(Math.imul(rank, 0x9e3779b1) >>> 0, rank & 3, 0, 0, 0);
      }
      return batch;
    });
  }

  function compare(act: (wasm: WasmIds, at: number) => void): void {
    const js = new DenseIds();
    const wasm = new WasmIds();
    const [expected, found] = [new Int32Array(65_536), new Int32Array(65_536)];
    batches().forEach((batch, at) => {
      act(wasm, at);
      js.mapBatch(batch, expected);
      wasm.mapBatch(batch, found);
      expect(Buffer.from(found.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
      // One by one, in the same table.
      expect(wasm.id(at, 77, 5)).toBe(js.id(at, 77, 5));
    });
    expect(wasm.keys()).toEqual(js.keys());
  }

  it('are those of JavaScript, whatever the batches', () => compare(() => undefined));

  it('go on in JavaScript where the memory cannot grow any more', () => {
    compare((wasm, at) => {
      if (at !== 2) return;
      const { memory } = Reflect.get(wasm, 'wasm') as { memory: object };
      Object.defineProperty(memory, 'grow', {
        value: () => {
          throw new RangeError('no more');
        },
      });
    });
  });
});

describe('references', () => {
  /** The pages of requests by arithmetic on whole numbers of any size. */
  function naive(
    reference: Reference,
    idBytes: number,
    requests: readonly { id: bigint; size: number }[],
  ): bigint[] {
    if (reference === 'objects') return requests.map(({ id }) => id);
    const pageBytes = BigInt(reference.pageBytes);
    return requests.flatMap(({ id, size }) => {
      const start = id * BigInt(idBytes);
      const first = start / pageBytes;
      const last = (start + BigInt(Math.max(size, 1)) - 1n) / pageBytes;
      return Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i));
    });
  }

  it('are the pages that the bytes of requests lie on, for every unit of ids', () => {
    const request = fc.record({
      id: anyId.filter((id) => id < MAX - 1000n),
      size: fc.oneof(fc.nat(10_000), fc.nat(100_000)),
    });
    const reference = fc.constantFrom<Reference>('objects', { pageBytes: 4096 });
    fc.assert(
      fc.property(fc.array(request), reference, fc.constantFrom(1, 512, 4096), (requests, what, idBytes) => {
        const mapper = new ReferenceMapper(what, idBytes);
        const pages = naive(what, idBytes, requests);
        const order = [...new Set(pages)];
        const got: number[] = [];
        for (const { ids, length } of mapper.map(batchOf(requests))) got.push(...ids.subarray(0, length));
        expect(got).toEqual(pages.map((page) => order.indexOf(page)));
      }),
    );
  });

  it('of one large request come in several batches, with the row of their request', () => {
    const mapper = new ReferenceMapper({ pageBytes: 4096 }, 512);
    const batches = [...mapper.map(batchOf([{ id: 7n }, { id: 8n, size: 4096 * 65_536 }]))].map(
      ({ length, rows, distinct }) => ({ length, row: rows[length - 1], distinct }),
    );
    expect(batches).toEqual([
      { length: 65_536, row: 1, distinct: 65_536 },
      { length: 1, row: 1, distinct: 65_537 },
    ]);
  });

  it('are objects but for memory and blocks that count one by one', () => {
    const of = (name: string, split: boolean) => referenceOf(requestReader(name), split);
    expect(of('oracleGeneral', false)).toBe('objects');
    expect(of('oracleGeneral', true)).toEqual({ pageBytes: 4096 });
    expect(of('arc', false)).toEqual({ pageBytes: 512 });
    for (const reader of REQUEST_READERS.filter(({ kind }) => kind === 'memory'))
      expect(referenceOf(reader, false)).toEqual({ pageBytes: 4096 });
  });
});

describe('touched regions', () => {
  it('cover the touched pages, and gaps of up to 16 pages', () => {
    expect(touchedRegions(Float64Array.of(50, 1, 2, 18, 50))).toEqual([
      { start: 1, end: 19 },
      { start: 50, end: 51 },
    ]);
    expect(touchedRegions(new Float64Array(0))).toEqual([]);
  });
});
