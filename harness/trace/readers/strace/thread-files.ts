import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../../../base/errors.js';
import { STDIN } from '../../io/input.js';

/** A file of strace -ff -o PREFIX: PREFIX.ID. */
export interface ThreadPath {
  readonly path: string;
  readonly thread: number;
}

/** Names of such files, compressed or not. */
const NAME = /^(.+)\.(\d+)(?:\.(?:gz|br|zst|xz|bz2))?$/;

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch {
    return [];
  }
}

function kindOf(path: string): 'file' | 'folder' | 'nothing' {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 'nothing';
  return stats.isDirectory() ? 'folder' : 'file';
}

/** Files of a folder that have the names of logs of threads, by their prefix. */
function logsIn(folder: string): Map<string, ThreadPath[]> {
  const logs = new Map<string, ThreadPath[]>();
  for (const entry of entries(folder)) {
    const match = NAME.exec(entry.name);
    if (!match || entry.isDirectory()) continue;
    const [, prefix, id] = match;
    const log = logs.get(prefix!) ?? [];
    log.push({ path: join(folder, entry.name), thread: Number(id) });
    logs.set(prefix!, log);
  }
  return logs;
}

/** The files that hold something, by their ids; a thread that was killed at once has an empty one. */
function byThread(log: readonly ThreadPath[] | undefined): ThreadPath[] | undefined {
  const written = log?.filter(({ path }) => statSync(path).size > 0).sort((a, b) => a.thread - b.thread);
  return written && written.length > 0 ? written : undefined;
}

/**
 * The files of a log of strace -ff, which has one for each thread, in the order of their ids; empty ones are left out.
 *
 * @param path the folder of the files, or their common prefix
 * @returns undefined where the path is of a file, or there are no such files
 * @throws InputError for a folder with other files, or with files of several logs
 */
export function findThreadFiles(path: string): ThreadPath[] | undefined {
  const kind = path === STDIN ? 'file' : kindOf(path);
  if (kind === 'file') return undefined;
  if (kind === 'nothing') return byThread(logsIn(dirname(path)).get(basename(path)));
  const logs = logsIn(path);
  if (logs.size === 0) return undefined;
  const prefixes = [...logs.keys()];
  if (prefixes.length > 1)
    throw new InputError(
      `this folder has logs of several programs (${prefixes.slice(0, 3).join(', ')}), expected one of ${join(path, prefixes[0]!)} and so on`,
      { file: path },
    );
  const log = logs.get(prefixes[0]!)!;
  const other = entries(path).find(({ name }) => !log.some((file) => basename(file.path) === name));
  if (!other) return byThread(log);
  throw new InputError(
    `this folder has other files than logs of threads (${other.name}), expected ${join(path, prefixes[0]!)}, without the id of a thread`,
    { file: path },
  );
}
