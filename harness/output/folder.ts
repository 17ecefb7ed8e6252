import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HostError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { DISK, type Disk } from './disk.js';
import { Lock } from './lock.js';
import {
  CELL_NAME,
  CELLS,
  COMMIT,
  type Hashes,
  hashOf,
  isMarked,
  LIST,
  listText,
  MARK,
  Owned,
  readList,
  sha256,
  stagedNames,
  UNFINISHED,
} from './owned.js';
import { isTemporary, quietly, removeIfEmpty, removeTemporary, writeError, writeWhole } from './whole.js';

/** Files by their paths below a folder, such as `figures/memory.svg`. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

export interface OpenOptions {
  /** Whether a run is to take the place of all that was written there; otherwise files are only added. */
  readonly replaces: boolean;
  /** Whether files of others may be in the folder of a run. They are kept. */
  readonly force?: boolean;
  /** Files that a run writes in any case: where one of them is of others, it is refused before it begins. */
  readonly writes?: readonly string[];
  /** Is told of a stale lock that was taken over, and of a run whose commit was completed. */
  readonly note?: (text: string) => void;
  readonly disk?: Disk;
}

/**
 * A folder of results while this process writes into it. All writing of results goes through it; what it promises:
 *
 * - A file that this program did not write, or that was changed since, is neither replaced nor removed.
 * - At most one process writes into a folder.
 * - A run is made in the folder `unfinished` below it, and takes the place of the run before when it is complete: at any
 *   moment, also after a crash, there is the whole run of before or the whole new one.
 * - Every file is whole or absent.
 */
export class OutputFolder {
  private isBegun = false;
  /** Hashes of the cells that this process has kept, by the names of their files. */
  private readonly keptCells = new Map<string, string>();
  private readonly onExit = () => quietly(() => this.close());

  private constructor(
    readonly path: string,
    /** The topmost folder that was made for it. */
    private readonly made: string | undefined,
    private readonly lock: Lock,
    private readonly disk: Disk,
  ) {
    process.on('exit', this.onExit);
  }

  /**
   * Makes a folder of results, or opens one.
   *
   * @throws InputError when it cannot be written, another process writes there, or a run is to take the place of files that
   * are not ours
   */
  static open(path: string, options: OpenOptions): OutputFolder {
    const { replaces, force = false, writes = [], note = () => undefined, disk = DISK } = options;
    const made = prepare(path);
    try {
      const owned = Owned.read(path);
      refuseTargets(path, writes, owned);
      if (replaces && !force) refuseForeign(path, owned);
      const lock = Lock.take(disk, path, (text) => note(`${path}: ${text}`));
      const folder = new OutputFolder(path, made, lock, disk);
      try {
        folder.recover(note);
      } catch (error) {
        folder.close();
        throw error;
      }
      return folder;
    } catch (error) {
      removeMade(disk, path, made);
      throw error instanceof InputError ? error : cannotWrite(error, path);
    }
  }

  /** The folder of the run that is not complete. */
  get unfinished(): string {
    return join(this.path, UNFINISHED);
  }

  /** Whether the folder has a complete run. */
  hasRun(): boolean {
    return Owned.read(this.path).files.has('manifest.json');
  }

  /** Whether finished cells of a run that is not complete are kept. */
  hasUnfinishedCells(): boolean {
    const cells = join(this.unfinished, CELLS);
    return existsSync(cells) && readdirSync(cells).some((name) => CELL_NAME.test(name));
  }

  /**
   * The finished cells of the run that is not complete, and of the complete one, by the name of their file. Each is a
   * function that returns its text; empty where it cannot be read.
   */
  cells(): Map<string, () => string> {
    const found = new Map<string, () => string>();
    for (const folder of [join(this.path, CELLS), join(this.unfinished, CELLS)]) {
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder).filter((file) => CELL_NAME.test(file)))
        found.set(name, () => textOf(join(folder, name)));
    }
    return found;
  }

  /** Keeps a finished cell of the run. @throws HostError when there is no space left, and what `writeWhole` throws */
  keepCell(name: string, text: string): void {
    this.begin();
    const folder = join(this.unfinished, CELLS);
    if (!existsSync(folder)) this.change(folder, () => this.disk.makeFolder(folder));
    writeWhole(this.disk, join(folder, name), text);
    this.keptCells.set(name, sha256(text));
  }

  /** Writes files of the run, as far as it is. */
  stage(files: Files): void {
    this.begin(files.keys());
    for (const [name, content] of files) writeWhole(this.disk, join(this.unfinished, name), content);
  }

  /**
   * Lets the run take its place, with these files and its finished cells. All that was written into the folder before is
   * removed, except `kept` cells.
   *
   * @throws InputError when a file that is not ours is where one belongs; the run stays in `unfinished`
   */
  commit(files: Files, kept: (cell: string) => boolean): void {
    this.begin(files.keys());
    this.checkLock();
    const owned = Owned.read(this.path);
    const hashes = new Map<string, string>();
    for (const [name, content] of files) hashes.set(name, sha256(content));
    this.addCells(hashes, owned, kept);
    refuseTargets(this.path, hashes.keys(), owned);
    for (const [name, content] of files) writeWhole(this.disk, join(this.unfinished, name), content, true);
    writeWhole(this.disk, join(this.path, COMMIT), listText(hashes), true);
    this.change(this.unfinished, () => this.disk.sync(this.unfinished));
    this.apply(hashes, owned);
  }

  /**
   * Adds files to the folder, or replaces those that are ours, each whole or not at all.
   *
   * @throws InputError when one is there that is not ours
   */
  add(files: Files): void {
    this.checkLock();
    const owned = Owned.read(this.path);
    refuseTargets(this.path, files.keys(), owned);
    const next = new Map([...files].map(([name, content]) => [name, sha256(content)]));
    // Named before it is written: what a crash leaves is known to be ours.
    this.writeList(owned.files, next);
    for (const [name, content] of files) {
      const path = join(this.path, name);
      this.change(path, () => makeFolder(dirname(path)));
      writeWhole(this.disk, path, content);
    }
    this.writeList(new Map([...owned.files, ...next]));
  }

  /** Removes a file that is ours. @throws InputError when it is not */
  remove(name: string): void {
    this.checkLock();
    const owned = Owned.read(this.path);
    refuseTargets(this.path, [name], owned);
    quietly(() => this.disk.remove(join(this.path, name)));
    removeIfEmpty(this.disk, join(this.path, dirname(name)));
  }

  /** Ends writing. What was made and holds nothing is removed again. */
  close(): void {
    process.off('exit', this.onExit);
    if (this.isBegun && !existsSync(join(this.path, COMMIT))) this.removeUnfinishedWithoutCells();
    this.lock.release();
    removeMade(this.disk, this.path, this.made);
  }

  /** Makes the folder of the run, and names there what is about to be written: what a crash leaves is known to be ours. */
  private begin(names: Iterable<string> = []): void {
    const marked = stagedNames(this.unfinished);
    const all = new Set([...marked, ...names]);
    if (this.isBegun && all.size === marked.size) return;
    if (!existsSync(this.unfinished))
      this.change(this.unfinished, () => this.disk.makeFolder(this.unfinished));
    const list = new Map([...all].map((name) => [name, '']));
    writeWhole(this.disk, join(this.unfinished, MARK), listText(list));
    this.isBegun = true;
  }

  private change(path: string, change: () => void): void {
    try {
      change();
    } catch (error) {
      throw writeError(error, path);
    }
  }

  private writeList(files: Hashes, next?: Hashes): void {
    writeWhole(this.disk, join(this.path, LIST), listText(files, next), true);
  }

  /** The cells of the run: those in `unfinished` that it has, and those of the complete run that it has. */
  private addCells(hashes: Map<string, string>, owned: Owned, kept: (cell: string) => boolean): void {
    for (const [name, hash] of owned.files)
      if (dirname(name) === CELLS && kept(name.slice(CELLS.length + 1))) hashes.set(name, hash);
    const folder = join(this.unfinished, CELLS);
    if (!existsSync(folder)) return;
    for (const cell of readdirSync(folder).filter(kept)) {
      const hash = this.keptCells.get(cell) ?? hashOf(join(folder, cell));
      if (hash !== undefined) hashes.set(join(CELLS, cell), hash);
    }
  }

  /** @throws HostError where the folder was removed, InputError where another process has taken it */
  private checkLock(): void {
    if (this.lock.isHeld()) return;
    if (!existsSync(this.path))
      throw new HostError(`${this.path}: this folder was removed while it was in use`);
    throw new InputError('the lock of this folder was removed or taken while it was in use', {
      file: this.path,
    });
  }

  /** Moves a complete run to its place. May be called again after a crash at any step of it. */
  private apply(files: Hashes, owned: Owned): void {
    this.change(this.path, () => {
      for (const name of files.keys()) {
        const staged = join(this.unfinished, name);
        if (!existsSync(staged)) continue;
        const folder = join(this.path, dirname(name));
        if (!existsSync(folder)) this.disk.makeFolder(folder);
        this.disk.rename(staged, join(this.path, name));
      }
      for (const name of owned.files.keys())
        if (!files.has(name) && existsSync(join(this.path, name)) && !owned.isForeign(name))
          this.disk.remove(join(this.path, name));
      this.removeStaged([MARK, 'commit.json']);
      this.disk.sync(this.path);
      this.disk.rename(join(this.path, COMMIT), join(this.path, LIST));
    });
    for (const name of owned.files.keys()) removeIfEmpty(this.disk, join(this.path, dirname(name)));
    this.removeMark();
  }

  /** Removes what a run has left in `unfinished`, except `kept`. */
  private removeStaged(kept: readonly string[]): void {
    const cells = join(this.unfinished, CELLS);
    if (existsSync(cells)) {
      for (const name of readdirSync(cells))
        if (CELL_NAME.test(name) || isTemporary(name)) this.disk.remove(join(cells, name));
      removeIfEmpty(this.disk, cells);
    }
    const staged = stagedNames(this.unfinished);
    for (const name of readdirSync(this.unfinished))
      if (isTemporary(name) || (staged.has(name) && !kept.includes(name)))
        this.disk.remove(join(this.unfinished, name));
  }

  private removeMark(): void {
    removeIfEmpty(this.disk, join(this.unfinished, CELLS));
    quietly(() => this.disk.remove(join(this.unfinished, MARK)));
    removeIfEmpty(this.disk, this.unfinished);
    this.isBegun = false;
  }

  private removeUnfinishedWithoutCells(): void {
    if (this.hasUnfinishedCells()) return;
    quietly(() => this.removeStaged([MARK]));
    this.removeMark();
  }

  /** Completes what a process that was killed had begun: a commit, or files that were being written. */
  private recover(note: (text: string) => void): void {
    this.lock.sweep();
    for (const folder of ['', 'figures', CELLS, UNFINISHED, join(UNFINISHED, CELLS)])
      removeTemporary(this.disk, join(this.path, folder));
    if (existsSync(this.unfinished) && !isMarked(this.unfinished) && !isEmpty(this.unfinished))
      throw new InputError('reclaim has not made this folder, and needs one of this name; move it away', {
        file: this.unfinished,
      });
    const commit = isMarked(this.unfinished) ? readList(join(this.path, COMMIT)) : undefined;
    if (commit) {
      refuseTargets(
        this.path,
        [...commit.files.keys()].filter((name) => existsSync(join(this.unfinished, name))),
        Owned.read(this.path),
      );
      this.apply(commit.files, Owned.read(this.path));
      note(`${this.path}: a run that was complete has taken its place`);
    }
    if (isMarked(this.unfinished)) this.removeUnfinishedWithoutCells();
    else this.removeMark();
  }
}

/**
 * Checks that files can be added to a folder, before they are made. Leaves nothing behind.
 *
 * @throws InputError as `OutputFolder.open`
 */
export function checkFolder(path: string): void {
  OutputFolder.open(path, { replaces: false }).close();
}

/** Adds files to a folder, which is made if need be. @throws InputError as `OutputFolder.open` and `OutputFolder.add` */
export function addFiles(path: string, files: Files, note: (text: string) => void): void {
  const folder = OutputFolder.open(path, { replaces: false, note });
  try {
    folder.add(files);
  } finally {
    folder.close();
  }
}

/** The text of a file; empty where it cannot be read: for a finished cell, that is as if it were not there. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a folder holds nothing but empty folders. */
function isEmpty(folder: string): boolean {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).every((entry) => entry.isDirectory());
}

/** Makes the folder. Returns the topmost one that was made. */
function prepare(path: string): string | undefined {
  try {
    const made = makeFolder(path);
    if (!statSync(path).isDirectory()) throw new InputError('this is a file, expected a folder for results');
    return made;
  } catch (error) {
    throw cannotWrite(error, path);
  }
}

/** Says that results cannot be written, unless the error does. */
function cannotWrite(error: unknown, path: string): unknown {
  const cause = writeError(error, path);
  if (!(cause instanceof InputError) || (cause.place && cause.place.file !== path)) return cause;
  return new InputError(`results cannot be written there: ${cause.what}`, { file: path });
}

/** @throws InputError for a file of others, or of a version that kept no list, where one of its name is to be written */
function refuseTargets(path: string, names: Iterable<string>, owned: Owned): void {
  for (const name of names)
    if (owned.isForeign(name))
      throw new InputError(
        'reclaim has not written this file (or an earlier version, which kept no list), or it was changed since, and one of this name is to be written; move it away, or choose another folder',
        { file: join(path, name) },
      );
}

function refuseForeign(path: string, owned: Owned): void {
  const foreign = owned.firstForeign();
  if (foreign === undefined) return;
  throw new InputError(
    `reclaim has not written this file, or it was changed since; expected an empty folder, or results of reclaim compare; --force keeps the file and writes next to it`,
    { file: join(path, foreign) },
  );
}

/** Removes the folders that were made, from `path` up to `made`, as far as they are empty. */
function removeMade(disk: Disk, path: string, made: string | undefined): void {
  if (made === undefined) return;
  for (let folder = resolve(path); lstatSync(folder, { throwIfNoEntry: false }); folder = dirname(folder)) {
    removeIfEmpty(disk, folder);
    if (folder === made || dirname(folder) === folder) return;
  }
}
