import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const FOLDERS = ['harness', 'workloads'];
const UNIT = FOLDERS.flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !/\.(system|built)\.test\.ts$/.test(name))
    .map((name) => join(folder, name)),
);
/** What a file changes for those after it, where they share modules: it replaces one, or adds to the registries of policies. */
const CHANGES_MODULES =
  /\bvi\.(mock|doMock)\(|\bloadPolicyModule\(|\b(discard|reclaim|merge|purge)Policies\.add\(/;
const ALONE = matching(CHANGES_MODULES);
/** Unit tests of costly properties. */
const PROPERTIES = matching(/\bpropertyRuns\(/);

function matching(text: RegExp): string[] {
  return UNIT.filter((file) => text.test(readFileSync(join(import.meta.dirname, file), 'utf8')));
}

/** Caches of tests are not those of the user; compiled code is shared also by those that have a cache of their own. */
export const ENV = {
  XDG_CACHE_HOME: join(tmpdir(), 'reclaim-bench-test-cache'),
  NODE_COMPILE_CACHE: join(tmpdir(), 'reclaim-bench-test-code'),
};

/** Files that take longest, the longest first: were one of them the last, one of two processes would wait for it. */
const LONGEST = [
  'trace/io/pipes.built',
  'sweep/sweep.built',
  'readme.built',
  'commands/policy-module.built',
  'commands/commands.built',
  'commands/environment.built',
  'commands/init.built',
  'experiment/experiment.built',
  'experiment/shipped',
  'machine/machine',
  'bench/validation/live/rows',
  'policy/border/border',
  'modules/check/check',
].map((name) => `/harness/${name}.test.ts`);

/** Longest files first, of each project. Vitest knows times of earlier runs only where node_modules has not been installed again. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((name) => moduleId.endsWith(name));
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      const place = ({ moduleId }: TestSpecification) => LONGEST.findIndex((name) => moduleId.endsWith(name));
      const long = own.filter(isLong).sort((a, b) => place(a) - place(b));
      return [...long, ...own.filter((file) => !isLong(file))];
    });
  }
}

/**
 * What is new may take 64 MiB before garbage is collected: with V8's own 16, which it begins far below, copying what is still in
 * use takes a tenth of the time of tests that make and drop machines.
 */
const HEAP = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
const TESTS = {
  setupFiles: ['./vitest.setup.ts'],
  execArgv: HEAP,
  env: ENV,
  testTimeout: 120_000,
  hookTimeout: 120_000,
};
/**
 * Tests that share modules, which Node itself loads: starting a process and loading the program for each of 200 files is a
 * third of their time, and code that Vitest has loaded is slower.
 */
const SHARED = {
  ...TESTS,
  isolate: false,
  setupFiles: ['./harness/testing/typescript.mjs', ...TESTS.setupFiles],
  sequence: { setupFiles: 'list' } as const,
  experimental: { viteModuleRunner: false, nodeLoader: false },
};

/** Costly properties with all inputs that they try anywhere, of the seed of `npm cit`. */
export const PROPERTY_PROJECTS = [
  {
    test: {
      ...SHARED,
      name: 'properties',
      include: PROPERTIES,
      exclude: ALONE,
      env: { ...ENV, FC_SEED: '1' },
    },
  },
  {
    test: {
      ...TESTS,
      name: 'properties-alone',
      include: PROPERTIES.filter((file) => ALONE.includes(file)),
      env: { ...ENV, FC_SEED: '1' },
    },
  },
];

export default defineConfig({
  test: {
    // Two cores are what the time of all tests is promised for; the default leaves one of them idle.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...SHARED, name: 'unit', include: UNIT, exclude: ALONE } },
      { test: { ...TESTS, name: 'unit-alone', include: ALONE } },
      {
        // Workers and the command line are tested as built.
        test: {
          ...SHARED,
          name: 'built',
          include: FOLDERS.map((folder) => `${folder}/**/*.built.test.ts`),
          exclude: ['**/node_modules/**'],
          globalSetup: ['./vitest.global-setup.mjs'],
        },
      },
    ],
  },
});
