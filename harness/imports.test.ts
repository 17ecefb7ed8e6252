import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from './base/package-root.js';

const BELOW_CONTRACT = ['base', 'trace', 'metrics', 'stats', 'policy', 'cost'];
const BELOW_MACHINE = [...BELOW_CONTRACT, 'contract'];
/** Below what sees machines: replay knows only the contract of one. */
const BELOW_EXPERIMENT = [...BELOW_MACHINE, 'machine', 'replay'];

/** What each folder of the program may import, besides itself. Imports run downwards only. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  start: ['base'],
  trace: ['base'],
  output: ['base'],
  metrics: ['base', 'output'],
  stats: ['base'],
  policy: ['base', 'trace', 'metrics', 'stats'],
  cost: ['base', 'metrics', 'stats'],
  contract: BELOW_CONTRACT,
  machine: BELOW_MACHINE,
  replay: BELOW_MACHINE,
  mrc: ['base', 'trace', 'metrics', 'stats', 'policy'],
  modules: [...BELOW_EXPERIMENT, 'workloads'],
  experiment: [...BELOW_EXPERIMENT, 'output', 'live', 'workloads', 'modules'],
  sweep: [...BELOW_EXPERIMENT, 'output', 'experiment', 'modules'],
  report: ['base', 'metrics', 'stats'],
  gate: ['base', 'output', 'metrics', 'stats'],
  diff: ['base', 'metrics', 'stats', 'gate', 'report'],
  guard: ['base', 'output'],
  record: ['base', 'trace', 'output', 'metrics', 'guard'],
  live: [...BELOW_EXPERIMENT, 'output', 'guard'],
  bench: [...BELOW_EXPERIMENT, 'mrc'],
  workloads: ['trace'],
  commands: [
    ...BELOW_EXPERIMENT,
    'output',
    'experiment',
    'sweep',
    'mrc',
    'report',
    'gate',
    'diff',
    'guard',
    'record',
    'live',
    'bench',
    'workloads',
    'modules',
  ],
  // Files directly in harness/: the command line and the library's entry.
  harness: [...BELOW_EXPERIMENT, 'mrc', 'modules', 'experiment', 'report', 'commands'],
};

const BELOW_AGENTS = ['memory', 'state', 'entries', 'object', 'mapping'];
const BELOW_CALLS = [...BELOW_AGENTS, 'reclaim', 'huge', 'ksm', 'machine'];

/**
 * The floors inside harness/machine/: what each folder, or file directly in it, may import of the others. What only reads or
 * changes the state is below the agents, which it reaches through hooks; the machine puts the agents together.
 */
const MACHINE_FLOORS: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  state: ['memory'],
  entries: ['memory', 'state'],
  object: ['memory', 'state', 'entries'],
  mapping: ['memory', 'state', 'entries', 'object'],
  // Agents do not know one another: what one tells another goes through a hook.
  reclaim: BELOW_AGENTS,
  huge: BELOW_AGENTS,
  ksm: BELOW_AGENTS,
  settings: ['memory', 'state', 'huge', 'ksm'],
  machine: [...BELOW_AGENTS, 'reclaim', 'huge', 'ksm', 'settings'],
  advice: BELOW_CALLS,
  check: BELOW_CALLS,
  'policy-calls': [],
  kernel: [...BELOW_CALLS, 'advice', 'policy-calls'],
  program: [...BELOW_CALLS, 'advice', 'kernel'],
  measure: [...BELOW_CALLS, 'policy-calls', 'program'],
  follower: [...BELOW_CALLS, 'advice', 'policy-calls', 'kernel'],
  target: [...BELOW_CALLS, 'advice', 'check', 'kernel', 'program', 'measure', 'follower'],
};

/** Files that import each other, types included. No circle has more than two. */
const PAIRS: readonly { readonly files: readonly [string, string]; readonly reason: string }[] = [
  {
    files: ['harness/machine/state/space.ts', 'harness/machine/state/vma.ts'],
    reason: 'a space is made of VMAs, and a VMA knows the space that it is part of',
  },
];

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

/** The folder or file in harness/machine/ that stands for a file in `MACHINE_FLOORS`; undefined for files elsewhere. */
function floorOf(path: string): string | undefined {
  const [top, folder, part] = relative(PACKAGE_ROOT, path).split(sep);
  return top === 'harness' && folder === 'machine' ? part?.replace(/\.[jt]s$/, '') : undefined;
}

/** The relative imports of a file, of types too: as written, and the path of what they name. */
function importsOf(path: string): { readonly statement: string; readonly target: string }[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => ({
    statement: match[1]!,
    target: join(dirname(path), match[1]!).replace(/\.js$/, '.ts'),
  }));
}

const FILES = [...sources(join(PACKAGE_ROOT, 'harness')), ...sources(join(PACKAGE_ROOT, 'workloads'))];

/** Imports that leave a part for one that it may not import, as `file: statement`. */
function offenders(
  part: (path: string) => string | undefined,
  allowed: Readonly<Record<string, readonly string[]>>,
): string[] {
  return FILES.flatMap((path) => {
    const own = part(path);
    if (own === undefined) return [];
    const mayImport = [own, ...(allowed[own] ?? [])];
    return importsOf(path)
      .filter(({ target }) => !mayImport.includes(part(target) ?? own))
      .map(({ statement }) => `${relative(PACKAGE_ROOT, path)}: ${statement}`);
  });
}

/** Sets of files that import each other in a circle (Tarjan 1972, "Depth-first search and linear graph algorithms"). */
function circles(files: readonly string[]): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    lowest.set(file, number);
    stack.push(file);
    for (const { target } of importsOf(file)) {
      if (!files.includes(target)) continue;
      const reached = order.has(target)
        ? stack.includes(target)
          ? order.get(target)!
          : number
        : visit(target);
      lowest.set(file, Math.min(lowest.get(file)!, reached));
    }
    if (lowest.get(file) === number) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) found.push(circle.map((path) => relative(PACKAGE_ROOT, path)).sort());
    }
    return lowest.get(file)!;
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found.sort();
}

describe('imports', () => {
  it('run downwards only', () => {
    expect(offenders(partOf, ALLOWED)).toEqual([]);
  });

  it('run downwards only inside machine/', () => {
    expect(offenders(floorOf, MACHINE_FLOORS)).toEqual([]);
  });

  it('are known for every folder', () => {
    expect([...new Set(FILES.map(partOf))].filter((part) => ALLOWED[part] === undefined)).toEqual([]);
    const floors = [...new Set(FILES.map(floorOf))].filter((part) => part !== undefined);
    expect(floors.filter((part) => MACHINE_FLOORS[part] === undefined)).toEqual([]);
    expect(Object.keys(MACHINE_FLOORS).filter((part) => !floors.includes(part))).toEqual([]);
  });

  it('make no circle, except the pairs that have a reason', () => {
    expect(circles(FILES)).toEqual(PAIRS.map(({ files }) => [...files]).sort());
  });
});

/** Places in modules that have a pattern: `file: what matched`. */
function placesOf(pattern: RegExp): string[] {
  return FILES.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(pattern)].map(
      (match) => `${relative(PACKAGE_ROOT, path)}: ${match[1]}`,
    ),
  ).sort();
}

describe('what the bundle of the command line relies on', () => {
  const bundle = readFileSync(join(PACKAGE_ROOT, 'harness', 'bundle.mjs'), 'utf8');

  it('each module that is loaded under a query string is in its list', () => {
    const queried = placesOf(/import\([^)]*`(\.[^`]*)\.js\?/g).map((place) => {
      const [file, name] = place.split(': ');
      return join(dirname(file!), name!);
    });
    const listed = /OWN_COPIES = \[([^\]]*)\]/.exec(bundle)![1]!.matchAll(/'([^']+)'/g);
    // Those that are imported at the top are modules of their own in the bundle.
    const atTop = 'policy/reclaim/structures/list-policy';
    expect(queried).toEqual(
      [...[...listed].map((match) => match[1]!), atTop].map((name) => join('harness', name)).sort(),
    );
    expect(bundle).toContain("'./structures/list-policy.js?own-");
  });

  it('each module that a thread or process starts from is in its list', () => {
    const started = placesOf(/entryFile\(('[^)]*')\)/g).map((place) => place.split(': ')[1]!);
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter((parts) => !bundle.includes(`[${parts}]`))).toEqual([]);
  });

  it('modules do not look for files by their own place, which differs in a bundle', () => {
    // These find their own module, a package, or the root of this one.
    expect([...new Set(placesOf(/(import\.meta\.\w+)/g))]).toEqual([
      'harness/base/package-root.ts: import.meta.url',
      'harness/experiment/code.ts: import.meta.url',
      'harness/policy/border/border.ts: import.meta.url',
      'harness/report/render/packages.ts: import.meta.url',
      'harness/report/render/png.ts: import.meta.url',
      'harness/stats/random.ts: import.meta.url',
      'harness/trace/io/xz.ts: import.meta.url',
    ]);
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
