import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it. Returns the topmost that it made, undefined when the folder was there. Does not use
 * the recursive mkdir of Node, which never returns where the kernel answers ENOENT although the parent is there (/proc).
 *
 * @param mode of what it makes, as of mkdir; by default 0777 less the umask
 * @throws the error of the file system; what was made until then is left
 */
export function makeFolder(folder: string, mode?: number): string | undefined {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path, mode);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (!existsSync(path)) throw error;
    }
  }
  return missing[0];
}
