import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startOf, thisBoot } from '../base/processes.js';
import { DISK } from '../output/disk.js';
import { writeWhole } from '../output/whole.js';
import { type Change, restore } from './restore.js';

/** A process, so that another one with its number is not taken for it. */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

/** What a recorder has changed, on disk before each change. */
export interface Journal {
  readonly boot: string;
  readonly recorder: ProcessId;
  /** Undefined until it runs. */
  readonly guard?: ProcessId | undefined;
  readonly changes: readonly Change[];
}

const NAME = /^record-\d+-[\w-]+\.journal$/;

/** The path of the journal of a recorder. */
export function journalPath(folder: string, { pid, started }: ProcessId): string {
  return join(folder, `record-${pid}-${started}.journal`);
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

/** What of a journal is still changed: after a boot only folders are. */
function remaining({ boot, changes }: Journal): readonly Change[] {
  return boot === thisBoot() ? changes : changes.filter(({ kind }) => kind === 'folder');
}

/** Restores what a journal says and removes it. @throws the error of what could not be restored; the journal stays then */
export async function restoreJournal(path: string): Promise<void> {
  const journal = readJournal(path);
  if (!journal) return;
  await restore(remaining(journal));
  rmSync(path, { force: true });
}

/**
 * Restores what recorders have left that were killed with their guards.
 *
 * @returns their numbers
 */
export async function restoreAbandoned(folder: string): Promise<number[]> {
  const restored: number[] = [];
  for (const name of readdirSync(folder).filter((each) => NAME.test(each))) {
    const path = join(folder, name);
    const journal = readJournal(path);
    if (!journal) continue;
    const isOfThisBoot = journal.boot === thisBoot();
    if (isOfThisBoot && (isAlive(journal.recorder) || isAlive(journal.guard))) continue;
    await restoreJournal(path);
    restored.push(journal.recorder.pid);
  }
  return restored;
}
