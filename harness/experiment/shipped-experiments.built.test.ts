import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { chooseLive, LIVE_DEFAULTS } from '../live/choice.js';
import { readExperiment } from './file.js';
import { checkAxes, planCells } from './plan.js';
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
