import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from './base/package-root.js';

const BELOW_TARGET = ['base', 'trace', 'metrics', 'stats', 'policy', 'cost'];
const BELOW_MACHINE = [...BELOW_TARGET, 'target'];
/** Below what sees machines: replay knows only the contract of one. */
const BELOW_EXPERIMENT = [...BELOW_MACHINE, 'machine', 'replay'];

/** What each folder of the program may import, besides itself. Imports run downwards only. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  trace: ['base'],
  metrics: ['base'],
  stats: ['base'],
  policy: ['base', 'trace', 'metrics', 'stats'],
  cost: ['base', 'metrics', 'stats'],
  target: BELOW_TARGET,
  machine: BELOW_MACHINE,
  replay: BELOW_MACHINE,
  mrc: ['base', 'trace', 'metrics', 'stats', 'policy'],
  experiment: [...BELOW_EXPERIMENT, 'workloads'],
  report: ['base', 'metrics', 'stats'],
  gate: ['base', 'metrics', 'stats'],
  bench: [...BELOW_EXPERIMENT, 'mrc'],
  workloads: ['trace'],
  commands: [...BELOW_EXPERIMENT, 'experiment', 'mrc', 'report', 'gate', 'bench', 'workloads'],
  // Files directly in harness/: the command line and the library's entry.
  harness: [...BELOW_EXPERIMENT, 'mrc', 'experiment', 'commands'],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter(
      (path) => path.endsWith('.ts') && !/\.test\.ts$/.test(path) && !path.includes(`${sep}testing${sep}`),
    );
}

/** The folder that stands for a file in `ALLOWED`. */
function partOf(path: string): string {
  const [top, folder, file] = relative(PACKAGE_ROOT, path).split(sep);
  if (top === 'workloads') return 'workloads';
  return file === undefined ? 'harness' : folder!;
}

/** Parts that a file imports, except its own. */
function importedParts(path: string): { part: string; statement: string }[] {
  const text = readFileSync(path, 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers
    .map((specifier) => ({ part: partOf(join(dirname(path), specifier)), statement: specifier }))
    .filter(({ part }) => part !== partOf(path));
}

describe('imports', () => {
  it('run downwards only', () => {
    const files = [...sources(join(PACKAGE_ROOT, 'harness')), ...sources(join(PACKAGE_ROOT, 'workloads'))];
    const offenders = files.flatMap((path) => {
      const allowed = ALLOWED[partOf(path)] ?? [];
      return importedParts(path)
        .filter(({ part }) => !allowed.includes(part))
        .map(({ statement }) => `${relative(PACKAGE_ROOT, path)}: ${statement}`);
    });
    expect(offenders).toEqual([]);
  });

  it('are known for every folder', () => {
    const files = [...sources(join(PACKAGE_ROOT, 'harness')), ...sources(join(PACKAGE_ROOT, 'workloads'))];
    expect([...new Set(files.map(partOf))].filter((part) => ALLOWED[part] === undefined)).toEqual([]);
  });
});

describe('every folder says what lives there', () => {
  const folders = readdirSync(join(PACKAGE_ROOT, 'harness')).filter((name) =>
    statSync(join(PACKAGE_ROOT, 'harness', name)).isDirectory(),
  );
  const all = [...folders.map((name) => `harness/${name}`), 'harness', 'workloads', 'traces', 'results'];
  it('in a README.md', () => {
    expect(all.filter((folder) => !existsSync(join(PACKAGE_ROOT, folder, 'README.md')))).toEqual([]);
  });

  it('and harness/README.md lists them', () => {
    const text = readFileSync(join(PACKAGE_ROOT, 'harness', 'README.md'), 'utf8');
    expect(folders.filter((name) => !text.includes(`| [${name}](${name}/README.md) |`))).toEqual([]);
  });
});
