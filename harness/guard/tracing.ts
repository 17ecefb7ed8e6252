import { existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from '../base/processes.js';
import { spawnQuietly } from './spawn.js';
import { untilDone } from './until.js';

/** Unmounts a folder and removes it. What was just ended may keep it busy for a moment. */
export async function unmount(path: string): Promise<void> {
  if (!existsSync(path)) return;
  await untilDone(async () => {
    // It may be that it was never mounted: what counts is that the folder can be removed.
    await spawnQuietly('umount', [path]);
    // Never with what is in it: that is the kernel's where it is still mounted.
    rmdirSync(path);
  });
}

/** Stops an instance and removes it. A reader that was just ended may keep it busy for a moment. */
export async function removeInstance(path: string): Promise<void> {
  if (!existsSync(path)) return;
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
  await untilDone(() => {
    if (existsSync(path)) rmdirSync(path);
  });
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
