import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingCompiler } from '../base/native.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { cannot } from '../testing/system.js';
import { denseString } from './strings.js';
import { timePolicy } from './time-policy.js';
import { buildTwin, runTwin, twinNames } from './twins.js';

const missing = missingCompiler();
if (missing) cannot(missing);

const registered = new Set(reclaimPolicies.all().map(({ name }) => name));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-twins-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Pages of which some come often, so that policies have something to distinguish. */
const pages = fc.array(fc.oneof(fc.nat(9), fc.nat(79)), { minLength: 1, maxLength: 1500, size: 'max' });

describe.skipIf(missing !== undefined)('twins in C', () => {
  for (const name of twinNames().filter((twin) => registered.has(twin))) {
    it(`${name} compiles without warnings and misses as often as ours`, async () => {
      const file = join(folder, `${name}.ids`);
      const program = await buildTwin(name, ['-Wall', '-Werror']);
      await fc.assert(
        fc.asyncProperty(pages, fc.integer({ min: 1, max: 60 }), async (sequence, capacity) => {
          const reference = denseString(name, sequence.length, (i) => sequence[i]!);
          writeFileSync(file, reference.ids);
          const { misses } = await timePolicy(name, { name, reference, capacity }, 'js');
          expect((await runTwin(program, file, capacity)).misses).toBe(misses);
        }),
        // A process each. The same sources as WebAssembly are compared request by request, sixty times a policy:
        // mrc/wasm-simulation.test.ts.
        { numRuns: 10 },
      );
    });
  }
});
