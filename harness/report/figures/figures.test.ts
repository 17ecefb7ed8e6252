import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResultsFolder } from '../../metrics/results.js';
import { writeComparison, writeFidelity, writeMerging } from '../../testing/results.js';
import { FigureData } from './data.js';
import type { Figure, Page } from './figure.js';
import { shortNames } from './names.js';
import { FIGURES, figureOf, missingFor, requireFigure } from './registry.js';
import { joinSame, thinned } from './series.js';
import { logAxis } from './style.js';
import { byteUnit, timeUnit } from './units.js';

const PAGE: Page = { asked: 'column', textWidth: (text) => text.length * 4 };

let folder: string;
let results: ResultsFolder;
let comparison: FigureData;
let merging: FigureData;
let compared: FigureData;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-figures-'));
  const made = (write: (folder: string) => void) => {
    const path = mkdtempSync(join(folder, 'results-'));
    write(path);
    return ResultsFolder.open(path);
  };
  results = made(writeComparison);
  comparison = new FigureData(results);
  merging = new FigureData(made(writeMerging));
  compared = new FigureData(made(writeFidelity));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Made-up results that a figure can be drawn from. */
const dataFor = (figure: Figure) =>
  [comparison, merging, compared].find((data) => missingFor(figure, data) === undefined);

describe('figures', () => {
  it.each(FIGURES.map((figure) => [figure.name, figure] as const))('%s is as it was', async (_, figure) => {
    const data = dataFor(figure);
    expect(data, 'results that it can be drawn from').toBeDefined();
    for (const drawing of figure.draw(data!, PAGE))
      await expect(`${JSON.stringify(drawing.spec(60), null, 1)}\n`).toMatchFileSnapshot(
        `golden/${drawing.name}.vl.json`,
      );
  });

  it('have no golden file of a figure that is gone', () => {
    const drawn = FIGURES.flatMap((figure) => figure.draw(dataFor(figure)!, PAGE).map(({ name }) => name));
    const known = new Set(drawn.map((name) => `${name}.vl.json`));
    expect(readdirSync(join(import.meta.dirname, 'golden')).filter((name) => !known.has(name))).toEqual([]);
  });

  it('need what these results have: ways to give memory back, or ways to merge it', () => {
    const drawn = (data: FigureData) =>
      FIGURES.filter((figure) => missingFor(figure, data) === undefined).map(({ name }) => name);
    expect(drawn(comparison)).toEqual(expect.arrayContaining(['memory', 'saving-faults', 'heat-map']));
    expect(drawn(comparison)).not.toContain('saving-ksmd');
    expect(drawn(merging)).toEqual(expect.arrayContaining(['memory', 'saving-ksmd', 'struct-pages']));
    expect(drawn(merging)).not.toContain('saving-faults');
  });

  it('of a comparison with live kernels says how many numbers agree, and which is off most', () => {
    const [drawing] = figureOf('fidelity').draw(compared, PAGE);
    expect(drawing?.caption).toMatch(
      /on 6\.1\.0 \(cgroup v2\);.* 1 that are 0 on one side are not drawn\. Of 5 numbers 2 are the same, 1 within their bound, 1 outside, and 1 have none\. Most is off with a bound: workingset_refault_anon of cache under keep, by 33\.3 %\.$/,
    );
  });

  it('say why they cannot be drawn', () => {
    const message = (name: string, data: FigureData) => () => requireFigure(figureOf(name), data);
    expect(message('ksm-saving', comparison)).toThrow('figure ksm-saving: no page was merged');
    expect(message('heat-map', merging)).toThrow('figure heat-map: there is no heatmap.csv with rows');
    expect(message('struct-pages', comparison)).toThrow('the traces do not vary guests and image');
    expect(() => figureOf('stall')).toThrow(`unknown figure "stall", expected one of ${FIGURES[0]!.name}, `);
  });

  it('are refused with the name of a column that was not measured', () => {
    const bare = new FigureData({
      rows: () => [{ saved_pages_mean: 1, stall_ns: null }],
    } as unknown as ResultsFolder);
    expect(missingFor(figureOf('saving-stall'), bare)).toBe('stall_ns was not measured in runs.csv');
  });

  /** Whether there are bars of intervals in a specification. */
  const hasBars = (part: unknown): boolean => {
    if (typeof part !== 'object' || part === null) return false;
    const { mark, data } = part as { mark?: { strokeWidth?: number }; data?: { values: unknown[] } };
    if (mark?.strokeWidth === 0.8 && data!.values.length > 0) return true;
    return Object.entries(part).some(([key, value]) => key !== 'data' && hasBars(value));
  };

  it.each(FIGURES.map((figure) => [figure.name, figure] as const))(
    '%s has a caption with its message, which says that bars are intervals only where there are bars',
    (_, figure) => {
      for (const data of [comparison, merging].filter((one) => missingFor(figure, one) === undefined))
        for (const drawing of figure.draw(data, PAGE)) {
          expect(drawing.caption).toMatch(
            /Most is |: most with |, most with | \S+ \S+ with all|Best most often|Half of the touches|No policy saves/,
          );
          expect(drawing.caption.includes('bars are 95 % intervals'), drawing.name).toBe(
            hasBars(drawing.spec(60)),
          );
        }
    },
  );

  it('of curves say that they are of the first replicate where there are several', () => {
    const [one] = figureOf('memory').draw(comparison, PAGE);
    expect(one?.caption).toContain('1 replicate of each trace. ');
    const rows = comparison.rows('runs.csv');
    const again = rows.map((row) => ({ ...row, cell: row.cell + rows.length, replicate: 2 }));
    const several = new FigureData({
      rows: (name: string) =>
        name === 'runs.csv' ? [...rows, ...again] : comparison.rows(name as 'timeline.csv'),
      timeline: results.timeline,
      draws: new Map(),
      manifest: comparison.manifest,
    } as unknown as ResultsFolder);
    for (const name of ['memory', 'swap'])
      expect(figureOf(name).draw(several, PAGE)[0]?.caption).toContain(
        '2 replicates of each trace; curves are of the first replicate, ',
      );
  });

  it('of rates leave traces out whose accesses are inferred', () => {
    const [drawing] = figureOf('saving-faults').draw(comparison, PAGE);
    expect(drawing?.traces).toEqual(['cache']);
    expect(drawing?.name).toBe('saving-faults-web');
  });
});

describe('parts of results', () => {
  it('are cut where more traces than fit a page are in one', () => {
    const parts = merging.parts();
    expect(parts.map(({ suffix, traces }) => [suffix, traces.length])).toEqual([
      ['-1', 2],
      ['-2', 2],
    ]);
  });
});

describe('lines', () => {
  it('lose only points that cannot be seen', () => {
    const line = [0, 1, 2, 3, 4].map((x) => ({ x, y: x === 3 ? 5 : x }));
    expect(thinned(line, 0.5).map(({ x }) => x)).toEqual([0, 2, 3, 4]);
    expect(thinned(line, 0)).toHaveLength(4);
    expect(thinned(line, 10).map(({ x }) => x)).toEqual([0, 4]);
    // A mark at the time of a sample makes two points at one time.
    expect(
      thinned(
        [
          { x: 0, y: 0 },
          { x: 0, y: 9 },
          { x: 0, y: 1 },
        ],
        0.5,
      ),
    ).toHaveLength(3);
  });

  it('that are the same share a label', () => {
    const joined = joinSame(['a', 'b', 'c', 'd'], (name, earlier) => `${earlier}${name}` === 'ac');
    expect([...joined]).toEqual([
      ['a', 'a, c'],
      ['c', 'a, c'],
      ['b', 'b'],
      ['d', 'd'],
    ]);
  });
});

describe('names, units and axes', () => {
  it('leave out what all traces of a workload share', () => {
    const names = shortNames(['g:a=1,b=2', 'g:a=1,b=3,c=4', 'h:a=1', 'recorded']);
    expect([...names.values()]).toEqual(['g b=2', 'g b=3, c=4', 'h', 'recorded']);
  });

  it('read best', () => {
    expect([byteUnit(3 * 1024 ** 3).name, byteUnit(1.5 * 1024 ** 3).name, byteUnit(0).name]).toEqual([
      'GiB',
      'MiB',
      'KiB',
    ]);
    expect([timeUnit(2e9).name, timeUnit(1.9e9).name, timeUnit(1).name]).toEqual(['s', 'ms', 'ns']);
  });

  it('have round ticks where they are logarithmic, a decade at least', () => {
    const ticks = (values: number[], length = 240) =>
      (logAxis(values, length).axis as { values: number[] }).values;
    expect(ticks([1, 1000])).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(ticks([1, 1000], 96)).toEqual([1, 10, 100, 1000]);
    expect(ticks([0.02, 0.02])).toEqual([0.01, 0.02, 0.05]);
  });
});
