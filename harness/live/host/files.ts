import { mkdtempSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../../contract/refusal.js';
import type { Guard } from '../../guard/guard.js';
import { AS_ASKED } from '../system.js';

/** Types of file systems in memory. Source: include/uapi/linux/magic.h. */
const IN_MEMORY = [0x01021994, 0x858458f6];

/** Whether what a folder holds is in memory only. */
export function isInMemory(folder: string): boolean {
  return IN_MEMORY.includes(statfsSync(folder).type);
}

function mayChangeReadAhead(): boolean {
  return process.getuid?.() === 0;
}

/** The file that says how far the device of a folder is read ahead. */
function readAheadOf(folder: string): string {
  const { dev } = statSync(folder, { bigint: true });
  // As makedev(3): 12 bits of the major number, 20 of the minor one; more are not in use.
  const [major, minor] = [(dev >> 8n) & 0xfffn, (dev & 0xffn) | ((dev >> 12n) & 0xfff00n)];
  return `/sys/class/bdi/${major}:${minor}/read_ahead_kb`;
}

/**
 * A folder for the files of a trace, on a disk.
 *
 * @param cache the folder that it is made in
 * @param readAheadKib how far they are read ahead, where that may be set
 * @throws Refusal where that is in memory
 */
export function makeFilesFolder(guard: Guard, cache: string, readAheadKib: number): string {
  if (isInMemory(cache))
    throw new Refusal(
      `files of a trace need a disk, and ${cache} is in memory (XDG_CACHE_HOME names another)`,
    );
  const folder = mkdtempSync(join(cache, 'files-'));
  guard.journal({ kind: 'folder', path: folder });
  useReadAhead(guard, folder, readAheadKib);
  return folder;
}

/** Sets how far files that are opened later in a folder are read ahead, in KiB, where that may be set. */
export function useReadAhead(guard: Guard, folder: string, kib: number): void {
  if (mayChangeReadAhead()) guard.set(readAheadOf(folder), String(kib));
}

/** How far files of a trace in a cache folder are read ahead, in KiB: `AS_ASKED` where that is set, undefined where its file system does not say. */
export function readAheadIn(cache: string): string | undefined {
  if (mayChangeReadAhead()) return AS_ASKED;
  try {
    return readFileSync(readAheadOf(cache), 'utf8').trim();
  } catch {
    return undefined;
  }
}
