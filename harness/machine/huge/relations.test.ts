import { expect, it } from 'vitest';
import { fuzzRest } from '../../testing/fuzz/rest.js';
import { propertyRuns } from '../../testing/property-runs.js';

it('relations hold of random traces of memory that may be huge', async () => {
  const { failure, invalid, traces, relations } = await fuzzRest({
    seed: 21,
    runs: propertyRuns(30),
    size: 40,
    huge: true,
  });
  expect(failure).toBeUndefined();
  expect(relations).toBeGreaterThan(traces);
  expect(invalid).toBeLessThan(traces / 2);
}, 120_000);
