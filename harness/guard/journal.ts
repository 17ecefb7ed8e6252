import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { startOf, thisBoot } from '../base/processes.js';
import { DISK } from '../output/disk.js';
import { removeTemporary, writeWhole } from '../output/whole.js';
import { type Change, outlivesBoot } from './change.js';
import { restore } from './restore.js';

/** A process, so that another one with its number is not taken for it. */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

/** What a process of ours has changed on the host, on disk before each change. */
export interface Journal {
  readonly boot: string;
  readonly owner: ProcessId;
  /** Undefined until it runs. */
  readonly guard?: ProcessId | undefined;
  readonly changes: readonly Change[];
}

const NAME = /^host-(\d+)-[\w-]+\.journal$/;

/** The path of the journal of a process. */
export function journalPath(folder: string, { pid, started }: ProcessId): string {
  return join(folder, `host-${pid}-${started}.journal`);
}

/** Writes a journal; it is on disk when this returns. */
export function writeJournal(path: string, journal: Journal): void {
  writeWhole(DISK, path, `${JSON.stringify(journal)}\n`, true);
}

/** Undefined where there is none (any more). */
export function readJournal(path: string): Journal | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Journal;
  } catch {
    return undefined;
  }
}

function isAlive(id: ProcessId | undefined): boolean {
  return id !== undefined && startOf(id.pid) === id.started;
}

/** What of a journal is still changed. After a boot the kernel has forgotten its settings: nothing is written there. */
function remaining({ boot, changes }: Journal): readonly Change[] {
  return boot === thisBoot() ? changes : changes.filter(outlivesBoot);
}

/** Restores what a journal says and removes it. @throws the error of what could not be restored; the journal stays then */
export async function restoreJournal(path: string): Promise<void> {
  const journal = readJournal(path);
  if (journal) {
    await restore(remaining(journal));
    rmSync(path, { force: true });
  }
  // One that was being written when its process was killed: what it was to say has not been done.
  const owner = Number(NAME.exec(basename(path))?.[1]);
  removeTemporary(DISK, dirname(path), (pid) => pid === owner);
}

/** What a process had left that was killed with its guard. */
export interface Abandoned {
  readonly pid: number;
  /** A line that says what was restored. */
  readonly said: string;
}

function abandonedOf({ boot, owner: { pid }, changes }: Journal): Abandoned {
  if (boot === thisBoot()) return { pid, said: `what process ${pid} had left of its run was restored` };
  const files = changes.flatMap((change) => (change.kind === 'swapfile' ? [change.path] : []));
  const removed = files.length > 0 ? `swap file ${files.join(', ')} removed` : 'temporary files removed';
  return { pid, said: `what process ${pid} had left before this boot: ${removed}, no setting written` };
}

/**
 * Restores what processes have left that were killed with their guards.
 *
 * @param folder where journals are
 * @throws the error of what could not be restored; its journal stays
 */
export async function restoreAbandoned(folder: string): Promise<Abandoned[]> {
  const restored: Abandoned[] = [];
  removeTemporary(DISK, folder, (pid) => startOf(pid) === undefined);
  for (const name of readdirSync(folder).filter((each) => NAME.test(each))) {
    const path = join(folder, name);
    const journal = readJournal(path);
    if (!journal) continue;
    const isOfThisBoot = journal.boot === thisBoot();
    if (isOfThisBoot && (isAlive(journal.owner) || isAlive(journal.guard))) continue;
    await restoreJournal(path);
    restored.push(abandonedOf(journal));
  }
  return restored;
}
