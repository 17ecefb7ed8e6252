import { rmSync } from 'node:fs';
import type { Change } from './change.js';
import { endProcess } from './ending.js';
import { putBack, removeCgroup, removeSwapFile, removeZram } from './kernel.js';
import { removeInstance, unmount } from './tracing.js';

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
  switch (change.kind) {
    case 'process':
      return endProcess(change.pid, change.started);
    case 'folder':
      return rmSync(change.path, { recursive: true, force: true });
    case 'mount':
      return unmount(change.path);
    case 'instance':
      return removeInstance(change.path);
    case 'setting':
      return putBack(change.path, change.value);
    case 'cgroup':
      return removeCgroup(change.path);
    case 'swapfile':
      return removeSwapFile(change.path);
    case 'zram':
      return removeZram(change.device, change.before);
  }
}
