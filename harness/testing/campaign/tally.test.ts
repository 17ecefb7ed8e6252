import { describe, expect, it } from 'vitest';
import { Tally } from './tally.js';

describe('what a part of the campaign has tried', () => {
  it('says tried, failed, rate, seeds and counts, and of failures the command that shows them again', () => {
    const lines: string[] = [];
    const tally = new Tally('kills', 7, (text) => lines.push(text));
    tally.add(7, { tried: 3, failures: [], counts: { kills: 5 } });
    tally.add(8, { tried: 1, failures: ['a.csv differs\n'], counts: { kills: 1 } });
    tally.fail(9, ['the process had 2097152 KiB']);
    tally.spend(8000);
    expect(tally.failed).toBe(2);
    expect(lines).toEqual([
      'kills, seed 8: a.csv differs',
      '  again: npm run campaign -- --part kills --seed 8 --seeds 1',
      'kills, seed 9: the process had 2097152 KiB',
      '  again: npm run campaign -- --part kills --seed 9 --seeds 1',
    ]);
    expect(tally.summary()).toBe('kills: 4 tried, 2 seeds failed, 8 s, 0.5 a second, seeds 7 to 8, 6 kills');
  });

  it('shows 20 failures and counts the others', () => {
    const lines: string[] = [];
    const tally = new Tally('gate', 1, (text) => lines.push(text));
    for (let seed = 1; seed <= 30; seed++) tally.fail(seed, ['x']);
    expect(lines).toHaveLength(40);
    expect(tally.failed).toBe(30);
  });
});
