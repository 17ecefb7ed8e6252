import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError } from '../base/errors.js';
import { DISK } from '../output/disk.js';
import { FailingDisk } from '../testing/disk.js';
import { temporaryFolder } from '../testing/folder.js';
import { fooledBy } from '../testing/gate-edits.js';
import { readResults } from './read/results.js';
import { updateBaseline } from './update.js';

const folder = temporaryFolder('reclaim-update-');
const FILES = ['runs.csv', 'draws.csv', 'manifest.json'];
const contents = (path: string) => FILES.map((name) => readFileSync(join(path, name), 'utf8'));

it.each(['ENOSPC', 'crash'] as const)(
  '%s at any change leaves the baseline of before, the new one, or one that is refused',
  (failure) => {
    fooledBy(folder(), { side: 'candidate', row: 0, column: 'pgfault', text: '999' });
    const candidate = readResults(join(folder(), 'candidate'));
    const wanted = join(folder(), `wanted-${failure}`);
    updateBaseline(wanted, candidate, DISK);
    const before = contents(join(folder(), 'baseline'));
    const seen = new Set<string>();
    for (let change = 0; ; change++) {
      const path = join(folder(), `${failure}-${change}`);
      mkdirSync(path);
      cpSync(join(folder(), 'baseline'), path, { recursive: true });
      const disk = new FailingDisk(change, failure);
      const update = () => updateBaseline(path, candidate, disk);
      if (change < 10) expect(update).toThrow();
      else update();
      const now = contents(path);
      if (now.join() === before.join()) seen.add('before');
      else if (now.join() === contents(wanted).join()) seen.add('new');
      else {
        expect(() => readResults(path)).toThrow(InputError);
        seen.add('refused');
      }
      if (failure === 'ENOSPC') expect(readdirSync(path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      if (!disk.failed) break;
    }
    expect([...seen].sort()).toEqual(['before', 'new', 'refused']);
  },
);
