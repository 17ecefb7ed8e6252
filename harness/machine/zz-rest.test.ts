import { expect, it } from 'vitest';
import { fuzzRest } from '../testing/fuzz/rest.js';
for (const seed of [1,2,3,4]) it(`s${seed}`, async () => {
  const r = await fuzzRest({ seed, runs: 60, size: 150 });
  console.log(r.traces, r.invalid, r.events);
  expect(r.failure).toBeUndefined();
}, 400_000);
