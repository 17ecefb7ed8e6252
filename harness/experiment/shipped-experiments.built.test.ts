import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { chooseLive, LIVE_DEFAULTS } from '../live/choice.js';
import type { Row } from '../metrics/csv.js';
import { memoryFolder } from '../testing/folder.js';
import { readExperiment } from './file.js';
import { checkAxes, planCells } from './plan.js';
import { runExperiment } from './run.js';
import { resolveTrace } from './traces.js';

const FOLDER = packageFile('workloads', 'experiments');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

function read(name: string) {
  return readExperiment(join(FOLDER, `${name}.yaml`));
}

describe('shipped experiments', () => {
  // A plan needs some kernel image to name, and boots none.
  beforeAll(() => chooseLive({ ...LIVE_DEFAULTS, kernel: packageFile('package.json') }));

  for (const name of files) {
    const experiment = readExperiment(join(FOLDER, name));

    it(`${name} reads, says what it is for, and names traces that are there`, () => {
      expect(experiment.name).toBe(basename(name, '.yaml'));
      expect(experiment.description.length).toBeGreaterThan(100);
      const labels = experiment.traces.map(({ entry }) => resolveTrace(entry, FOLDER).label);
      expect(new Set(labels).size).toBe(labels.length);
    });

    it(`${name} can be planned: its policies are known, and savings have a base`, () => {
      checkAxes(experiment);
      expect(experiment.discard).toContain('keep');
      expect(experiment.merge).toContain('none');
      const traces = experiment.traces.map(() => ({ peakPages: 1000, pageBytes: 4096, replicate: 1 }));
      const cells = planCells(experiment, traces);
      expect(cells.length).toBeGreaterThan(0);
      expect(cells.length).toBeLessThan(600);
    });
  }
});

async function run(name: string): Promise<readonly Row[]> {
  const out = mkdtempSync(join(memoryFolder(), 'reclaim-shipped-'));
  try {
    const options = { out, workers: 2, resume: false, policyModules: [], command: 'test' };
    return (await runExperiment(read(name), options)).runs;
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

describe('the arithmetic of guests-in-16gib', () => {
  const GUESTS = 52;
  const PAGES = 2 ** 18;
  const needed = (metadataBytes: number) => {
    const left = 2 ** 34 - metadataBytes;
    return { mib: left / GUESTS / 2 ** 20, share: 1 - left / GUESTS / 2 ** 30 };
  };

  it('is the one in its description', () => {
    const { description } = read('guests-in-16gib');
    expect(needed(0).mib).toBeCloseTo(315.1, 1);
    expect(needed(0).share).toBeCloseTo(0.692, 3);
    expect(GUESTS * PAGES * 64).toBe(832 * 2 ** 20);
    expect(needed(832 * 2 ** 20).mib).toBeCloseTo(299.1, 1);
    expect(needed(832 * 2 ** 20).share).toBeCloseTo(0.708, 3);
    for (const figure of ['315 MiB', '69.2 %', '70.8 %', '299 MiB', '832 MiB', '13.63 million'])
      expect(description).toContain(figure);
  });

  it('needs these overlaps of what is not zero: z + overlap (1 - z) 51/52 is the share', () => {
    const overlap = (zeroed: number, share: number) => (share - zeroed) / ((1 - zeroed) * (51 / 52));
    const frontier = (share: number) => [0.2, 0.4, 0.6].map((z) => Number(overlap(z, share).toFixed(2)));
    expect(frontier(needed(0).share)).toEqual([0.63, 0.5, 0.24]);
    expect(frontier(needed(832 * 2 ** 20).share)).toEqual([0.65, 0.52, 0.28]);
  });
});
