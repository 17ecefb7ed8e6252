import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A folder for the tests of a file, which is there while they run; asked for by calling what this gives. */
export function temporaryFolder(prefix: string): () => string {
  let path = '';
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), prefix));
  });
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
