import { describe, expect, it } from 'vitest';
import { generationRows, isInside, simulateGenerations } from './generations.js';

/** Rows that are outside, with the reason: README.md says more. */
const OUTSIDE: Readonly<Record<string, string>> = {
  '6.18 loop_anon.swap': 'a loop: a page more or less changes all that follows',
  '7.2 shm2.swap': 'what two processes need for themselves is known to 20 pages or so, which make 30 faults',
};

const rows = generationRows();

describe('workloads under a limit, as kernels with lru_gen on reclaimed them', () => {
  for (const row of rows) {
    const { key, least, most } = row;
    const reason = OUTSIDE[key];
    it(`${key}: ${least} to ${most} major faults${reason ? `, is outside: ${reason}` : ''}`, async () => {
      const faults = await simulateGenerations(row);
      expect(isInside(row, faults), `${faults} major faults`).toBe(reason === undefined);
    });
  }

  it('rows that are said to be outside exist', () => {
    const keys = rows.map(({ key }) => key);
    expect(Object.keys(OUTSIDE).filter((key) => !keys.includes(key))).toEqual([]);
  });
});
