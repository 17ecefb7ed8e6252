import { expect, it } from 'vitest';
import { kills } from '../testing/campaign/kills.js';

it('kill -9 at 20 moments costs the running cells at most', async () => {
  const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
  expect(await kills(seeds)).toEqual({ tried: 20, failed: 0, seeds: [], notes: [] });
});
