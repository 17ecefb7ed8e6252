import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../metrics/files.js';
import type { ResultsFolder } from '../../metrics/results.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { runRow } from '../../testing/results.js';
import { rank } from '../front.js';
import { glanceOf } from '../glance.js';
import { FigureData } from './data.js';
import type { Drawing, Page, Spec } from './figure.js';
import { figureOf } from './registry.js';

const PAGE: Page = { asked: 'column', textWidth: (text) => text.length * 4 };
const PAGE_BYTES = 4096;
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

interface Made {
  readonly footprint: number;
  readonly minorNs: number;
  readonly majorNs: number;
  readonly refused: boolean;
}

const made: fc.Arbitrary<Made> = fc.record({
  footprint: fc.integer({ min: 0, max: 100_000 }),
  minorNs: fc.integer({ min: 0, max: 2e9 }),
  majorNs: fc.constantFrom(0, 1e6, 5e9),
  refused: fc.boolean(),
});
const POLICIES = ['keep', 'remove', 'dontneed', 'volatile'];
const TRACES = ['one', 'two'];
const LIMITS = [null, 500];
const CELLS = TRACES.length * LIMITS.length * POLICIES.length;

/** Rows of a comparison, in the order in which they are planned. */
function rowsOf(all: readonly Made[]): RunRow[] {
  const keys = TRACES.flatMap((trace) =>
    LIMITS.flatMap((limit_pages) => POLICIES.map((discard) => ({ trace, limit_pages, discard }))),
  );
  return keys.map((key, i) => {
    const { footprint, minorNs, majorNs, refused } = all[i]!;
    const keep = all[i - (i % POLICIES.length)]!;
    return runRow({
      ...key,
      limit: key.limit_pages === null ? 'none' : '500p',
      cell: i + 1,
      footprint_pages_mean: footprint,
      saved_pages_mean: keep.footprint - footprint,
      stall_ns: minorNs + majorNs,
      stall_minor_ns: minorNs,
      stall_major_ns: majorNs,
      discard_calls: key.discard === 'keep' ? 0 : 2,
      discard_errors: key.discard !== 'keep' && refused ? 2 : 0,
    });
  });
}

function dataOf(runs: readonly RunRow[]): FigureData {
  const traces = TRACES.map((trace) => ({
    trace,
    source: trace,
    trace_sha256: '0'.repeat(64),
    peak_pages: 1000,
    page_bytes: PAGE_BYTES,
    touches: 'recorded',
  }));
  return new FigureData({
    rows: (name: string) => (name === 'runs.csv' ? runs : []),
    draws: new Map(),
    manifest: { traces, costs: { sha256: '0'.repeat(64) } },
  } as unknown as ResultsFolder);
}

/** All layers of a specification that have an axis of numbers, with the sizes of their units. */
function axesOf(part: unknown): { values: Record<string, unknown>[]; x: number; y: number }[] {
  if (typeof part !== 'object' || part === null) return [];
  const { data, encoding } = part as { data?: { values: Record<string, unknown>[] }; encoding?: Spec };
  const unit = (channel: unknown) =>
    UNITS[/\((\S+)\)$/.exec(String((channel as { title?: string } | undefined)?.title))?.[1] ?? ''] ?? 0;
  const own =
    data && encoding && unit(encoding.x) > 0
      ? [{ values: data.values, x: unit(encoding.x), y: unit(encoding.y) }]
      : [];
  return [...own, ...Object.entries(part).flatMap(([key, value]) => (key === 'data' ? [] : axesOf(value)))];
}

type Values = Readonly<Record<string, unknown>>[];

/** All layers of a panel: what they are drawn with, and their values. */
function layersOf(part: unknown): { mark: string; values: Values; encoding: Spec }[] {
  if (typeof part !== 'object' || part === null) return [];
  const { data, mark, encoding } = part as {
    data?: { values: Values };
    mark?: { type: string };
    encoding?: Spec;
  };
  const own = data && mark && encoding ? [{ mark: mark.type, values: data.values, encoding }] : [];
  return [...own, ...Object.entries(part).flatMap(([key, value]) => (key === 'data' ? [] : layersOf(value)))];
}

/** Texts of several lines, each with its box. */
function blocksOf(texts: Values) {
  const blocks: { x: number; top: number; bottom: number; text: string; width: number }[] = [];
  for (const { x, y, text } of texts as { x: number; y: number; text: string }[]) {
    const above = blocks.find((block) => block.x === x && Math.abs(y - 4.25 - block.bottom) < 0.01);
    const width = PAGE.textWidth(text);
    if (!above) blocks.push({ x, top: y - 4.25, bottom: y + 4.25, text, width });
    else {
      above.text += ` ${text}`;
      above.bottom = y + 4.25;
      above.width = Math.max(above.width, width);
    }
  }
  return blocks;
}

/**
 * Where the marks of a panel that are best have their names: next to them, at the end of a line that begins at them, or
 * nowhere.
 */
function namesIn(panel: { vconcat?: unknown[] } & Spec): { policy: string; limit: string; at: string }[] {
  const { width, height } = panel as unknown as { width: number; height: number };
  const layers = layersOf(panel);
  const { values, encoding } = layers.find((layer) => layer.values.some((value) => 'rank' in value))!;
  const place = (channel: 'x' | 'y', value: number) => {
    const [from, to] = (encoding[channel] as { scale: { domain: [number, number] } }).scale.domain;
    return (value - from) / (to - from);
  };
  const blocks = blocksOf(layers.filter(({ mark }) => mark === 'text').flatMap((layer) => layer.values));
  const lines = layers.filter(({ mark }) => mark === 'rule').flatMap((layer) => layer.values);
  return values
    .filter(({ rank }) => rank === 'best')
    .map((value) => {
      const [x, y] = [place('x', Number(value.x)) * width, (1 - place('y', Number(value.y))) * height];
      const policy = String(value.policy);
      const own = blocks.filter(({ text }) => text.split(/, ?/).includes(policy));
      // A mark that hides another shares its name: it is at most a radius away.
      const next = own.some((block) => {
        const dx = Math.max(block.x - x, 0, x - block.x - block.width);
        const dy = Math.max(block.top - y, 0, y - block.bottom);
        return Math.hypot(dx, dy) <= 9 + 3.5 + 0.1;
      });
      const led = lines.some((line) => Math.hypot(Number(line.x) - x, Number(line.y) - y) <= 3.6);
      const at = next ? 'next' : led && own.length > 0 ? 'led' : 'nowhere';
      return { policy, limit: String(value.limit), at };
    });
}

/** The values of each panel, by trace: panels stand in the order of the traces of a drawing. */
function panelsOf(drawing: Drawing) {
  return axesOf(drawing.spec(120)).map((axes, i) => ({ ...axes, trace: drawing.traces[i]! }));
}

const close = (a: number, b: number, scale: number) => Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(b), scale);

describe('figures of random results', () => {
  const random = fc.array(made, { minLength: CELLS, maxLength: CELLS }).map(rowsOf);

  it('show what runs.csv says: each ranked policy where its row is, or with one that is there', () => {
    let panels = 0;
    fc.assert(
      fc.property(random, (runs) => {
        const data = dataOf(runs);
        for (const drawing of figureOf('saving-stall').draw(data, PAGE))
          for (const { values, x, y, trace } of panelsOf(drawing)) {
            panels++;
            const spans = [x, y].map((size, i) => {
              const all = values.map((value) => Number(value[i === 0 ? 'x' : 'y']) * size);
              return Math.max(...all, 0) - Math.min(...all, 0);
            });
            for (const setting of data.selection.settings.filter((one) => one.trace.label === trace)) {
              const keep = runs.find((row) => row.cell === setting.first.cell)!;
              const shown = values.filter((value) => value.limit === setting.limit);
              const ranked = setting.contenders.filter(({ standing }) => standing === 'ranked');
              for (const { name, rows } of ranked) {
                const extra = rows[0]!.stall_ns! - keep.stall_ns!;
                const saved = Number(rows[0]!.saved_pages_mean) * PAGE_BYTES;
                const there = shown.some(
                  (value) =>
                    Math.abs(Number(value.x) * x - extra) <= 0.03 * spans[0]! + 1 &&
                    Math.abs(Number(value.y) * y - saved) <= 0.03 * spans[1]! + 1,
                );
                expect(there, `${trace} ${setting.limit} ${name}`).toBe(true);
              }
              expect(shown.length).toBeLessThanOrEqual(ranked.length);
              for (const value of shown) {
                const row = ranked.find(({ name }) => name === value.policy)!.rows[0]!;
                expect(close(Number(value.x) * x, row.stall_ns! - keep.stall_ns!, 1)).toBe(true);
                expect(close(Number(value.y) * y, Number(row.saved_pages_mean) * PAGE_BYTES, 1)).toBe(true);
              }
              const best = rank(setting).front.map(({ name }) => name);
              const filled = shown.filter((value) => value.rank === 'best');
              expect(filled.length > 0).toBe(best.length > 0);
            }
          }
      }),
      { numRuns: propertyRuns(120) },
    );
    expect(panels).toBeGreaterThan(propertyRuns(120));
  });

  it('name all that is best: next to its mark, at the end of a line, or in the caption where there is no room', () => {
    const seen: Record<string, number> = { next: 0, led: 0, nowhere: 0 };
    fc.assert(
      fc.property(random, fc.constantFrom(24, 40, 80, 160), (runs, width) => {
        const data = dataOf(runs);
        for (const drawing of figureOf('saving-stall').draw(data, PAGE)) {
          const notes = drawing.notes!(width).join(' ');
          const [{ hconcat }] = drawing.spec(width).vconcat as [{ hconcat: { vconcat: Spec[] }[] }];
          for (const [i, column] of hconcat.entries())
            for (const { policy, limit, at } of namesIn(column.vconcat[0]!)) {
              seen[at]!++;
              const own = notes
                .split(/\. |; (?=one|two)/)
                .find((note) => note.includes(`${drawing.traces[i]}: `));
              if (at === 'nowhere') expect(own).toMatch(new RegExp(`${policy}.*\\(.*${limit}`));
            }
        }
      }),
      { numRuns: propertyRuns(120) },
    );
    for (const [at, times] of Object.entries(seen)) expect(times, at).toBeGreaterThan(0);
  });

  it('say at a glance what runs.csv says, and call best what tables do', () => {
    fc.assert(
      fc.property(random, (runs) => {
        const { selection } = dataOf(runs);
        const glance = glanceOf(selection)!;
        for (const { trace, lines } of glance.rows)
          for (const { limit, fields } of lines) {
            const setting = selection.settings.find(
              (one) => one.trace.label === trace.label && one.limit === limit,
            )!;
            const { front } = rank(setting);
            for (const [i, { standing, effect }] of fields.entries()) {
              const names = glance.columns[i]!;
              const own = setting.contenders.find(({ name }) => name === names[0])!;
              expect(standing).toBe(own.standing);
              if (standing !== 'ranked') continue;
              const row = own.rows[0]!;
              expect(effect!.savedBytes.mean).toBeCloseTo(Number(row.saved_pages_mean) * PAGE_BYTES);
              expect(effect!.extraNs.mean).toBe(row.stall_ns! - setting.first.stall_ns!);
              expect(effect!.rank === 'best').toBe(front.some(({ name }) => names.includes(name)));
            }
          }
      }),
      { numRuns: propertyRuns(120) },
    );
  });

  it('leave out what tables leave out: a kind of memory on which nothing differs, or nothing is possible', () => {
    const all = Array.from({ length: CELLS }, (_, i) => ({
      footprint: 1000 - 100 * (i % POLICIES.length),
      minorNs: 1e8 * (1 + (i % POLICIES.length)),
      majorNs: 0,
      refused: false,
    }));
    const recorded = rowsOf(all);
    const anon = recorded.map((row) => ({ ...row, cell: row.cell + CELLS, backing: 'anon' }));
    const refused = anon.map((row) => ({ ...row, outcome: 'refused' as const }));
    for (const more of [anon, refused]) {
      const data = dataOf([...recorded, ...more]);
      for (const name of ['saving-stall', 'stalls'])
        expect(
          figureOf(name)
            .draw(data, PAGE)
            .map((drawing) => drawing.name),
        ).toEqual([name]);
      expect(glanceOf(data.selection)!.rows.map(({ backing }) => backing)).toEqual(['recorded', 'recorded']);
    }
  });

  it('have bars whose parts add up to the difference of the stall times', () => {
    fc.assert(
      fc.property(random, (runs) => {
        const data = dataOf(runs);
        for (const drawing of figureOf('stalls').draw(data, PAGE))
          for (const { values, x, trace } of panelsOf(drawing))
            for (const value of values) {
              const sum = Number(value.minor ?? 0) + Number(value.major ?? 0);
              expect(close(sum, Number(value.x), 1e-3)).toBe(true);
              const extras = data.selection.settings
                .filter((one) => one.trace.label === trace)
                .flatMap(({ first, contenders }) =>
                  contenders.map(({ rows }) => rows[0]!.stall_ns! - first.stall_ns!),
                );
              expect(extras.some((extra) => close(Number(value.x) * x, extra, 1))).toBe(true);
            }
      }),
      { numRuns: propertyRuns(120) },
    );
  });
});
