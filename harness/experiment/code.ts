import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../metrics/host.js';

const SELF = fileURLToPath(import.meta.url);
/** The folder of harness/ and workloads/ as they run: built (.js), or from source (.ts) in tests. */
const ROOT = dirname(dirname(dirname(SELF)));
const EXTENSION = extname(SELF);

function isCode(name: string): boolean {
  return name.endsWith(EXTENSION) && !name.endsWith('.d.ts') && !name.endsWith('.test.ts');
}

/** Hash of the program as it runs, or of folders of it: another version may compute something else. */
export function codeHash(...folders: readonly string[]): string {
  const hash = createHash('sha256').update(VERSION);
  for (const folder of folders) {
    const root = join(ROOT, folder);
    for (const name of (readdirSync(root, { recursive: true }) as string[]).sort())
      if (isCode(name)) hash.update(name).update(readFileSync(join(root, name)));
  }
  return hash.digest('hex');
}
