import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../../base/errors.js';
import type { Guard } from '../../guard/guard.js';
import { spawnQuietly } from '../../guard/spawn.js';
import { readProc } from '../process.js';

/** Where tracefs is mounted and may be written; undefined where it is not. Source: proc_pid_mountinfo(5). */
export function mountedTracefs(): string | undefined {
  const points = (readProc('/proc/self/mounts') ?? '')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'tracefs')
    // A blank in a path is written in octal.
    .map(([, point]) =>
      point!.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    );
  return points.find(isWritable);
}

function isWritable(point: string): boolean {
  try {
    accessSync(join(point, 'instances'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why tracefs cannot be used by this process; undefined where it may be. */
export function whyNoTracefs(): string | undefined {
  if (process.getuid?.() !== 0) return 'root is needed for it';
  const point = mountedTracefs();
  if (point === undefined)
    return /\ttracefs$/m.test(readProc('/proc/filesystems') ?? '') ? undefined : 'this kernel has none';
  if (!existsSync(join(point, 'events', 'syscalls'))) return 'this kernel has no tracepoints of calls in it';
  if (!existsSync(join(point, 'events', 'exceptions')))
    return 'this kernel has no tracepoints of page faults in it';
  return undefined;
}

/**
 * The folder of tracefs. Where it is not mounted, it is mounted in a folder of ours until the guard is finished.
 *
 * @param folder where that folder is made
 * @throws HostError where it cannot be mounted
 */
export async function findTracefs(folder: string, guard: Guard): Promise<string> {
  const mounted = mountedTracefs();
  if (mounted !== undefined) return mounted;
  const path = join(folder, `tracefs-${process.pid}`);
  guard.journal({ kind: 'mount', path });
  mkdirSync(path);
  if ((await spawnQuietly('mount', ['-t', 'tracefs', 'nodev', path])) !== 0)
    throw new HostError('tracefs cannot be mounted here; without root, calls are recorded by strace');
  return path;
}
