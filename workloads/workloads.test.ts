import { describe, expect, it } from 'vitest';
import { parseParameters } from '../harness/base/parameters.js';
import { randomStream } from '../harness/stats/random.js';
import { HAS, OP } from '../harness/trace/op.js';
import { TextFormatter } from '../harness/trace/text/formatter.js';
import { WORKLOADS } from './registry.js';
import { zipf } from './zipf/zipf.js';

function source(given: Record<string, string>, seed = 1) {
  const values = parseParameters('zipf', zipf.parameters, given);
  return zipf.generate({ values, seed, random: (purpose) => randomStream(seed, purpose) });
}

describe('every workload says what it is', () => {
  for (const { name, summary, source: origin, parameters } of WORKLOADS) {
    it(name, () => {
      expect(summary.length).toBeGreaterThan(20);
      expect(origin.length).toBeGreaterThan(20);
      for (const [key, { meaning }] of Object.entries(parameters))
        expect(meaning.length, key).toBeGreaterThan(10);
    });
  }
});

describe('zipf', () => {
  it('accesses pages by their rank to the power of the skew, and writes its share', () => {
    const pages = 100;
    const events = 200_000;
    const hits = new Map<number, number>();
    let writes = 0;
    const fields = new Set<number>();
    const { blocks } = source({ pages: String(pages), events: String(events) });
    for (const block of blocks() as Iterable<import('../harness/trace/block.js').EventBlock>) {
      for (let i = 0; i < block.length; i++) {
        if (block.op[i] !== OP.read && block.op[i] !== OP.write) continue;
        fields.add(block.fields[i]!);
        hits.set(block.page[i]!, (hits.get(block.page[i]!) ?? 0) + 1);
        if (block.op[i] === OP.write) writes++;
      }
    }
    expect([...fields]).toEqual([HAS.space | HAS.page | HAS.count]);
    const counts = [...hits.values()].sort((a, b) => b - a);
    const total = Array.from({ length: pages }, (_, rank) => (rank + 1) ** -0.99).reduce(
      (sum, weight) => sum + weight,
      0,
    );
    expect(counts[0]! / events).toBeCloseTo(1 / total, 2);
    expect(counts[9]! / events).toBeCloseTo(10 ** -0.99 / total, 2);
    expect(writes / events).toBeCloseTo(0.3, 2);
  });

  it('streams: blocks of at most 65536 events, whatever the length', () => {
    let events = 0;
    for (const block of source({ events: '150000', pages: '10' }).blocks() as Iterable<
      import('../harness/trace/block.js').EventBlock
    >) {
      expect(block.length).toBeLessThanOrEqual(65_536);
      events += block.length;
    }
    expect(events).toBe(150_002);
  });

  it('begins as it always did', () => {
    const { strings, blocks } = source({ events: '4', pages: '10' });
    const formatter = new TextFormatter(strings);
    const [block] = [...(blocks() as Iterable<import('../harness/trace/block.js').EventBlock>)];
    expect(block && Buffer.from(formatter.block(block)).toString()).toMatchInlineSnapshot(`
      "0,spawn,1,,,
      0,map,1,16777216,10,anon
      1,write,1,16777222,1,
      2,write,1,16777221,1,
      3,read,1,16777220,1,
      4,read,1,16777221,1,
      "
    `);
  });
});
