import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, HostError } from '../../base/errors.js';
import { PAGE_BYTES } from '../../base/page.js';
import { Refusal } from '../../contract/refusal.js';
import type { Guard } from '../../guard/guard.js';
import { ZRAM_CONTROL, zramDevices } from '../../guard/kernel.js';
import { PAGE_CLUSTER } from '../system.js';
import { isInMemory } from './files.js';

/** Kinds of swap that can be made on a host. */
export const HOST_SWAPS = ['zram', 'file'] as const;
export type HostSwap = (typeof HOST_SWAPS)[number];

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

/** What swap is to be. */
interface SwapSize {
  /** Pages that it holds. */
  readonly pages: number;
  /** Compression algorithm of zram. */
  readonly algorithm: string;
}

/** With the page of the header. */
function bytesOf({ pages }: SwapSize): number {
  return (pages + 1) * PAGE_BYTES;
}

function makeZram(guard: Guard, size: SwapSize): string {
  const before = zramDevices();
  // It has a name only when it is there.
  guard.journal({ kind: 'zram', before });
  const device = `zram${readFileSync(join(ZRAM_CONTROL, 'hot_add'), 'utf8').trim()}`;
  guard.amend({ kind: 'zram', before, device });
  try {
    writeFileSync(`/sys/block/${device}/comp_algorithm`, size.algorithm);
  } catch {
    throw new Refusal(`zram of this kernel has no algorithm ${size.algorithm}`);
  }
  writeFileSync(`/sys/block/${device}/disksize`, String(bytesOf(size)));
  return `/dev/${device}`;
}

function makeFile(guard: Guard, folder: string, size: SwapSize): string {
  if (isInMemory(folder))
    throw new HostError(
      `${folder} is in memory and cannot hold a swap file; expected a cache folder on a disk`,
    );
  const path = join(folder, `swap-${process.pid}`);
  guard.journal({ kind: 'swapfile', path });
  try {
    // Written, not only allocated: a file with holes cannot be swapped to.
    writeFileSync(path, Buffer.alloc(bytesOf(size)), { mode: 0o600 });
  } catch (error) {
    throw fileError(error, path);
  }
  return path;
}

/**
 * Makes swap of one kind and switches it on, before any other that may come. The guard takes it away.
 *
 * @param folder where a swap file is
 * @param size how many pages it holds
 * @param pageCluster how many are read at once, as a power of 2
 * @returns its file or device
 * @throws HostError where this host cannot have it, or something else swaps already
 */
export function makeSwap(
  guard: Guard,
  kind: HostSwap,
  folder: string,
  size: SwapSize,
  pageCluster: number,
): string {
  const missing = missingSwap(kind);
  if (missing !== undefined) throw new HostError(missing);
  guard.set(PAGE_CLUSTER, String(pageCluster));
  const path = kind === 'zram' ? makeZram(guard, size) : makeFile(guard, folder, size);
  run('mkswap', [path]);
  run('swapon', ['--priority', '32767', path]);
  return path;
}
