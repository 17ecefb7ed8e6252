import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE } from '../base/package-root.js';
import { VERSION } from '../metrics/host.js';

const SELF = fileURLToPath(import.meta.url);
/** The folder of harness/ and workloads/ as they run: built (.js), or from source (.ts) in tests. */
const ROOT = dirname(dirname(dirname(SELF)));
const EXTENSION = extname(SELF);
/** What the modules of a bundle are made of: the hash of each by its path. Written by harness/bundle.mjs. */
const BUNDLED = 'code.json';

function isCode(name: string): boolean {
  return name.endsWith(EXTENSION) && !name.endsWith('.d.ts') && !name.endsWith('.test.ts');
}

/** SHA-256 of the modules below some folders, by their paths. */
function moduleHashes(folders: readonly string[]): [path: string, sha256: string][] {
  if (BUNDLE) {
    const all = JSON.parse(readFileSync(join(BUNDLE, BUNDLED), 'utf8')) as Record<string, string>;
    return Object.entries(all).filter(([path]) => folders.some((folder) => path.startsWith(`${folder}/`)));
  }
  return folders.flatMap((folder) =>
    (readdirSync(join(ROOT, folder), { recursive: true }) as string[]).filter(isCode).map((name) => {
      const path = join(folder, name);
      return [
        path.replaceAll(sep, '/'),
        createHash('sha256')
          .update(readFileSync(join(ROOT, path)))
          .digest('hex'),
      ] as [string, string];
    }),
  );
}

/** Hash of the program as it runs, or of folders of it: another version may compute something else. */
export function codeHash(...folders: readonly string[]): string {
  const sorted = moduleHashes(folders).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([VERSION, sorted]))
    .digest('hex');
}
