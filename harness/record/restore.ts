import { existsSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../base/processes.js';
import { spawnQuietly } from './spawn.js';

/** Something of the host that is other than before, until it is restored. */
export type Change =
  /** A tracing instance: it is stopped and removed. */
  | { readonly kind: 'instance'; readonly path: string }
  /** A mount at an empty folder of ours: it is unmounted, the folder removed. */
  | { readonly kind: 'mount'; readonly path: string }
  /** A process of ours: it is ended. */
  | { readonly kind: 'process'; readonly pid: number; readonly started: string }
  /** A temporary folder: it is removed with what it holds. */
  | { readonly kind: 'folder'; readonly path: string };

/** How long a process has to end by itself, and how long an instance may be busy. */
const GRACE_MS = 300;
const BUSY_MS = 500;
const POLL_MS = 5;

/** Restores everything, the last change first. Each is tried even where another fails. @throws the first error */
export async function restore(changes: readonly Change[]): Promise<void> {
  let failed: { readonly error: unknown } | undefined;
  for (const change of changes.toReversed()) {
    try {
      await restoreOne(change);
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed) throw failed.error;
}

async function restoreOne(change: Change): Promise<void> {
  if (change.kind === 'process') return endProcess(change.pid, change.started);
  if (change.kind === 'folder') return rmSync(change.path, { recursive: true, force: true });
  if (!existsSync(change.path)) return;
  if (change.kind === 'mount') return unmount(change.path);
  return removeInstance(change.path);
}

/** Polls until something holds. Returns whether it does. */
async function until(holds: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends a process, by force where it does not end by itself. */
async function endProcess(pid: number, started: string): Promise<void> {
  const hasEnded = () => startOf(pid) !== started;
  if (hasEnded()) return;
  signal(pid, 'SIGTERM');
  // One that is stopped sees the signal only then.
  signal(pid, 'SIGCONT');
  if (await until(hasEnded, GRACE_MS)) return;
  signal(pid, 'SIGKILL');
  if (!(await until(hasEnded, BUSY_MS))) throw new Error(`process ${pid} does not end`);
}

/** Unmounts a folder and removes it. What was just ended may keep it busy for a moment. */
async function unmount(path: string): Promise<void> {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    // It may be that it was never mounted: what counts is that the folder can be removed.
    await spawnQuietly('umount', [path]);
    try {
      // Never with what is in it: that is the kernel's where it is still mounted.
      rmdirSync(path);
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(POLL_MS);
  }
}

/** Stops an instance and removes it. A reader that was just ended may keep it busy for a moment. */
async function removeInstance(path: string): Promise<void> {
  for (const [file, value] of [
    ['tracing_on', '0'],
    ['events/enable', '0'],
  ] as const) {
    try {
      writeFileSync(join(path, file), value);
    } catch {
      // Another process has removed it, or is doing so.
    }
  }
  let last: unknown;
  const isGone = await until(() => {
    try {
      rmdirSync(path);
    } catch (error) {
      last = error;
    }
    return !existsSync(path);
  }, BUSY_MS);
  if (!isGone) throw last;
}

/** What names of our instances begin with: the number of the recorder and its start follow. */
export const INSTANCE_PREFIX = 'reclaim-record-';

/** Removes instances whose recorder is gone although no journal knows of them: it may lie in the cache of another user. */
export async function removeAbandonedInstances(tracefs: string): Promise<void> {
  const folder = join(tracefs, 'instances');
  for (const name of readdirSync(folder)) {
    const [, pid, started] = /^reclaim-record-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || startOf(Number(pid)) === started) continue;
    await removeInstance(join(folder, name)).catch(() => undefined);
  }
}
