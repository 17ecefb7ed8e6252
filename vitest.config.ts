import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['harness/**/*.test.ts', 'workloads/**/*.test.ts'],
    exclude: ['**/*.system.test.ts', '**/node_modules/**', 'dist/**'],
    // Workers and the command line are tested as built.
    globalSetup: ['./vitest.global-setup.ts'],
    env: { XDG_CACHE_HOME: join(tmpdir(), 'reclaim-bench-test-cache') },
    // Two cores are what the time of all tests is promised for; the default leaves one of them idle.
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
