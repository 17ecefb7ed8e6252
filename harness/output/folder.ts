import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HostError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { Pauses } from '../base/pauses.js';
import { cannotWrite, isEmpty, prepare, refuseForeign, refuseTargets, removeMade, textOf } from './checks.js';
import { DISK, type Disk } from './disk.js';
import { Lock } from './lock.js';
import {
  CELL_NAME,
  CELLS,
  COMMIT,
  contentHash,
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
import {
  type Content,
  errorInUse,
  isTemporary,
  quietly,
  removeIfEmpty,
  removeTemporary,
  writeContent,
  writeError,
  writeWhole,
} from './whole.js';

/** Files by their paths below a folder, such as `figures/memory.svg`. */
export type Files = ReadonlyMap<string, Content>;

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
 *
 * What takes longer with more files lets signals and other events be handled meanwhile, hence the promises.
 */
export class OutputFolder {
  private isBegun = false;
  /** Hashes of the cells that this process has kept, by the names of their files. */
  private readonly keptCells = new Map<string, string>();
  private readonly onExit = () => quietly(() => this.close());
  private readonly pauses = new Pauses();

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
  static async open(path: string, options: OpenOptions): Promise<OutputFolder> {
    const { replaces, force = false, writes = [], note = () => undefined, disk = DISK } = options;
    const made = prepare(path);
    try {
      const owned = Owned.read(path);
      await refuseTargets(path, writes, owned, new Pauses());
      if (replaces && !force) refuseForeign(path, owned);
      const lock = Lock.take(disk, path, (text) => note(`${path}: ${text}`));
      const folder = new OutputFolder(path, made, lock, disk);
      try {
        await folder.recover(note);
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
   * The finished cells of the run that is not complete, and of the complete one as it was written, by the name of their file.
   * Each is a function that returns its text; empty where it cannot be read, or is not what was written.
   */
  cells(): Map<string, () => string> {
    const found = new Map<string, () => string>();
    for (const [name, hash] of Owned.read(this.path).files) {
      if (dirname(name) !== CELLS) continue;
      found.set(basename(name), () => {
        const text = textOf(join(this.path, name));
        return sha256(text) === hash ? text : '';
      });
    }
    const folder = join(this.unfinished, CELLS);
    if (!existsSync(folder)) return found;
    for (const name of readdirSync(folder).filter((file) => CELL_NAME.test(file)))
      found.set(name, () => textOf(join(folder, name)));
    return found;
  }

  /** Whether a complete run is taking its place: the next process that opens the folder completes that. */
  isMoving(): boolean {
    return existsSync(join(this.path, COMMIT));
  }

  /** Keeps a finished cell of the run. @throws HostError when it cannot be written, or the folder is another one by now */
  keepCell(name: string, text: string): void {
    try {
      this.checkLock();
      this.begin();
      const folder = join(this.unfinished, CELLS);
      if (!existsSync(folder)) this.change(folder, () => this.disk.makeFolder(folder));
      writeWhole(this.disk, join(folder, name), text);
    } catch (error) {
      throw errorInUse(error);
    }
    this.keptCells.set(name, sha256(text));
  }

  /** Writes files of the run, as far as it is. @throws as `keepCell` */
  async stage(files: Files): Promise<void> {
    try {
      this.checkLock();
      this.begin(files.keys());
      for (const [name, content] of files)
        await writeContent(this.disk, join(this.unfinished, name), content, false, this.pauses);
    } catch (error) {
      throw errorInUse(error);
    }
  }

  /**
   * Lets the run take its place, with these files and its finished cells. All that was written into the folder before is
   * removed, except `kept` cells.
   *
   * @param signal aborting it stops this: before the run is complete, as if this had not begun; while it takes its place,
   *   so that `isMoving`
   * @returns whether the run is complete
   * @throws InputError when a file that is not ours is where one belongs; the run stays in `unfinished`
   */
  async commit(files: Files, kept: (cell: string) => boolean, signal?: AbortSignal): Promise<boolean> {
    const owned = Owned.read(this.path);
    const hashes = new Map<string, string>();
    for (const [name, content] of files) hashes.set(name, await contentHash(content, this.pauses));
    await this.addCells(hashes, owned, kept);
    await refuseTargets(this.path, hashes.keys(), owned, this.pauses);
    try {
      await this.stageWhole(files, signal);
      if (signal?.aborted) return false;
      this.checkLock();
      writeWhole(this.disk, join(this.path, COMMIT), listText(hashes), true);
      this.change(this.unfinished, () => this.disk.sync(this.unfinished));
      await this.apply(hashes, owned, signal);
    } catch (error) {
      throw errorInUse(error);
    }
    return true;
  }

  /**
   * Adds files to the folder, or replaces those that are ours, each whole or not at all.
   *
   * @throws InputError when one is there that is not ours
   */
  async add(files: Files): Promise<void> {
    this.checkLock();
    const owned = Owned.read(this.path);
    await refuseTargets(this.path, files.keys(), owned, this.pauses);
    const next = new Map<string, string>();
    for (const [name, content] of files) next.set(name, await contentHash(content, this.pauses));
    // Named before it is written: what a crash leaves is known to be ours.
    this.writeList(owned.files, next);
    for (const [name, content] of files) {
      const path = join(this.path, name);
      this.change(path, () => makeFolder(dirname(path)));
      await writeContent(this.disk, path, content, false, this.pauses);
    }
    this.writeList(new Map([...owned.files, ...next]));
  }

  /** Removes a file that is ours. @throws InputError when it is not */
  async remove(name: string): Promise<void> {
    this.checkLock();
    const owned = Owned.read(this.path);
    await refuseTargets(this.path, [name], owned, this.pauses);
    quietly(() => this.disk.remove(join(this.path, name)));
    removeIfEmpty(this.disk, join(this.path, dirname(name)));
  }

  /** Ends writing. What was made and holds nothing is removed again, unless another folder is there by now. */
  close(): void {
    process.off('exit', this.onExit);
    const isOurs = this.lock.isHeld() || !existsSync(this.path);
    if (isOurs && this.isBegun && !this.isMoving()) this.removeUnfinishedWithoutCells();
    this.lock.release();
    if (isOurs) removeMade(this.disk, this.path, this.made);
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

  /** Writes files of a run that is complete, on the device. */
  private async stageWhole(files: Files, signal: AbortSignal | undefined): Promise<void> {
    this.checkLock();
    this.begin(files.keys());
    for (const [name, content] of files) {
      if (signal?.aborted) return;
      await writeContent(this.disk, join(this.unfinished, name), content, true, this.pauses);
    }
  }

  /** The cells of the run: those in `unfinished` that it has, and those of the complete run that it has. */
  private async addCells(
    hashes: Map<string, string>,
    owned: Owned,
    kept: (cell: string) => boolean,
  ): Promise<void> {
    for (const [name, hash] of owned.files)
      if (dirname(name) === CELLS && kept(name.slice(CELLS.length + 1))) hashes.set(name, hash);
    const folder = join(this.unfinished, CELLS);
    if (!existsSync(folder)) return;
    for (const cell of readdirSync(folder).filter(kept)) {
      const hash = this.keptCells.get(cell) ?? hashOf(join(folder, cell));
      if (hash !== undefined) hashes.set(join(CELLS, cell), hash);
      await this.pauses.now();
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

  /** Moves a complete run to its place. May be called again after a crash, or an abort, at any step of it. */
  private async apply(files: Hashes, owned: Owned, signal?: AbortSignal): Promise<void> {
    for (const name of files.keys()) {
      if (signal?.aborted) return;
      this.moveToPlace(name);
      await this.pauses.now();
    }
    for (const name of owned.files.keys()) {
      if (signal?.aborted) return;
      if (!files.has(name) && existsSync(join(this.path, name)) && !owned.isForeign(name))
        this.change(this.path, () => this.disk.remove(join(this.path, name)));
      await this.pauses.now();
    }
    this.change(this.path, () => {
      this.removeStaged([MARK, 'commit.json']);
      this.disk.sync(this.path);
      this.disk.rename(join(this.path, COMMIT), join(this.path, LIST));
    });
    for (const name of owned.files.keys()) removeIfEmpty(this.disk, join(this.path, dirname(name)));
    this.removeMark();
  }

  private moveToPlace(name: string): void {
    const staged = join(this.unfinished, name);
    if (!existsSync(staged)) return;
    this.change(this.path, () => {
      const folder = join(this.path, dirname(name));
      if (!existsSync(folder)) this.disk.makeFolder(folder);
      this.disk.rename(staged, join(this.path, name));
    });
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
  private async recover(note: (text: string) => void): Promise<void> {
    this.lock.sweep();
    for (const folder of ['', 'figures', CELLS, UNFINISHED, join(UNFINISHED, CELLS)])
      removeTemporary(this.disk, join(this.path, folder));
    if (existsSync(this.unfinished) && !isMarked(this.unfinished) && !isEmpty(this.unfinished))
      throw new InputError('reclaim has not made this folder, and needs one of this name; move it away', {
        file: this.unfinished,
      });
    const commit = isMarked(this.unfinished) ? readList(join(this.path, COMMIT)) : undefined;
    if (commit) {
      const staged = [...commit.files.keys()].filter((name) => existsSync(join(this.unfinished, name)));
      await refuseTargets(this.path, staged, Owned.read(this.path), this.pauses);
      await this.apply(commit.files, Owned.read(this.path));
      note(`${this.path}: a run that was complete has taken its place`);
    }
    if (isMarked(this.unfinished)) this.removeUnfinishedWithoutCells();
    else this.removeMark();
  }
}
