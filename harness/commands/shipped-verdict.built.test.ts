import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { readExperiment } from '../experiment/file.js';
import { runExperiment } from '../experiment/run.js';
import type { RunRow } from '../metrics/files.js';
import { ResultsFolder } from '../metrics/results.js';
import { memoryFolder } from '../testing/folder.js';

const EXPERIMENT = `name: default
families: {guests: [{workload: uml-hotplug}]}
discard: [keep, remove]
backing: [recorded, anon]
limits: [none, 50%]
replicates: 2
`;

/** What tells a cell from others; its number depends on which others were run. */
function keyOf({ trace, replicate, backing, limit, discard }: RunRow): string {
  return [trace, replicate, backing, limit, discard].join();
}

it('the shipped verdict is of this program: replayed cells have the same rows', async () => {
  const folder = mkdtempSync(join(memoryFolder(), 'reclaim-shipped-'));
  try {
    const file = join(folder, 'some.yaml');
    writeFileSync(file, EXPERIMENT);
    const out = join(folder, 'out');
    await runExperiment(readExperiment(file), {
      out,
      workers: 2,
      resume: false,
      policyModules: [],
      command: '',
    });
    const shipped = ResultsFolder.open(packageFile('results', 'verdict')).rows('runs.csv');
    const runs = ResultsFolder.open(out).rows('runs.csv');
    const byKey = new Map(shipped.map((row) => [keyOf(row), row]));
    expect(runs).toHaveLength(16);
    for (const row of runs) {
      const known = byKey.get(keyOf(row));
      expect({ ...known, cell: 0 }, `${keyOf(row)} is stale: npm run verdict`).toEqual({ ...row, cell: 0 });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
