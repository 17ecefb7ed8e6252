import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const FOLDERS = ['harness', 'workloads'];
/** Caches of tests are not those of the user. */
export const ENV = { XDG_CACHE_HOME: join(tmpdir(), 'reclaim-bench-test-cache') };

export default defineConfig({
  test: {
    // Two cores are what the time of all tests is promised for; the default leaves one of them idle.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
          exclude: ['**/*.system.test.ts', '**/*.built.test.ts', '**/node_modules/**'],
          setupFiles: ['./vitest.setup.ts'],
          env: ENV,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Workers and the command line are tested as built.
        test: {
          name: 'built',
          include: FOLDERS.map((folder) => `${folder}/**/*.built.test.ts`),
          exclude: ['**/node_modules/**'],
          globalSetup: ['./vitest.global-setup.ts'],
          setupFiles: ['./vitest.setup.ts'],
          env: ENV,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
