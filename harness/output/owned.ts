import { createHash } from 'node:crypto';
import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jsonText } from '../base/json.js';
import type { Pauses } from '../base/pauses.js';
import { LOCK } from './lock.js';
import { type Content, isTemporary } from './whole.js';

/** The file of a folder of results that lists every other file that was written there, with its SHA-256. */
export const LIST = 'files.json';
/** The folder below one of results that a run is in until it is complete. */
export const UNFINISHED = 'unfinished';
/** The list of files of a run that is complete; while it is there, the run is taking its place. */
export const COMMIT = join(UNFINISHED, 'commit.json');

const WRITER = 'reclaim-bench';

/**
 * The path of a file of a folder of results: in `unfinished` while a complete run is taking its place, and it has not moved
 * yet.
 */
export function resultPath(folder: string, name: string): string {
  const path = join(folder, name);
  if (!existsSync(join(folder, COMMIT))) return path;
  const staged = join(folder, UNFINISHED, name);
  return existsSync(staged) ? staged : path;
}

/** SHA-256 by the path of a file below the folder. */
export type Hashes = ReadonlyMap<string, string>;

/** A list of files, as the text of `LIST`. `next` are those that are about to be written. */
export function listText(files: Hashes, next: Hashes = new Map()): string {
  const sorted = (hashes: Hashes) => Object.fromEntries([...hashes].sort(([a], [b]) => (a < b ? -1 : 1)));
  const list = { writer: WRITER, files: sorted(files), ...(next.size > 0 && { next: sorted(next) }) };
  return jsonText(list, 1);
}

/** Reads a list; undefined where there is none, or another program wrote it. */
export function readList(
  path: string,
): { files: Map<string, string>; next: Map<string, string> } | undefined {
  try {
    const { writer, files, next = {} } = JSON.parse(readFileSync(path, 'utf8'));
    if (writer !== WRITER || typeof files !== 'object') return undefined;
    return { files: new Map(Object.entries(files)), next: new Map(Object.entries(next)) };
  } catch {
    return undefined;
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of what a file is to hold. @param pauses lets events be handled meanwhile */
export async function contentHash(content: Content, pauses: Pauses): Promise<string> {
  await pauses.now();
  if (typeof content === 'string' || content instanceof Uint8Array) return sha256(content);
  const hash = createHash('sha256');
  for (const part of content) {
    hash.update(part);
    await pauses.now();
  }
  return hash.digest('hex');
}

/** The SHA-256 of a file; undefined where there is no plain file that can be read. */
export function hashOf(path: string): string | undefined {
  try {
    return lstatSync(path).isFile() ? sha256(readFileSync(path)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Which files of a folder of results were written by this program, and not changed since: those whose content has the hash
 * that a list has of it. A name alone says nothing.
 */
export class Owned {
  private constructor(
    private readonly folder: string,
    private readonly lists: readonly Hashes[],
    /** What the folder's own list has: the files of its last complete run, and what was added. */
    readonly files: Hashes,
    private readonly hasList: boolean,
  ) {}

  static read(folder: string): Owned {
    const list = readList(join(folder, LIST));
    const commit = readList(join(folder, COMMIT));
    const lists = [list?.files, list?.next, commit?.files].filter((files) => files !== undefined);
    const files = new Map(list?.files);
    for (const [name, hash] of list?.next ?? [])
      if (hashOf(join(folder, name)) === hash) files.set(name, hash);
    return new Owned(folder, lists, files, list !== undefined);
  }

  /** Whether a file is there that is not ours, or its folder is not a folder: neither may be replaced or removed. */
  isForeign(name: string): boolean {
    const above = lstatSync(join(this.folder, dirname(name)), { throwIfNoEntry: false });
    if (dirname(name) !== '.' && above && !above.isDirectory()) return true;
    const path = join(this.folder, name);
    if (!lstatSync(path, { throwIfNoEntry: false })) return false;
    const listed = this.lists.flatMap((files) => files.get(name) ?? []);
    // The file of a user may be large: it is read only if it may be ours.
    if (listed.length === 0) return true;
    const hash = hashOf(path);
    return hash === undefined || !listed.includes(hash);
  }

  /** The first file in the folder that is not ours; undefined where all are. */
  firstForeign(): string | undefined {
    return this.foreignBelow('');
  }

  private foreignBelow(folder: string): string | undefined {
    const entries = readdirSync(join(this.folder, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = join(folder, entry.name);
      const found = entry.isDirectory() ? this.foreignInFolder(name) : this.foreignFile(name, entry);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private foreignFile(name: string, entry: Dirent): string | undefined {
    if (name === LIST ? this.hasList : name.startsWith(LOCK) || isTemporary(entry.name)) return undefined;
    return this.isForeign(name) ? name : undefined;
  }

  private foreignInFolder(name: string): string | undefined {
    if (name === UNFINISHED && isMarked(join(this.folder, UNFINISHED)))
      return foreignInUnfinished(join(this.folder, UNFINISHED));
    return this.foreignBelow(name);
  }
}

/** The file that makes a folder `UNFINISHED` one of ours. */
export const MARK = 'run.json';
/** The folder of finished cells, below that of results and below `UNFINISHED`. */
export const CELLS = 'cells';

/** The name of the file of a finished cell. */
export const CELL_NAME = /^[0-9a-f]{64}\.json$/;

/** The files of a folder `UNFINISHED` besides finished cells, as its mark names them: they are written again whenever a run goes on. */
export function stagedNames(folder: string): Set<string> {
  const marked = readList(join(folder, MARK))?.files.keys() ?? [];
  return new Set([...marked, MARK, 'commit.json']);
}

/** Whether a folder `UNFINISHED` was made by this program. */
export function isMarked(folder: string): boolean {
  return readList(join(folder, MARK)) !== undefined;
}

function foreignInUnfinished(folder: string): string | undefined {
  const entries = readdirSync(folder, { withFileTypes: true });
  const staged = stagedNames(folder);
  const others = entries.filter((entry) =>
    entry.isFile()
      ? !staged.has(entry.name) && !isTemporary(entry.name)
      : !entry.isDirectory() || entry.name !== CELLS,
  );
  if (others.length > 0) return join(UNFINISHED, others[0]!.name);
  if (!existsSync(join(folder, CELLS))) return undefined;
  const cells = readdirSync(join(folder, CELLS), { withFileTypes: true });
  const other = cells.find(
    (entry) => !entry.isFile() || !(CELL_NAME.test(entry.name) || isTemporary(entry.name)),
  );
  return other && join(UNFINISHED, CELLS, other.name);
}
