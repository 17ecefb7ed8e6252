import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import type { Row } from '../metrics/csv.js';
import { memoryFolder } from '../testing/folder.js';
import { readExperiment } from './file.js';
import { runExperiment } from './run.js';

const FOLDER = packageFile('workloads', 'experiments');

async function run(name: string): Promise<readonly Row[]> {
  const out = mkdtempSync(join(memoryFolder(), 'reclaim-shipped-'));
  try {
    const options = { out, workers: 2, resume: false, policyModules: [], command: 'test' };
    return (await runExperiment(readExperiment(join(FOLDER, `${name}.yaml`)), options)).runs;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const parameter = (row: Row, name: string) =>
  new RegExp(`[:,]${name}=([^,]+)`).exec(row.trace as string)?.[1];

describe('xip-crossover', () => {
  it('crosses at 64 guests with struct pages of 64 bytes, and at 128 with 32', async () => {
    const rows = await run('xip-crossover');
    const imageBytes = 256 * 4096;
    const above = (bytes: string | undefined) =>
      rows
        .filter((row) => parameter(row, 'image') === 'xip-struct')
        .filter((row) => parameter(row, 'struct_page_bytes') === bytes)
        .map((row) => [
          Number(parameter(row, 'guests')),
          Math.sign((row.struct_page_bytes as number) - imageBytes),
        ]);
    expect(above(undefined)).toEqual([
      [1, -1],
      [4, -1],
      [16, -1],
      [63, -1],
      [64, 0],
      [65, 1],
      [100, 1],
      [128, 1],
      [256, 1],
      [512, 1],
    ]);
    expect(above('32')).toEqual([
      [64, -1],
      [100, -1],
      [127, -1],
      [128, 0],
      [129, 1],
    ]);
    const cached = rows.filter((row) => parameter(row, 'image') === 'file');
    expect(cached.every((row) => row.resident_pages_end === 256)).toBe(true);
  });
});

describe('ksm-smart-scan', () => {
  it('merges late pages of guests in phase, and none of guests out of it; without smart scan all', async () => {
    const rows = (await run('ksm-smart-scan')).filter((row) => String(row.trace).startsWith('late:'));
    for (const row of rows) {
      const guests = Number(parameter(row, 'guests') ?? 3);
      const skew = Number(parameter(row, 'skew_s') ?? 0);
      const inPhase = skew % 9 === 0;
      const plain = row.merge === 'ksm:pages_to_scan=10000,sleep_millisecs=1000';
      const all = row.merge !== 'none' && (inPhase || !plain);
      expect(row.resident_pages_end, `${row.trace} ${row.merge}`).toBe(all ? 512 : 512 * guests);
    }
  });
});
