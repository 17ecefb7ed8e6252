import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const FOLDERS = ['harness', 'workloads'];
const UNIT = FOLDERS.flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !/\.(system|built)\.test\.ts$/.test(name))
    .map((name) => join(folder, name)),
);
/** What a file changes for those after it, where they share modules: it replaces one, or adds to the registries of policies. */
const CHANGES_MODULES =
  /\bvi\.(mock|doMock)\(|\bloadPolicyModule\(|\b(discard|reclaim|merge|purge)Policies\.add\(/;
const ALONE = UNIT.filter((file) =>
  CHANGES_MODULES.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
);
/** Caches of tests are not those of the user. */
export const ENV = { XDG_CACHE_HOME: join(tmpdir(), 'reclaim-bench-test-cache') };

const TESTS = {
  setupFiles: ['./vitest.setup.ts'],
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

export default defineConfig({
  test: {
    // Two cores are what the time of all tests is promised for; the default leaves one of them idle.
    maxWorkers: 2,
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
