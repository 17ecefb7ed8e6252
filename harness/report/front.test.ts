import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrawRow, RunRow } from '../metrics/files.js';
import { DRAWN_METRICS } from '../metrics/schema.js';
import { comparedCell as cell, FACTS } from '../testing/comparison.js';
import { spaceRow } from '../testing/results.js';
import { extraCost, savedPages } from './estimate.js';
import { rank } from './front.js';
import { payersOf } from './payers.js';
import { baseOf, type Contender, type Setting, select } from './selection.js';
import { flips } from './sensitivity.js';

const KEEP = cell('keep', 0, 10);

/** The draws of a cell, by their stalls in ms. */
function drawsOf({ cell: number }: RunRow, ...stallsMs: readonly number[]): [number, DrawRow[]] {
  const nothing = Object.fromEntries(DRAWN_METRICS.map((name) => [name, 0])) as unknown as DrawRow;
  return [number, stallsMs.map((ms, i) => ({ ...nothing, cell: number, draw: i + 1, stall_ns: ms * 1e6 }))];
}

function settingOf(runs: readonly RunRow[], ...draws: readonly [number, DrawRow[]][]): Setting {
  return select({ runs, draws: new Map(draws), traces: [FACTS] }).settings[0]!;
}

const names = (contenders: readonly Contender[]) => contenders.map(({ name }) => name);

describe('the front', () => {
  it('has what no other policy beats: in saving at the same cost, or in cost at the same saving', () => {
    const rows = [KEEP, cell('remove', 512, 20), cell('punch', 256, 15), cell('free', 256, 16)];
    const { front, most, cheapest } = rank(settingOf(rows));
    expect([front, most, cheapest].map(names)).toEqual([['keep', 'remove', 'punch'], ['remove'], ['keep']]);
  });

  it('counts differences below the floor as none', () => {
    const rows = [cell('remove', 512, 20), cell('punch', 511, 20.1), cell('free', 511, 20.4), KEEP];
    expect(names(rank(settingOf(rows)).most)).toEqual(['remove', 'punch']);
  });

  it('has what saves nothing to speak of only where it costs clearly less than keep', () => {
    const rows = [KEEP, cell('dontneed', -0.3, 9.95), cell('volatile', 3, 9), cell('punch', 512, 30)];
    const { front, most } = rank(settingOf(rows));
    expect([front, most].map(names)).toEqual([['volatile', 'punch'], ['punch']]);
  });

  it('has nothing that saves nothing to speak of, was refused, or did not end', () => {
    const rows = [
      KEEP,
      cell('dontneed', -0.3, 10),
      cell('volatile', 3, 10),
      cell('free', 900, 1, { discard_errors: 4 }),
      cell('remove', 900, 1, { outcome: 'oom' }),
      cell('punch', 512, 30),
    ];
    expect(names(rank(settingOf(rows)).front)).toEqual(['keep', 'punch']);
  });

  it('ranks survivors by what they hold where keep ran out of memory', () => {
    const rows = [
      cell('keep', 0, 1, { outcome: 'oom', saved_pages_mean: null }),
      cell('remove', 512, 20, { saved_pages_mean: null }),
      cell('dontneed', 100, 5, { saved_pages_mean: null }),
    ];
    const setting = settingOf(rows);
    const { reference, most, cheapest } = rank(setting);
    expect([baseOf(setting), reference?.name, names(most), names(cheapest)]).toEqual([
      undefined,
      'dontneed',
      ['remove'],
      ['dontneed'],
    ]);
  });

  it('is empty where nothing survived', () => {
    expect(rank(settingOf([cell('keep', 0, 1, { outcome: 'oom' })]))).toMatchObject({ front: [], most: [] });
  });
});

describe('draws of device latencies', () => {
  const remove = cell('remove', 512, 100);
  const volatile = cell('volatile', 512, 97);

  it('make a tie of what one draw would decide', () => {
    expect(names(rank(settingOf([KEEP, remove, volatile])).most)).toEqual(['volatile']);
    const draws = [drawsOf(remove, 99, 104, 97), drawsOf(volatile, 101, 93, 97)] as const;
    expect(names(rank(settingOf([KEEP, remove, volatile], ...draws)).most)).toEqual(['remove', 'volatile']);
  });

  it('make a tie where the two trade places, though the interval of the difference does not hold 0', () => {
    const by = (...differences: number[]) => {
      const draws = [
        drawsOf(remove, ...differences.map(() => 100)),
        drawsOf(volatile, ...differences.map((ms) => 100 - ms)),
      ] as const;
      const { front, tied, most } = rank(settingOf([KEEP, remove, volatile], ...draws));
      return [front, tied, most].map((some) => names(some).filter((name) => name !== 'keep'));
    };
    expect(by(5, 5, 5, 5)).toEqual([['volatile'], [], ['volatile']]);
    expect(by(5, 5, 5, 5, 0.5)).toEqual([['remove', 'volatile'], [], ['remove', 'volatile']]);
    // One pair of twenty is an exception.
    expect(by(...Array.from({ length: 19 }, () => 5), 0.5)[2]).toEqual(['volatile']);
  });

  it('name what is ahead of the best, but not clearly, as a tie', () => {
    const less = cell('volatile', 256, 97);
    const draws = [drawsOf(remove, 100, 100, 100), drawsOf(less, 91, 95, 104)] as const;
    const { front, tied } = rank(settingOf([KEEP, remove, less], ...draws));
    expect([names(front), names(tied)]).toEqual([['keep', 'remove'], ['volatile']]);
  });

  it('decide where every one of them says the same, however much they differ from each other', () => {
    const draws = [drawsOf(remove, 50, 150, 100), drawsOf(volatile, 47, 147, 97)] as const;
    expect(names(rank(settingOf([KEEP, remove, volatile], ...draws)).most)).toEqual(['volatile']);
  });

  it('are paired with those of keep', () => {
    const setting = settingOf([KEEP, remove], drawsOf(KEEP, 10, 20, 30), drawsOf(remove, 13, 22, 34));
    const [keep, other] = setting.contenders as [Contender, Contender];
    expect(extraCost(other, keep, setting)).toMatchObject({ mean: 3e6, n: 3 });
  });
});

describe('replicates of a generated trace', () => {
  it('are the pairs where there are several: draws are averaged, and savings have an interval', () => {
    const runs = [1, 2, 3].flatMap((at) => [
      cell('keep', 0, 10 * at, { replicate: at, footprint_pages_mean: 1000 * at }),
      cell('remove', 0, 11 * at, { replicate: at, footprint_pages_mean: 1000 * at - 100 - at }),
    ]);
    const setting = settingOf(runs);
    const [keep, remove] = setting.contenders as [Contender, Contender];
    expect(savedPages(remove, keep)).toMatchObject({ mean: 102, n: 3 });
    expect(extraCost(remove, keep, setting)).toMatchObject({ mean: 2e6, n: 3 });
  });

  it('that ran out of memory count for all of them', () => {
    const runs = [KEEP, cell('remove', 512, 20), cell('remove', 512, 20, { outcome: 'oom' })];
    expect(settingOf(runs).contenders.map(({ standing }) => standing)).toEqual(['ranked', 'oom']);
  });
});

describe('random results', () => {
  const row = fc.record({
    saved: fc.integer({ min: -50, max: 1000 }),
    stall: fc.integer({ min: 1, max: 200 }),
    noise: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 4, maxLength: 4 }),
  });

  it('have a front that is never empty, does not depend on the order, and has both of its ends', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 7 }), (others) => {
        const rows = [KEEP, ...others.map(({ saved, stall }, i) => cell(`p${i}`, saved, stall))];
        const noisy = others.map(({ stall, noise }, i) =>
          drawsOf(rows[i + 1]!, ...noise.map((ms) => Math.max(0, stall + ms))),
        );
        const draws = [drawsOf(KEEP, 10, 10, 10, 10), ...noisy];
        const { front, most, cheapest } = rank(settingOf(rows, ...draws));
        expect(front.length).toBeGreaterThan(0);
        expect(cheapest.length).toBeGreaterThan(0);
        expect(most.length > 0).toBe(front.some(({ name }) => name !== 'keep'));
        for (const one of [...most, ...cheapest]) expect(front).toContain(one);
        const reversed = rank(settingOf(rows.toReversed(), ...draws));
        expect(new Set(names(reversed.front))).toEqual(new Set(names(front)));
      }),
    );
  });
});

describe('the sensitivity to prices', () => {
  it('names the class of cost that decides, and who gains by it', () => {
    // Calls are 15 of remove's 20 ms: at twice their price 35 ms, more than volatile, which saves as much.
    const rows = [cell('remove', 512, 20), cell('volatile', 512, 30, { stall_discard_ns: 0 }), KEEP];
    expect(flips(settingOf(rows))).toMatchObject([
      { part: 'discard', factor: 2, entered: [{ name: 'volatile' }], left: [{ name: 'remove' }] },
    ]);
  });

  it('is silent where no class of cost decides', () => {
    expect(flips(settingOf([KEEP, cell('remove', 512, 20)]))).toEqual([]);
  });
});

describe('what experiments compare', () => {
  const axisOf = (...rows: Partial<RunRow>[]) =>
    select({ runs: rows.map((keys) => cell('keep', 0, 1, keys)), traces: [FACTS] });

  it('is ways to merge together with ways to give memory back, where both differ', () => {
    const { axis, settings } = axisOf(
      {},
      { merge: 'ksm' },
      { discard: 'remove' },
      { discard: 'remove', merge: 'ksm' },
    );
    expect([axis, settings.length]).toEqual(['discard and merge', 1]);
    expect(names(settings[0]!.contenders)).toEqual(['keep', 'keep + ksm', 'remove', 'remove + ksm']);
    expect(baseOf(settings[0]!)?.name).toBe('keep');
  });

  it('is ways to reclaim where nothing else differs; bounds are not ranked', () => {
    const { axis, settings } = axisOf({ reclaim: 'linux' }, { reclaim: 'sieve' }, { reclaim: 'opt' });
    expect(axis).toBe('reclaim');
    expect(settings[0]!.contenders.map(({ standing }) => standing)).toEqual(['ranked', 'ranked', 'bound']);
    expect(baseOf(settings[0]!)?.name).toBe('linux');
  });
});

describe('what is left out', () => {
  const kinds = (keys: Partial<RunRow>) => [
    KEEP,
    cell('remove', 512, 20),
    cell('keep', 0, 10, { backing: 'anon', ...keys }),
    cell('remove', 512, 20, { backing: 'anon', ...keys }),
  ];

  it('is a kind of memory that a trace cannot have, and one that changes nothing, with the reason', () => {
    const same = select({ runs: kinds({}), traces: [FACTS] });
    const impossible = select({ runs: kinds({ outcome: 'refused' }), traces: [FACTS] });
    expect([same, impossible].map(({ leftOut }) => leftOut)).toEqual([
      [{ trace: FACTS, backing: 'anon', why: 'same as recorded' }],
      [{ trace: FACTS, backing: 'anon', why: 'not possible' }],
    ]);
    expect([same, impossible].map(({ settings }) => settings.length)).toEqual([1, 1]);
  });
});

describe('who pays', () => {
  it('is summed by name: processes of one name are one', () => {
    const spaces = [
      spaceRow({ space: 1, name: 'reporter', stall_ns: 4 }),
      spaceRow({ space: 2, name: 'client', stall_ns: 3 }),
      spaceRow({ space: 3, name: 'client', stall_ns: 3, page_seconds: 5 }),
      spaceRow({ space: null, name: '(mapped by no space)', stall_ns: null }),
    ];
    expect(payersOf(spaces)).toEqual([
      { name: 'client', stallNs: 6, share: 0.6, pageSeconds: 5 },
      { name: 'reporter', stallNs: 4, share: 0.4, pageSeconds: 0 },
    ]);
  });
});
