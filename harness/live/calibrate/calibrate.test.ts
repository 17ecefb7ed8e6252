import { describe, expect, it } from 'vitest';
import { loadCosts, parseCosts } from '../../cost/table.js';
import { joinReadings, parseReadings, type Readings, readingOf } from './readings.js';
import { rowPlans } from './rows.js';
import { calibrated, unsteadyRows } from './table.js';

const FACTS = { name: 'test', provenance: 'a test' };

/** Readings of three rounds, each with all that is measured: the index of a name in the list, in µs, for each page. */
function allReadings(scale: (round: number) => number = () => 1): Readings {
  const names = [...new Set(rowPlans('ssd').flatMap(({ of }) => of))].filter(
    (name) => name !== 'pageout_zram',
  );
  const round = (i: number) =>
    names.map((name, at) => {
      const pages = Number(/_(\d+)$/.exec(name)?.[1] ?? 1);
      return `${name} ${(at + 1) * 1000 * Math.max(1, pages) * scale(i)}`;
    });
  const devices = 'device_disk 10 20 30 40 90 35\ndevice_ssd 10 20 30 40 50 20';
  return parseReadings([0, 1, 2].flatMap((i) => [`round ${i}`, ...round(i), devices]).join('\n'));
}

describe('what the program says', () => {
  it('is values by name, devices, and why something was not measured', () => {
    const text = 'round 0\nanon_write 100.50\nround 1\nanon_write 120.00\nfailed disk: no disk here\n';
    const { values, devices, failed } = parseReadings(`${text}device_zram 1 2 3 4 5 9\n`);
    expect([...values]).toEqual([['anon_write', [100.5, 120]]]);
    expect([...devices]).toEqual([['zram', [{ quantiles: [1, 2, 3, 4, 5], mean: 9 }]]]);
    expect([...failed]).toEqual([['disk', 'no disk here']]);
  });

  it('is the median, the least and the middle half of the rounds, and two modes where there are two', () => {
    expect(readingOf([5, 1, 3, 2, 4])).toEqual({ ns: 3, min: 1, range: 2, modes: undefined });
    expect(readingOf([10, 30, 11, 31, 10]).modes).toEqual([10, 30.5]);
    expect(readingOf([10, 11, 10, 10, 90]).modes).toBeUndefined();
  });
});

describe('the cost table of a host', () => {
  it('has what was measured, is a whole table, and says how sure each row is', () => {
    const { costs, rows } = calibrated(loadCosts(), allReadings(), 'ssd', FACTS);
    expect(parseCosts(costs, 'x')).toEqual(costs);
    expect(costs).toMatchObject({ name: 'test', provenance: 'a test' });
    expect(costs.faults.anon_write.source).toBe(
      'first write to private memory; median of 3 rounds, spread 0 %',
    );
    const kept = rows.filter(({ spread_percent: spread }) => spread === null).map(({ row }) => row);
    expect(kept.filter((row) => !/^(huge|read_ahead|tlb_shootdown)\./.test(row))).toEqual([
      'reclaim.zram_out',
      'ksm.tree_page',
      'devices.zram',
    ]);
    expect(costs.reclaim.zram_out.ns).toBe(loadCosts().reclaim.zram_out.ns);
    expect(costs.reclaim.zram_out.source).toContain('not measured here: swap of another kind');
  });

  it('prices calls at each size, and differences never below 0', () => {
    const { costs } = calibrated(loadCosts(), allReadings(), 'ssd', FACTS);
    const { present, absent } = costs.calls.free;
    expect(present.map(([pages]) => pages)).toEqual([1, 16, 512, 16384]);
    expect(present[1]![1]).toBeGreaterThan(present[0]![1]);
    expect(absent).toEqual(costs.calls.cold.absent);
    expect(costs.calls.unmap_shared.present.every(([, ns]) => ns >= 0)).toBe(true);
  });

  it('describes a device by the middle of its rounds, with a mean that its quantiles allow', () => {
    const { costs } = calibrated(loadCosts(), allReadings(), 'ssd', FACTS);
    expect(costs.devices.disk.quantiles.map(([, ns]) => ns)).toEqual([10, 20, 30, 40, 90]);
    expect(costs.devices.disk.mean).toBe(35);
    // A mean below what the quantiles make possible is raised to that.
    expect(costs.devices.ssd.mean).toBeGreaterThan(24);
  });

  it('keeps every value where nothing was measured, and says why', () => {
    const none = { values: new Map(), devices: new Map(), failed: new Map([['pageout', 'no swap']]) };
    const { costs, rows } = calibrated(loadCosts(), none, undefined, FACTS);
    const standard = loadCosts();
    expect(costs.calls.free.present).toEqual(standard.calls.free.present);
    expect(costs.devices).toMatchObject({ ssd: { mean: standard.devices.ssd.mean } });
    expect(rows.every(({ before_ns: before, ns }) => before === ns)).toBe(true);
    expect(costs.reclaim.swap_out.source).toMatch(/; not measured here: no swap$/);
  });

  it('has no row of the default table that is neither measured nor said not to be', () => {
    const { rows } = calibrated(loadCosts(), allReadings(), 'ssd', FACTS);
    const seen = new Set(rows.map(({ row }) => row));
    const { name: _, provenance: __, ...standard } = loadCosts();
    const missing: string[] = [];
    const visit = (value: unknown, path: string[]) => {
      if (seen.has(path.join('.')) || typeof value !== 'object' || value === null) return;
      if ('ns' in value || Array.isArray(value)) missing.push(path.join('.'));
      else for (const [key, part] of Object.entries(value)) visit(part, [...path, key]);
    };
    visit(standard, []);
    // What unmapping nothing costs is not a measurement.
    expect(missing).toEqual(['calls.unmap_shared.absent']);
  });

  it('finds rows whose rounds differ, the widest first', () => {
    const { rows } = calibrated(
      loadCosts(),
      allReadings((round) => 1 + round),
      'ssd',
      FACTS,
    );
    const unsteady = unsteadyRows(rows, 10);
    expect(unsteady.length).toBeGreaterThan(40);
    expect(unsteady[0]!.spread_percent).toBeGreaterThanOrEqual(unsteady.at(-1)!.spread_percent!);
    expect(unsteadyRows(calibrated(loadCosts(), allReadings(), 'ssd', FACTS).rows, 10)).toEqual([]);
  });

  it('joins what several programs have said', () => {
    const one = parseReadings('a 1\n');
    const two = parseReadings('b 2\nfailed c: why\n');
    const { values, failed } = joinReadings([one, two]);
    expect([[...values.keys()], [...failed.keys()]]).toEqual([['a', 'b'], ['c']]);
  });
});
