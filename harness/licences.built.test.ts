import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, packageFile } from './base/package-root.js';
import { temporaryFolder } from './testing/folder.js';

const folder = temporaryFolder('reclaim-supply-');

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly version: string }>>;
}
const lock: Lock = JSON.parse(readFileSync(packageFile('package-lock.json'), 'utf8'));

describe('what the package brings along', () => {
  it('has licences that are known to be fine, every package listed', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [packageFile('harness', 'licences.mjs')], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toHaveLength(Object.keys(lock.packages).length - 1);
    expect(stdout).toMatch(/^png-js@\S+\tMIT\tproduction\tfrom its file LICENSE$/m);
    expect(stdout).toMatch(/^axe-core@\S+\tMPL-2\.0\tdevelopment\t/m);
  });

  it('is in its bill of materials, the same bytes each time', () => {
    const write = (name: string) => {
      const file = join(folder(), name);
      const { status, stderr } = spawnSync(process.execPath, [packageFile('harness', 'sbom.mjs'), file], {
        cwd: PACKAGE_ROOT,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      return readFileSync(file, 'utf8');
    };
    const text = write('a.json');
    expect(write('b.json')).toBe(text);
    const bill = JSON.parse(text);
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'reclaim-bench' } },
    });
    const shipped = Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`);
    const listed = bill.components.map((component: { 'bom-ref': string }) => component['bom-ref']);
    expect(listed.sort()).toEqual([...new Set(shipped)].sort());
  });
});
