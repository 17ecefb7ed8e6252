import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../base/package-root.js';
import { VERSION } from '../metrics/host.js';

/** Hash of the program as built, or of folders of it: what another build gives may differ. */
export function codeHash(...folders: readonly string[]): string {
  const hash = createHash('sha256').update(VERSION);
  for (const folder of folders) {
    const root = packageFile('dist', ...folder.split('/'));
    for (const name of (readdirSync(root, { recursive: true }) as string[]).sort()) {
      if (name.endsWith('.js')) hash.update(name).update(readFileSync(join(root, name)));
    }
  }
  return hash.digest('hex');
}
