import { mergeConfig } from 'vitest/config';
import config from './vitest.config.js';

export default mergeConfig(
  { ...config, test: { ...config.test, include: [], exclude: [] } },
  {
    test: {
      include: ['harness/**/*.system.test.ts'],
      exclude: ['**/node_modules/**', 'dist/**'],
      testTimeout: 900_000,
      hookTimeout: 900_000,
      // Packing builds anew, and all of them use what is built.
      fileParallelism: false,
    },
  },
);
