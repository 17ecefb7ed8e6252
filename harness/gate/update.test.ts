import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../base/errors.js';
import { DISK } from '../output/disk.js';
import { resultPath } from '../output/owned.js';
import { FailingDisk } from '../testing/disk.js';
import { temporaryFolder } from '../testing/folder.js';
import { fooledBy } from '../testing/gate-edits.js';
import { readResults } from './read/results.js';
import { updateBaseline } from './update.js';

const folder = temporaryFolder('reclaim-update-');
const FILES = ['runs.csv', 'draws.csv', 'manifest.json'];
const contents = (path: string) => FILES.map((name) => readFileSync(resultPath(path, name), 'utf8'));

it.each(['ENOSPC', 'crash'] as const)(
  '%s at any change leaves the baseline of before or the new one',
  (failure) => {
    fooledBy(folder(), { side: 'candidate', row: 0, column: 'pgfault', text: '999' });
    const candidate = readResults(join(folder(), 'candidate'));
    const wanted = join(folder(), `wanted-${failure}`);
    updateBaseline(wanted, candidate, DISK);
    const before = contents(join(folder(), 'baseline'));
    const seen = new Set<string>();
    for (let change = 0, failed = true; failed; change++) {
      const path = join(folder(), `${failure}-${change}`);
      mkdirSync(path);
      cpSync(join(folder(), 'baseline'), path, { recursive: true });
      const disk = new FailingDisk(change, failure);
      try {
        updateBaseline(path, candidate, disk);
      } catch (error) {
        if (failure !== 'crash') expect(error).toBeInstanceOf(HostError);
      }
      failed = disk.failed;
      const now = contents(path).join();
      expect([before.join(), contents(wanted).join()], String(change)).toContain(now);
      expect(() => readResults(path)).not.toThrow();
      seen.add(now === before.join() ? 'before' : 'new');
      updateBaseline(path, candidate, DISK);
      expect(contents(path), String(change)).toEqual(contents(wanted));
      expect(readdirSync(path, { recursive: true }).sort()).toEqual([...FILES].sort());
    }
    expect([...seen].sort()).toEqual(['before', 'new']);
  },
);
