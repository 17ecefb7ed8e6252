import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunRow, SpaceRow } from '../../metrics/files.js';
import { ResultsFolder } from '../../metrics/results.js';
import { runRow, spaceRow, writeRuns } from '../../testing/results.js';
import { FigureData } from '../figures/data.js';
import { verdictOf } from '../verdict.js';
import { verdictText } from '../verdict-text.js';
import type { ChartCell, ChartModel } from './model.js';
import { reportText } from './write.js';

const PAGE = 4096;
const TRACES = ['one', 'two'];
const LIMITS = [null, 512];
const LIMIT_NAMES = ['no limit', 'limit 50 %'];
const POLICIES = ['keep', 'remove', 'punch', 'dontneed', 'free'];

/** What a cell did: pages saved, its stalls in µs by two causes, how it ended, and what its two programs paid. */
const cellDid = fc.record({
  saved: fc.integer({ min: -20, max: 600 }),
  minorUs: fc.integer({ min: 1, max: 5000 }),
  discardUs: fc.integer({ min: 0, max: 5000 }),
  end: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'refused', 'oom', 'errors'),
  share: fc.integer({ min: 0, max: 100 }),
});
const cells = TRACES.length * LIMITS.length * POLICIES.length;
const results = fc.record({
  did: fc.array(cellDid, { minLength: cells, maxLength: cells }),
  draws: fc.integer({ min: 1, max: 4 }),
});
type Results = typeof results extends fc.Arbitrary<infer T> ? T : never;

/** The rows of runs.csv. Others are measured against keep, which saves nothing; it may run out of memory too. */
function runsOf({ did, draws }: Results): RunRow[] {
  const keys = TRACES.flatMap((trace) =>
    LIMITS.flatMap((limit_pages) => POLICIES.map((discard) => ({ trace, limit_pages, discard }))),
  );
  return keys.map((key, i) => {
    const { saved, minorUs, discardUs, end } = did[i]!;
    const keep = key.discard === 'keep';
    const outcome = keep && end !== 'oom' ? 'ok' : end === 'errors' ? 'ok' : end;
    const base = { ...key, cell: i + 1, draws, outcome } as const;
    if (outcome === 'refused') return runRow(base);
    const pages = keep ? 0 : saved;
    return runRow({
      ...base,
      trace_time_us: 1_000_000,
      footprint_pages_mean: 1024 - pages,
      saved_pages_mean: pages,
      discard_calls: keep ? 0 : 3,
      discard_errors: !keep && end === 'errors' ? 3 : 0,
      stall_minor_ns: minorUs * 1000,
      stall_discard_ns: discardUs * 1000,
      stall_ns: (minorUs + discardUs) * 1000,
    });
  });
}

function spacesOf(runs: readonly RunRow[], { did }: Results): SpaceRow[] {
  return runs
    .filter(({ stall_ns }) => stall_ns !== null)
    .flatMap(({ cell, stall_ns }) => {
      const first = Math.round((Number(stall_ns) * did[cell - 1]!.share) / 100);
      const rest = Number(stall_ns) - first;
      // Two processes of one name: they pay together.
      return [first, Math.floor(rest / 2), rest - Math.floor(rest / 2)].map((ns, i) =>
        spaceRow({
          cell,
          space: i + 1,
          name: i === 0 ? 'main' : 'client',
          stall_ns: ns,
          page_seconds: i + 1,
        }),
      );
    });
}

/** The page of results, what its charts are drawn from, and the verdict of `reclaim compare`. */
async function written(made: Results) {
  const folder = mkdtempSync(join(tmpdir(), 'reclaim-agree-'));
  try {
    const runs = runsOf(made);
    const spaces = spacesOf(runs, made);
    writeRuns(folder, runs, spaces, 0.05);
    const opened = ResultsFolder.open(folder);
    const data = new FigureData(opened);
    const text = await reportText(opened, data);
    const verdict = verdictText(verdictOf({ runs, draws: data.draws, traces: data.traces }), {
      columns: 500,
    });
    const json = /id="model">([^<]+)</.exec(text)![1]!;
    return { text, verdict, model: JSON.parse(json) as ChartModel, runs, spaces };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const isDrawn = (row: RunRow) => row.outcome === 'ok' && !(Number(row.discard_errors) > 0);

/** A row of a table of the page: its policies, and for each limit the numbers below it. */
interface Line {
  readonly policies: readonly string[];
  readonly cells: readonly {
    readonly text: string;
    readonly value: number | undefined;
    readonly rank: string;
  }[];
}

/** The table of the page, by trace. */
function tableOf(text: string): Map<string, Line[]> {
  const table = /<table class="numbers">([\s\S]*?)<\/table>/.exec(text)![1]!;
  return new Map(
    table
      .split('<tbody>')
      .slice(1)
      .map((body) => {
        const name = /class="trace-name">([^<]*)</.exec(body)![1]!;
        const rows = body.split('<tr data-policies').slice(1);
        const lines = rows.map((row) => ({
          policies: [...row.matchAll(/data-choose="\d+"[^>]*>([^<]*)</g)].map(([, policy]) => policy!),
          cells: [...row.matchAll(/<td([^>]*)>([\s\S]*?)<\/td>/g)].map(([, attributes, inner]) => ({
            text: inner!.replace(/<span class="best"[\s\S]*<\/span><\/span>/, '').replace(/<[^>]*>/g, ''),
            value: /data-value="([^"]*)"/.exec(attributes!)?.[1],
            rank: /<span class="hidden">(best|tie)</.exec(inner!)?.[1] ?? '',
          })),
        }));
        return [
          name,
          lines.map(({ policies, cells }) => ({
            policies,
            cells: cells.map((cell) => ({
              ...cell,
              value: cell.value === undefined ? undefined : Number(cell.value),
            })),
          })),
        ];
      }),
  );
}

/** The cell of the charts of a row; undefined where it has none. */
function chartCell({ groups, policies }: ChartModel, row: RunRow): ChartCell | undefined {
  const panel = groups
    .find(({ trace }) => trace === row.trace)
    ?.panels.find(({ limit }) => limit === LIMIT_NAMES[LIMITS.indexOf(row.limit_pages as null)]);
  return panel?.cells.find(({ policy }) => policies[policy] === row.discard);
}

describe('report.html of random results', () => {
  it('draws the numbers of runs.csv and spaces.csv, and none of what has no result', async () => {
    await fc.assert(
      fc.asyncProperty(results, async (made) => {
        const { model, runs, spaces } = await written(made);
        for (const row of runs) {
          const cell = chartCell(model, row);
          expect(cell !== undefined, `${row.trace} ${row.discard}`).toBe(isDrawn(row));
          if (!cell) continue;
          const keep = runs.find(
            (other) =>
              other.trace === row.trace && other.limit_pages === row.limit_pages && other.discard === 'keep',
          )!;
          // Draws are in whole ns, and so their mean may be off by one a part.
          expect(Math.abs(cell.costNs[0] - Number(row.stall_ns))).toBeLessThanOrEqual(2);
          expect(cell.stallNs.reduce((a, b) => a + b, 0)).toBe(Number(row.stall_ns));
          if (isDrawn(keep)) {
            expect(cell.savedBytes![0]).toBe(Number(row.saved_pages_mean) * PAGE);
            expect(
              Math.abs(cell.extraNs![0] - Number(row.stall_ns) + Number(keep.stall_ns)),
            ).toBeLessThanOrEqual(4);
          }
          const paid = spaces.filter((space) => space.cell === row.cell);
          for (const name of ['main', 'client']) {
            const sum = paid
              .filter((space) => space.name === name)
              .reduce((ns, one) => ns + Number(one.stall_ns), 0);
            const [, shown] = cell.payers.find(([space]) => model.spaces[space] === name)!;
            expect(shown).toBe(sum);
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  it('shows the same in its tables as in its charts', async () => {
    await fc.assert(
      fc.asyncProperty(results, async (made) => {
        const { text, model, runs } = await written(made);
        const table = tableOf(text);
        const width = table.get('one')![0]!.cells.length / LIMITS.length;
        for (const row of runs) {
          const lines = table.get(row.trace)!.filter(({ policies }) => policies.includes(row.discard));
          expect(lines).toHaveLength(1);
          const first = lines[0]!.cells[LIMITS.indexOf(row.limit_pages as null) * width]!;
          const cell = chartCell(model, row);
          expect(first.rank).toBe(cell?.rank ?? '');
          if (cell?.savedBytes) expect((first.value ?? Number.NaN) * PAGE).toBe(cell.savedBytes[0]);
          else expect(first.text).toMatch(cell ? /^$/ : /^(refused|n\/a|oom)$/);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('has the verdict that is printed', async () => {
    await fc.assert(
      fc.asyncProperty(results, async (made) => {
        const { text, verdict } = await written(made);
        const section = /<section id="verdict">([\s\S]*?)<\/section>/.exec(text)![1]!;
        const uses = [...section.matchAll(/<p class="use">([^<]*)</g)].map(([, use]) => use!);
        const clauses = /<ul class="clauses">([\s\S]*)<\/ul>/.exec(section)![1]!;
        const said = [...clauses.matchAll(/<li>([^<]*)</g)].map(([, clause]) => clause!);
        expect(uses.length).toBeGreaterThan(0);
        const lines = verdict.split('\n');
        for (const [i, use] of uses.entries()) expect(lines[1 + i]).toContain(use);
        expect(verdict).toContain(said.join(' '));
      }),
      { numRuns: 12 },
    );
  });
});
