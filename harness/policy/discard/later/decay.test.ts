import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decay, STEPS, WEIGHTS } from './decay.js';

describe("jemalloc's decay", () => {
  it('has the weights of smoothstep.h', () => {
    expect([...WEIGHTS.slice(0, 5)]).toEqual([0x14, 0xa5, 0x229, 0x516, 0x9dc]);
    expect(WEIGHTS[STEPS / 2 - 1]).toBe(2 ** 23);
    expect(WEIGHTS[STEPS - 1]).toBe(2 ** 24);
  });

  it('keeps pages of one moment by how long ago that is', () => {
    const decay = new Decay(200 * 1000, 0);
    expect(decay.advance(999, 1000)).toBe(false);
    const kept: number[] = [];
    for (let step = 1; step <= 201; step++) {
      expect(decay.nextUs).toBe(step * 1000);
      expect(decay.advance(step * 1000, step === 1 ? 1000 : Math.min(1000, decay.limit))).toBe(true);
      kept.push(decay.limit);
    }
    // Pages count from the first look on: all of them then, half after half the time, none after it.
    expect([kept[0], kept[1], kept[100], kept[199], kept[200]]).toEqual([1000, 999, 500, 0, 0]);
  });

  it('is as a history of whole numbers that is written down step by step', () => {
    const looks = fc.array(fc.record({ afterUs: fc.nat(60), pages: fc.nat(1000) }), { maxLength: 80 });
    fc.assert(
      fc.property(looks, (given) => {
        const decay = new Decay(10 * STEPS, 7);
        /** Pages that were new in a step, by its number. */
        const history = new Map<number, bigint>();
        let nowUs = 7;
        let last = 0;
        let unpurged = 0;
        for (const { afterUs, pages } of given) {
          nowUs += afterUs;
          const step = Math.floor((nowUs - 7) / 10);
          expect(decay.advance(nowUs, pages)).toBe(step > last);
          if (step === last) continue;
          last = step;
          history.set(step, BigInt(Math.max(0, pages - unpurged)));
          let sum = 0n;
          for (const [at, count] of history)
            if (step - at < STEPS) sum += count * BigInt(WEIGHTS[STEPS - 1 - (step - at)]!);
          const limit = Number(sum >> 24n);
          expect(decay.limit).toBe(limit);
          unpurged = Math.max(limit, pages);
        }
      }),
    );
  });
});
