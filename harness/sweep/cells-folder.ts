import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fileError, HostError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import type { CellResult } from '../experiment/cell.js';
import { entryText, type KeptResult, readEntry } from '../experiment/journal.js';
import type { CellSink } from '../experiment/run-cells.js';
import type { CellKeys } from '../metrics/files.js';
import type { Host } from '../metrics/host.js';
import { DISK, type Disk } from '../output/disk.js';
import { CELL_NAME } from '../output/owned.js';
import { isTemporary, writeOnce, writeWhole } from '../output/whole.js';

/** What is known of a cell in a folder: its result, that there is none, or that its file is damaged. */
export type Found = KeptResult | 'missing' | 'damaged';

/**
 * The finished cells of a sweep: a file each, named after the hash of all that it depends on. Any number of processes, on any
 * number of hosts that share the folder, may write into it: a file appears whole, once, and is never replaced.
 */
export class CellsFolder {
  constructor(
    readonly path: string,
    private readonly disk: Disk = DISK,
  ) {}

  /** Makes the folder. @throws InputError or HostError where that is not possible */
  make(): void {
    try {
      makeFolder(this.path);
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  file(id: string): string {
    return join(this.path, `${id}.json`);
  }

  /**
   * The ids of cells that have a file.
   *
   * @throws InputError for a folder that does not exist, and for a file that is not one of these cells
   */
  ids(planned: ReadonlySet<string>): Set<string> {
    const names = this.names().filter((name) => !isTemporary(name));
    const ids = new Set(names.map((name) => name.replace(/\.json$/, '')));
    const other = names.find((name) => !CELL_NAME.test(name) || !planned.has(name.replace(/\.json$/, '')));
    if (other === undefined) return ids;
    throw new InputError(
      'this is no cell of the plan: it is of another plan, or of other code, traces or costs; expected a folder with results of this plan only',
      { file: join(this.path, other) },
    );
  }

  private names(): string[] {
    try {
      return readdirSync(this.path).sort();
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  /** Looks for the result of a cell. @param keys what the cell is */
  find(id: string, keys: CellKeys): Found {
    const file = this.file(id);
    if (!existsSync(file)) return 'missing';
    try {
      return readEntry(readFileSync(file, 'utf8'), id, keys) ?? 'damaged';
    } catch (error) {
      throw fileError(error, file);
    }
  }

  /**
   * Keeps the result of a cell, unless another process has meanwhile.
   *
   * @returns whether it was kept
   * @throws InputError where that one is not the same, HostError where there is no room
   */
  keep(result: KeptResult, id: string, keys: CellKeys): boolean {
    const file = this.file(id);
    const text = entryText(id, result);
    try {
      if (writeOnce(this.disk, file, text)) return true;
      const other = this.find(id, keys);
      if (other === 'damaged') {
        writeWhole(this.disk, file, text, true);
        return true;
      }
      if (other === 'missing' || same(other, result)) return false;
    } catch (error) {
      throw error instanceof InputError && error.place ? new HostError(error.message) : error;
    }
    throw new InputError(
      `another process has kept a different result of cell ${result.cell}: the same cell must have the same result everywhere`,
      { file },
    );
  }
}

/** Whether two results are the same but for the host and the time that it took, and the cell that ran. */
function same(kept: KeptResult, { host: _host, wallNs: _wallNs, timeline, ...result }: KeptResult): boolean {
  const { host: _otherHost, wallNs: _otherNs, ...other } = kept;
  return isDeepStrictEqual(other, { ...JSON.parse(JSON.stringify(result)), timeline });
}

/** Keeps the results of a shard. */
export class ShardSink implements CellSink {
  /** Cells that another process had finished meanwhile. */
  doubled = 0;

  /** @param keysOf what a cell is, by its number */
  constructor(
    private readonly folder: CellsFolder,
    private readonly host: Host,
    private readonly keysOf: (cell: number) => CellKeys,
  ) {}

  add(result: CellResult, inputs: string): void {
    const kept = this.folder.keep({ ...result, host: this.host }, inputs, this.keysOf(result.cell));
    if (!kept) this.doubled++;
  }

  /** A cell whose worker died may succeed another time: it stays missing. */
  lost(result: CellResult, inputs: string, ofInput: boolean): void {
    if (ofInput) this.add(result, inputs);
  }
}
