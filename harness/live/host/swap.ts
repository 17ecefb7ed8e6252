import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, HostError } from '../../base/errors.js';
import type { Guard } from '../../guard/guard.js';
import { ZRAM_CONTROL, zramDevices } from '../../guard/kernel.js';
import { isInMemory } from './files.js';

/** Kinds of swap that can be made on a host. */
export const HOST_SWAPS = ['zram', 'file'] as const;
export type HostSwap = (typeof HOST_SWAPS)[number];

const PAGE_CLUSTER = '/proc/sys/vm/page-cluster';
const MIB = 2 ** 20;

/** Files and devices that are in use as swap. @param swaps text of /proc/swaps */
function swapsInUse(swaps: string): string[] {
  return swaps
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s+/)[0] || []);
}

/** Why swap cannot be made here; undefined where it can. */
export function missingSwap(kind: HostSwap): string | undefined {
  if (process.getuid?.() !== 0) return `--swap ${kind} of this host needs root; --swap none needs nothing`;
  const used = swapsInUse(readFileSync('/proc/swaps', 'utf8'));
  if (used.length > 0)
    return `--swap ${kind}: this host swaps to ${used.join(', ')} already, and swap is one for all its programs; expected a host without`;
  if (kind === 'zram' && !existsSync(join(ZRAM_CONTROL, 'hot_add')))
    return `--swap zram needs zram: ${ZRAM_CONTROL} is missing (modprobe zram); --swap file needs none`;
  return undefined;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new HostError(`${command} fails: ${(stderr || error?.message || '').trim()}`);
}

function makeZram(guard: Guard, mib: number): string {
  const before = zramDevices();
  // It has a name only when it is there.
  guard.journal({ kind: 'zram', before });
  const device = `zram${readFileSync(join(ZRAM_CONTROL, 'hot_add'), 'utf8').trim()}`;
  guard.amend({ kind: 'zram', before, device });
  writeFileSync(`/sys/block/${device}/disksize`, String(mib * MIB));
  return `/dev/${device}`;
}

function makeFile(guard: Guard, folder: string, mib: number): string {
  if (isInMemory(folder))
    throw new HostError(
      `${folder} is in memory and cannot hold a swap file; expected a cache folder on a disk`,
    );
  const path = join(folder, `swap-${process.pid}`);
  guard.journal({ kind: 'swapfile', path });
  try {
    // Written, not only allocated: a file with holes cannot be swapped to.
    writeFileSync(path, Buffer.alloc(mib * MIB), { mode: 0o600 });
  } catch (error) {
    throw fileError(error, path);
  }
  return path;
}

/**
 * Makes swap of one kind and switches it on, before any other that may come, one page at a time. The guard takes it away.
 *
 * @param folder where a swap file is
 * @param mib its size
 * @returns its file or device
 * @throws HostError where this host cannot have it, or something else swaps already
 */
export function makeSwap(guard: Guard, kind: HostSwap, folder: string, mib: number): string {
  const missing = missingSwap(kind);
  if (missing !== undefined) throw new HostError(missing);
  guard.set(PAGE_CLUSTER, '0');
  const path = kind === 'zram' ? makeZram(guard, mib) : makeFile(guard, folder, mib);
  run('mkswap', [path]);
  run('swapon', ['--priority', '32767', path]);
  return path;
}
