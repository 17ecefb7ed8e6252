import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunRow } from '../metrics/files.js';
import { comparedCell as cell, FACTS } from '../testing/comparison.js';
import { propertyRuns } from '../testing/property-runs.js';
import { drawRows } from '../testing/results.js';
import { familyTables } from './family-table.js';
import { findings } from './findings.js';
import { mib } from './format.js';
import { rank } from './front.js';
import { select } from './selection.js';
import { textWidth } from './terminal-text.js';
import { comparisonText } from './text.js';
import { verdictOf } from './verdict.js';
import { verdictText } from './verdict-text.js';

const limited = { limit_pages: 512 };
const SYNTHETIC = { ...FACTS, label: 's', origin: { whole: 'synthetic' as const, parts: {} } };

/** Two traces of shared memory: remove and punch are equal but for their calls, dontneed frees nothing, free is refused. */
function shared(trace: string, family?: string): RunRow[] {
  return [{}, limited].flatMap((limit) => {
    const keys = { trace, ...limit, ...(family === undefined ? {} : { family }) };
    return [
      cell('keep', 0, 100, keys),
      cell('remove', 512, 110, { ...keys, stall_discard_ns: 2e6 }),
      cell('remove:eager=1', 512, 110, { ...keys, stall_discard_ns: 2e6 }),
      cell('punch', 512, 109.999, { ...keys, stall_discard_ns: 1.9988e6 }),
      cell('dontneed', -0.3, 101, keys),
      cell('free', 0, 100, { ...keys, discard_errors: 4 }),
    ];
  });
}

describe('the verdict', () => {
  it('says what to use, what it saves and costs, what not to use and why, and on what it rests', () => {
    const runs = [...shared('t'), ...shared('s')];
    expect(verdictText(verdictOf({ runs, traces: [FACTS, SYNTHETIC] })).split('\n')).toEqual([
      'Use: memory saved and stalls added, against keep             MiB ms/MiB % of run',
      'shared 2 traces  remove or punch                             2.0   +5.0     +0.1',
      'Never: dontneed on shared memory (frees nothing). Refused: free on shared. Ties:',
      'calls 0.3 \u00b5s apart. Traces: 1 recorded, 1 synthetic, 10 s, 4.0 MiB; one draw of',
      'workloads, one of devices; prices \u00d70.5\u20132 change nothing.',
    ]);
  });

  it('has a line for each family; those with the same best share one where costs are of one order', () => {
    const traces = ['a', 'b', 'c'].map((label) => ({ ...FACTS, label, family: `f${label}` }));
    const dear = shared('c').map((row) => (row.discard === 'keep' ? row : { ...row, stall_ns: 5e9 }));
    const text = verdictText(verdictOf({ runs: [...shared('a'), ...shared('b'), ...dear], traces }));
    expect(text).toMatch(/^shared fa, fb {2}remove or punch .* \+5\.0 /m);
    expect(text).toMatch(/^shared fc {6}punch .*\+2450/m);
  });

  it('separates kinds of memory', () => {
    const anon = [cell('keep', 0, 10, { backing: 'anon' }), cell('dontneed', 300, 12, { backing: 'anon' })];
    const { parts } = verdictOf({ runs: [...shared('t'), ...anon], traces: [FACTS] });
    expect(parts.map(({ kind, use }) => [kind, use.map(({ shown }) => shown)])).toEqual([
      ['shared', [['remove', 'punch']]],
      ['private', [['dontneed']]],
    ]);
  });

  it('recommends what kernels have, and knows what would do better', () => {
    const runs = [cell('keep', 0, 10), cell('free', 300, 12), cell('volatile', 400, 11)];
    expect(verdictOf({ runs, traces: [FACTS] }).parts).toMatchObject([
      { use: [{ names: ['free'] }], hypothetical: ['volatile'] },
    ]);
  });

  it('names each trace where traces differ in what is best, or in how many settings it is best', () => {
    const runs = [
      ...[cell('keep', 0, 10), cell('remove', 500, 12), cell('punch', 200, 12)],
      ...[cell('keep', 0, 10), cell('remove', 100, 12), cell('punch', 500, 12)].map((row) => ({
        ...row,
        trace: 's',
      })),
    ];
    const uses = (traces: readonly (typeof FACTS)[]) => verdictOf({ runs, traces }).parts[0]!.use;
    expect(uses([FACTS, SYNTHETIC])).toMatchObject([
      { traces: ['t'], shown: ['remove'] },
      { traces: ['s'], shown: ['punch'] },
    ]);
    const mixed = runs.map((row) => ({ ...row, trace: 't', swap: row.trace === 't' ? 'ssd' : 'zram' }));
    expect(verdictOf({ runs: mixed, traces: [FACTS] }).parts[0]!.use).toMatchObject([{ best: 1, of: 2 }]);
  });

  it('says what survives where keep runs out of memory, and ranks the survivors', () => {
    const keys = { swap: 'none', ...limited, saved_pages_mean: null };
    const runs = [
      cell('keep', 0, 1, { ...keys, outcome: 'oom' }),
      cell('remove', 512, 9, keys),
      cell('punch', 100, 5, keys),
    ];
    const verdict = verdictOf({ runs, traces: [FACTS] });
    expect(verdict.parts[0]!.use).toMatchObject([{ names: ['remove'] }]);
    expect(verdictText(verdict)).toContain('Limit 50 %: keep runs out of memory, remove and punch do not');
    // Tables measure against the survivor that holds most, as charts do.
    const { lines } = familyTables('f', runs, [FACTS]).tables[0]!.traces[0]!;
    expect(lines.map(({ cells }) => cells[0]!.text)).toEqual(['oom', '1.6', '0']);
  });

  it('compares what is held where there is no keep, and says of nothing that it frees nothing', () => {
    const text = verdictText(
      verdictOf({
        runs: [cell('remove', 512, 9), cell('punch', 512, 9.001), cell('free', 9, 9)],
        traces: [FACTS],
      }),
    );
    expect(text).toContain('Use: what holds least memory (no keep to compare with)');
    expect(text).toMatch(/^shared t {2}remove or punch$/m);
    expect(text).not.toContain('frees nothing');
  });

  it('does not say of what scatters about a saving that it frees nothing, nor recommends it', () => {
    const runs = [1, 2, 3].flatMap((replicate) => [
      cell('keep', 0, 10, { replicate }),
      cell('remove', [20, 0, 40][replicate - 1]!, 10, { replicate }),
    ]);
    const text = verdictText(verdictOf({ runs, traces: [FACTS] }));
    expect(text).toContain('nothing: no policy clearly saves memory');
    expect(text).not.toContain('frees nothing');
    expect(comparisonText({ runs, draws: new Map(), spaces: [], traces: [FACTS] })).toMatch(
      /remove +0\.1±0\.2 /,
    );
  });

  it('says which policies tie with the best, in a table too', () => {
    const runs = [cell('keep', 0, 100), cell('remove', 512, 50), cell('volatile', 400, 48)];
    const draws = new Map(runs.map((row, i) => [row.cell, drawRows([row], [0, 0.1, 0.2][i])]));
    const results = { runs, draws, spaces: [], traces: [FACTS] };
    expect(verdictText(verdictOf(results)).replace(/\n/g, ' ')).toContain(
      'Ties: (=) volatile with remove (no limit)',
    );
    expect(comparisonText(results)).toMatch(/volatile +1\.6= /);
    const two = { ...results, runs: [...runs, ...runs.map((row) => ({ ...row, trace: 's' }))] };
    expect(verdictText(verdictOf({ ...two, traces: [FACTS, SYNTHETIC] }))).toContain(
      'Ties: = in 2 of 2 settings',
    );
  });

  it('says so where nothing survives', () => {
    const runs = [cell('keep', 0, 1, { outcome: 'oom' }), cell('remove', 0, 1, { outcome: 'oom' })];
    const text = verdictText(verdictOf({ runs, traces: [FACTS] }));
    expect(text).toContain('nothing: no policy has a result');
    expect(text).not.toContain('prices');
  });

  it('says so where there is nothing to compare, or nothing to do', () => {
    const one = verdictText(verdictOf({ runs: [cell('keep', 0, 1)], traces: [FACTS] }));
    expect(one).toContain('nothing to compare: there is one policy');
    const idle = { ...FACTS, givesBack: { privatePages: 0, sharedPages: 0 } };
    const runs = [cell('keep', 0, 1), cell('remove', 0, 1, { discard_calls: 0 })];
    expect(verdictText(verdictOf({ runs, traces: [idle] }))).toContain('nothing: the traces drop nothing');
  });

  it('names the class of cost on which it hangs', () => {
    const runs = [
      cell('keep', 0, 10),
      cell('remove', 512, 20),
      cell('punch', 512, 30, { stall_discard_ns: 0 }),
    ];
    const text = verdictText(verdictOf({ runs, traces: [FACTS] }));
    expect(text.replace(/\n/g, ' ')).toContain('prices change shared (discard \u00d7 2)');
  });

  it('turns into a tie where draws of device latency do not agree', () => {
    const runs = [cell('keep', 0, 10), cell('remove', 512, 100), cell('punch', 512, 97)].map((row) => ({
      ...row,
      draws: 5,
    }));
    const [, remove, punch] = runs;
    const scattered = new Map([
      ...[runs[0]!, punch!].map((row) => [row.cell, drawRows([row])] as const),
      [remove!.cell, drawRows([remove!], 0.3)] as const,
    ]);
    const use = (draws?: typeof scattered) =>
      verdictOf({ runs, draws, traces: [FACTS] }).parts[0]!.use[0]!.shown;
    expect([use(), use(scattered)]).toEqual([['punch'], ['remove', 'punch']]);
  });
});

describe('ten lines', () => {
  it('are enough for four families on two kinds of memory', () => {
    const families = ['database', 'browser', 'guests', 'allocator'];
    const traces = families.map((family, i) => ({
      ...FACTS,
      label: `${family}-trace`,
      family,
      peakPages: 1024 * (i + 1),
    }));
    const runs = traces.flatMap(({ label }, i) => [
      ...shared(label).map((row) => ({
        ...row,
        stall_ns: row.discard === 'keep' ? row.stall_ns! : row.stall_ns! * 30 ** i,
      })),
      cell('keep', 0, 10, { trace: label, backing: 'anon' }),
      cell('dontneed', 300, 12 * 30 ** i, { trace: label, backing: 'anon' }),
      cell('remove', 0, 10, { trace: label, backing: 'anon', discard_errors: 4 }),
    ]);
    const lines = verdictText(verdictOf({ runs, traces })).split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('are enough for any number of families, with names of any length; the rest is counted', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('family', '\u5185\u5b58\u6570\u636e\u5e93', 'a-very-long-name-of-a-family-of-traces'),
        fc.constantFrom('remove', 'range-lru:when=with,unit=page,access=zero'),
        (count, name, policy) => {
          const traces = Array.from({ length: count }, (_, i) => ({
            ...FACTS,
            label: `${name}-${i}`,
            family: `${name} ${i}`,
          }));
          const runs = traces.flatMap(({ label }, i) => [
            cell('keep', 0, 10, { trace: label }),
            cell(`${policy}${i % 7}`, 512, 12 * 40 ** (i % 3), { trace: label }),
            cell('dontneed', 0, 12, { trace: label }),
          ]);
          const lines = verdictText(verdictOf({ runs, traces })).split('\n');
          expect(lines.length, lines.join('\n')).toBeLessThanOrEqual(10);
          for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(80);
          expect(lines.at(-1)).toMatch(/nothing\.$|matter/);
        },
      ),
      { numRuns: propertyRuns(40) },
    );
  });
});

const random = fc.array(
  fc.record({
    saved: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -50, max: 900 })),
    stall: fc.integer({ min: 1, max: 200 }),
    short: fc.integer({ min: 1, max: 400 }),
    errors: fc.constantFrom(0, 0, 0, 2, 4),
    outcome: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'oom', 'refused'),
  }),
  { minLength: 1, maxLength: 6 },
);
const NAMES = ['remove', 'punch', 'dontneed', 'free', 'remove:eager=1', 'volatile'];

describe('random results', () => {
  const results = random.map((policies) => [
    cell('keep', 0, 50),
    cell('keep', 0, 150, limited),
    cell('keep', 0, 150_000, { limit_pages: 256 }),
    ...policies.flatMap(({ saved, stall, short, errors, outcome }, i) => {
      const keys: Partial<RunRow> = { discard_errors: errors, outcome: outcome as RunRow['outcome'] };
      const nothing = outcome === 'ok' ? {} : { saved_pages_mean: null };
      const kept = errors === 4 ? 0 : saved;
      return [
        cell(NAMES[i]!, kept, stall, { ...keys, ...nothing }),
        cell(NAMES[i]!, Math.round(kept / 2), short, { ...keys, ...nothing, ...limited }),
        cell(NAMES[i]!, Math.round(kept / 3), 1000 * short, { ...keys, ...nothing, limit_pages: 256 }),
      ];
    }),
  ]);

  it('have a verdict, tables, sentences, a front and rows that agree', () => {
    fc.assert(
      fc.property(results, (runs) => {
        const traces = [FACTS];
        const { settings } = select({ runs, traces });
        const [part] = verdictOf({ runs, traces }).parts;
        const [table] = familyTables('f', runs, traces).tables;
        const [saving] = findings({ runs, spaces: [], traces }, traces);
        settings.forEach((setting, at) => {
          const { front, most } = rank(setting);
          for (const { name, rows, standing } of setting.contenders) {
            const line = table!.traces[0]!.lines.find(({ names }) => names.includes(name))!;
            const [first, extra] = line.cells.slice(at * table!.heads.length);
            const isBest = front.some((one) => one.name === name);
            expect(first!.rank === 'best').toBe(isBest);
            if (standing !== 'ranked') continue;
            expect(first!.text).toBe(mib(rows[0]!.saved_pages_mean!, FACTS.pageBytes));
            const keep = setting.contenders[0]!.rows[0]!;
            if (name !== 'keep') expect(extra!.value).toBe(rows[0]!.stall_ns! - keep.stall_ns!);
          }
          if (at === 0) {
            const named = most.length === 0 ? 'no policy saves any' : most[0]!.name;
            expect(saving!.clauses[0]).toContain(named);
          }
        });
        // What is recommended is on the front of each setting that it is best in, unless something better is in no kernel.
        for (const use of part!.use)
          if (use.best === use.of && part!.hypothetical.length === 0)
            for (const setting of settings) {
              const { most } = rank(setting);
              const names = most.map(({ name }) => name);
              if (names.length > 0) expect(names).toContain(use.names[0]);
            }
        // What frees nothing, or is refused, is not recommended.
        const recommended = part!.use.flatMap(({ names }) => names);
        for (const name of [...part!.useless, ...part!.refused]) expect(recommended).not.toContain(name);
      }),
    );
  });

  it('fit a terminal of 80 columns', () => {
    fc.assert(
      fc.property(results, fc.constantFrom(60, 80, 120), (runs, columns) => {
        const text = comparisonText(
          { runs, draws: new Map(), spaces: [], traces: [FACTS] },
          { look: { columns, colour: false }, full: false },
        );
        for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
      }),
      { numRuns: propertyRuns(30) },
    );
  });
});
