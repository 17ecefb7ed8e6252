import { beforeAll, describe, expect, it } from 'vitest';
import { loadTrace, replayTrace } from '../index.js';
import { validate } from '../replay/validate.js';
import type { EventBlock } from '../trace/block.js';
import { OPS } from '../trace/op.js';
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
