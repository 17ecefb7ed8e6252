import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../base/package-root.js';

/** A change of the program that must not compile. */
interface Mutant {
  readonly what: string;
  /** What is changed: a file of the program, once. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The file in which the compiler finds it, where that is another one. */
  readonly foundIn?: string;
  readonly message: RegExp;
}

const MUTANTS: readonly Mutant[] = [
  {
    what: 'a metric that is not computed',
    file: 'harness/metrics/schema.ts',
    from: "  pgfault: ['count'",
    to: "  pgnothing: ['count', 'lower', 'nothing'],\n  pgfault: ['count'",
    foundIn: 'harness/machine/measure.ts',
    message: /Property 'pgnothing' is missing/,
  },
  {
    what: 'a value without a metric',
    file: 'harness/machine/measure.ts',
    from: '    cow_breaks:',
    to: '    cow_nothing: 0,\n    cow_breaks:',
    message: /'cow_nothing' does not exist in type/,
  },
  {
    what: 'a column of runs.csv that does not exist, in a finding',
    file: 'harness/report/findings.ts',
    from: "numberIn(row, 'saved_pages_mean')",
    to: "numberIn(row, 'saved_page_mean')",
    message: /'"saved_page_mean"' is not assignable/,
  },
  {
    what: 'a column of runs.csv that does not exist, in a table',
    file: 'harness/report/table.ts',
    from: "'stall_reclaim_ns'",
    to: "'stall_reclame_ns'",
    message: /'"stall_reclame_ns"' is not assignable/,
  },
  {
    what: 'another one',
    file: 'harness/report/table.ts',
    from: "'cow_ksm'",
    to: "'cow_ksmd'",
    message: /'"cow_ksmd"' is not assignable/,
  },
  {
    what: 'a number taken from a column of text',
    file: 'harness/report/table.ts',
    from: "'pages_shared'",
    to: "'discard'",
    message: /'"discard"' is not assignable/,
  },
  {
    what: 'a column of timeline.csv that does not exist',
    file: 'harness/report/figures/memory.ts',
    from: "pages: ['footprint_pages']",
    to: "pages: ['footprint_page']",
    message: /'"footprint_page"' is not assignable/,
  },
  {
    what: 'a column that a figure needs and no file has',
    file: 'harness/report/figures/memory.ts',
    from: "['time_us', 'swap_pages']",
    to: "['time_us', 'swapped_pages']",
    message: /'"swapped_pages"' is not assignable/,
  },
  {
    what: 'a column of spaces.csv that does not exist',
    file: 'harness/report/payers.ts',
    from: "'page_seconds'",
    to: "'page_second'",
    message: /'"page_second"' is not assignable/,
  },
  {
    what: 'a row of perf.csv without one of its columns',
    file: 'harness/bench/run.ts',
    from: '    wall_ns: ns,\n',
    to: '',
    message: /Property 'wall_ns' is missing/,
  },
  {
    what: 'a column of mrc.csv that does not exist',
    file: 'harness/report/figures/miss-ratio.ts',
    from: 'y: row.miss_ratio',
    to: 'y: row.miss_rate',
    message: /'miss_rate' does not exist/,
  },
  {
    what: 'a column that the gate looks for and runs.csv does not have',
    file: 'harness/gate/read/runs.ts',
    from: "text('trace_sha256')",
    to: "text('trace_sha')",
    message: /'"trace_sha"' is not assignable/,
  },
  {
    what: 'a stall part without its metric',
    file: 'harness/metrics/schema.ts',
    from: "  'regen',\n] as const",
    to: "  'regen',\n  'compact',\n] as const",
    message: /'stall_compact_ns' is missing/,
  },
  {
    what: 'a saving that is taken for a number: it is empty without a base',
    file: 'harness/metrics/claim.ts',
    from: '/** The rows that a term selects. */',
    to: "export const saved = (metrics: import('./schema.js').Metrics): number => metrics.saved_pages_mean;\n",
    message: /Type 'number \| null' is not assignable to type 'number'/,
  },
  {
    what: 'a count of faults that is taken for a number: the trace may lack the accesses',
    file: 'harness/metrics/claim.ts',
    from: '/** The rows that a term selects. */',
    to: "export const faults = (metrics: import('./schema.js').Metrics): number => metrics.pgfault;\n",
    message: /Type 'number \| "n\/a"' is not assignable to type 'number'/,
  },
];

const NUMBER = `export const scanned = (result: import('../index.js').ReplayResult): number => result.metrics.pgscan_direct;\n`;

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(PACKAGE_ROOT, 'tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  PACKAGE_ROOT,
);
const at = (file: string) => join(PACKAGE_ROOT, file);
/** The files as they are. Programs with one changed file take all others from it, parsed. */
const whole = ts.createProgram({
  rootNames: MUTANTS.flatMap(({ file, foundIn = file }) => [at(file), at(foundIn)]),
  options,
});

/** What the compiler says of a file. */
function complaints(program: ts.Program, about: string): string {
  return program
    .getSemanticDiagnostics(program.getSourceFile(at(about)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
    .join('\n');
}

/** A program in which files have other texts than on disk; `roots` are what is looked at. */
function changed(texts: ReadonlyMap<string, string>, roots: readonly string[]): ts.Program {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  const byName = new Map([...texts].map(([file, text]) => [at(file), text]));
  host.getSourceFile = (name, language) => {
    const text = byName.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, language);
    return whole.getSourceFile(name) ?? getSourceFile(name, language);
  };
  return ts.createProgram({ rootNames: [...byName.keys(), ...roots.map(at)], options, host });
}

const read = (file: string) => readFileSync(at(file), 'utf8');

/**
 * Mutants in groups of which no two touch or are found in the same file: one program has all of a group, as making one takes
 * half a second, and what is found in a file can only come from its own mutant, or from one that changes types it uses.
 */
function groups(): Mutant[][] {
  const found: { mutants: Mutant[]; files: Set<string> }[] = [];
  for (const mutant of MUTANTS) {
    const files = [mutant.file, mutant.foundIn ?? mutant.file];
    const group = found.find((one) => !files.some((file) => one.files.has(file)));
    if (group) {
      group.mutants.push(mutant);
      for (const file of files) group.files.add(file);
    } else found.push({ mutants: [mutant], files: new Set(files) });
  }
  return found.map(({ mutants }) => mutants);
}

describe('the compiler', () => {
  for (const mutants of groups()) {
    let program: ts.Program;
    beforeAll(() => {
      const texts = mutants.map(({ file, from, to }) => [file, read(file).replace(from, to)] as const);
      program = changed(
        new Map(texts),
        mutants.map(({ file, foundIn = file }) => foundIn),
      );
    });
    it.each(mutants)('finds $what', ({ file, from, foundIn = file, message }) => {
      expect(read(file).split(from)).toHaveLength(2);
      expect(complaints(whole, foundIn)).toBe('');
      expect(complaints(program, foundIn)).toMatch(message);
    });
  }

  it('knows that a metric of the API is a number', () => {
    const file = 'harness/metrics/claim.ts';
    expect(complaints(changed(new Map([[file, read(file) + NUMBER]]), []), file)).toBe('');
  });
});
