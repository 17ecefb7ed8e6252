import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { HostError, systemErrorCode } from '../base/errors.js';
import { entryFile } from '../base/package-root.js';
import { startOf, thisBoot } from '../base/processes.js';
import type { Change } from './change.js';
import { journalPath, type ProcessId, restoreJournal, writeJournal } from './journal.js';
import { writeSetting } from './kernel.js';
import { restore } from './restore.js';

const GUARD_PROCESS = entryFile('guard', 'guard-process');

function idOf(pid: number): ProcessId {
  return { pid, started: startOf(pid) ?? '' };
}

/** The value of a setting in the text of its file; where that lists all choices, the one in brackets. */
export function settingOf(text: string): string {
  return /\[([^\]]+)\]/.exec(text)?.[1] ?? text.trim();
}

/**
 * Sees to it that what a recording or a live run changes on the host is as before when it ends, however it ends. A process of its own waits
 * for the end of this one (its standard input is a pipe from here) and restores what the journal says.
 */
export class Guard {
  private changes: readonly Change[] = [];

  private constructor(
    private readonly path: string,
    private readonly self: ProcessId,
    private readonly child: ChildProcess,
    /** Resolves when the guard's process has ended. */
    readonly died: Promise<void>,
  ) {}

  /** @param folder where journals are */
  static async start(folder: string): Promise<Guard> {
    const self = idOf(process.pid);
    const path = journalPath(folder, self);
    const child = spawn(process.execPath, [GUARD_PROCESS, path], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    // Errors of pipes of a process that was killed say nothing more than its end.
    child.stdin!.on('error', () => undefined);
    const died = once(child, 'exit').then(() => undefined);
    const ready = once(child.stdout!, 'data').then(() => true);
    if ((await Promise.race([ready, died])) !== true)
      throw new HostError('the process that restores settings does not start');
    return new Guard(path, self, child, died);
  }

  /** Writes a change into the journal. Call it before the change is made. */
  journal(change: Change): void {
    this.changes = [...this.changes, change];
    this.write();
  }

  private write(): void {
    const guard = idOf(this.child.pid!);
    writeJournal(this.path, { boot: thisBoot(), owner: this.self, guard, changes: this.changes });
  }

  /** Journals a process of ours that has just been started, and does nothing yet. */
  journalProcess(pid: number): void {
    this.journal({ kind: 'process', ...idOf(pid) });
  }

  /** Changes a setting of the kernel, its old value in the journal. @throws HostError where it cannot be changed */
  set(path: string, value: string): void {
    const before = this.changes;
    try {
      const old = settingOf(readFileSync(path, 'utf8'));
      if (old === value) return;
      this.journal({ kind: 'setting', path, value: old });
      writeSetting(path, value);
    } catch (error) {
      // What was not changed needs not be restored, and may not be.
      this.changes = before;
      this.write();
      const code = systemErrorCode(error);
      const why = code === 'EACCES' || code === 'EPERM' ? 'root is needed' : code;
      throw new HostError(`${path}: ${value} cannot be written there (${why})`);
    }
  }

  /** Puts another entry in the place of the last one that was written, such as one that now has a name. */
  amend(change: Change): void {
    this.changes = [...this.changes.slice(0, -1), change];
    this.write();
  }

  /** Takes a change out of the journal that is restored already. */
  forget(isOf: (change: Change) => boolean): void {
    this.changes = this.changes.filter((change) => !isOf(change));
    this.write();
  }

  /** Restores some of the changes, the last one first. @throws the error of what could not be restored */
  async undo(isOf: (change: Change) => boolean): Promise<void> {
    await restore(this.changes.filter(isOf));
    this.forget(isOf);
  }

  /** Whether the process that restores is there. */
  get isAlive(): boolean {
    return startOf(this.child.pid!) !== undefined;
  }

  /** Restores everything except temporary folders. @throws the error of what could not be restored */
  async restoreSettings(): Promise<void> {
    const isFolder = ({ kind }: Change) => kind === 'folder';
    await restore(this.changes.filter((change) => !isFolder(change)));
    this.changes = this.changes.filter(isFolder);
    this.write();
  }

  /** Restores everything and ends the guard. @throws the error of what could not be restored; the guard tries again then */
  async finish(): Promise<void> {
    try {
      await restoreJournal(this.path);
    } catch (error) {
      throw new HostError(
        `what was changed on this host is not as before: ${(error as Error).message}; the next run tries again`,
      );
    } finally {
      this.child.stdin!.end();
      await this.died;
    }
  }
}
