import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A file system in memory, where the host has one. */
const IN_MEMORY = '/dev/shm';

/**
 * Where a test makes small files by the thousand: in memory, since it would wait for the disk most of the time. Programs may
 * not be run from there everywhere.
 */
export function memoryFolder(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    return IN_MEMORY;
  } catch {
    return tmpdir();
  }
}

/** A temporary folder for the tests of a file, there while they run. Returns a function that returns its path. */
export function temporaryFolder(prefix: string, parent = tmpdir()): () => string {
  let path = '';
  beforeAll(() => {
    path = mkdtempSync(join(parent, prefix));
  });
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
