import { defineConfig } from 'vitest/config';
import { ENV, PROPERTY_PROJECTS } from './vitest.config.js';

export default defineConfig({
  test: {
    // Packing builds again, and all of them use what is built.
    fileParallelism: false,
    projects: [
      {
        test: {
          name: 'system',
          include: ['harness/**/*.system.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['./vitest.global-setup.mjs'],
          env: ENV,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      ...PROPERTY_PROJECTS,
    ],
  },
});
