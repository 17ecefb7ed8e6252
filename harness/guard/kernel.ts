import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { systemErrorCode } from '../base/errors.js';
import { signal } from './ending.js';
import { spawnQuietly } from './spawn.js';
import { untilDone } from './until.js';

/** Where zram devices are made and removed. Source: Documentation/admin-guide/blockdev/zram.rst. */
export const ZRAM_CONTROL = '/sys/class/zram-control';
const BLOCK_DEVICES = '/sys/block';

/** Writes a setting. No file is made where there is none. */
export function writeSetting(path: string, value: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC);
  try {
    writeSync(file, value);
  } finally {
    closeSync(file);
  }
}

/** Writes the old value of a setting again. One that is no longer there needs none. */
export function putBack(path: string, value: string): void {
  try {
    writeSetting(path, value);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

/** Ends the processes of a control group and removes it. */
export async function removeCgroup(path: string): Promise<void> {
  // What ends goes on being charged for a moment.
  await untilDone(() => {
    if (!existsSync(path)) return;
    for (const pid of processesIn(path)) signal(pid, 'SIGKILL');
    rmdirSync(path);
  });
}

function processesIn(cgroup: string): number[] {
  try {
    return readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Whether a file or device is in use as swap. @param swaps text of /proc/swaps */
export function isSwap(path: string, swaps: string): boolean {
  // A space in a name is written as \040.
  const name = path.replaceAll(' ', '\\040');
  return swaps
    .split('\n')
    .slice(1)
    .some((line) => line.split(/\s+/)[0] === name);
}

/** @throws where the kernel does not take it out of use */
async function swapOff(path: string): Promise<void> {
  if (!isSwap(path, readFileSync('/proc/swaps', 'utf8'))) return;
  const status = await spawnQuietly('swapoff', [path]);
  if (status !== 0) throw new Error(`swapoff ${path} fails (status ${status})`);
}

/** Takes a swap file out of use and removes it. */
export async function removeSwapFile(path: string): Promise<void> {
  if (!existsSync(path)) return;
  await swapOff(path);
  rmSync(path, { force: true });
}

/** Names of the zram devices that are there. */
export function zramDevices(): string[] {
  return readdirSync(BLOCK_DEVICES).filter((name) => /^zram\d+$/.test(name));
}

function hasNoSize(device: string): boolean {
  return readFileSync(join(BLOCK_DEVICES, device, 'disksize'), 'utf8').trim() === '0';
}

/** Takes a zram device out of use and removes it; without its name, those that are new and have no size. */
export async function removeZram(device: string | undefined, before: readonly string[]): Promise<void> {
  const known = zramDevices().filter((name) =>
    device === undefined ? !before.includes(name) : name === device,
  );
  for (const name of device === undefined ? known.filter(hasNoSize) : known) {
    await swapOff(`/dev/${name}`);
    await untilDone(() => {
      writeFileSync(join(BLOCK_DEVICES, name, 'reset'), '1');
      writeFileSync(join(ZRAM_CONTROL, 'hot_remove'), basename(name).slice('zram'.length));
    });
  }
}
