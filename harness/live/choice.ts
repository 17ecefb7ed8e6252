import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { release } from 'node:os';
import { basename } from 'node:path';
import type { GroupVersion } from './group.js';
import { LIVE_MACHINES, type LiveMachineName } from './names.js';
import type { Execution } from './system.js';
import { hasBootHeader, kernelImage } from './vm/image.js';

/** How live machines are set, in commands and experiments. Plain data. */
export interface LiveChoice extends Execution {
  /** The kernel image of a virtual machine; the newest that is installed where none is given. */
  readonly kernel: string | undefined;
  readonly cgroup: GroupVersion;
  /** The longest that a machine may take for what it is given at a time, in s. */
  readonly timeoutS: number;
}

/** What is not asked for. */
export const LIVE_DEFAULTS: LiveChoice = {
  kernel: undefined,
  cgroup: 'v2',
  pace: 'trace',
  stats: 'kernel',
  timeoutS: 600,
};

let chosen = LIVE_DEFAULTS;

/** How live machines are set in this thread, from now on. */
export function chooseLive(choice: LiveChoice): void {
  chosen = choice;
}

/** How live machines are set in this thread. */
export function liveChoice(): LiveChoice {
  return chosen;
}

/** Where a kernel image says what it is. Source: Documentation/arch/x86/boot.rst, kernel_version. */
const VERSION_POINTER = 0x20e;
const VERSION_BASE = 0x200;
const HASH_DIGITS = 12;

/** The release of a kernel image; its file name where it does not say so. */
export function releaseOf(bytes: Uint8Array, path: string): string {
  const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!hasBootHeader(image)) return basename(path);
  const at = VERSION_BASE + image.readUInt16LE(VERSION_POINTER);
  const [text = ''] = image.toString('latin1', at, at + 256).split(/[ \0]/, 1);
  return /^\d[\w.+~-]*$/.test(text) ? text : basename(path);
}

const names = new Map<string, string>();

function imageName(path: string): string {
  const known = names.get(path);
  if (known !== undefined) return known;
  const image = readFileSync(path);
  const hash = createHash('sha256').update(image).digest('hex').slice(0, HASH_DIGITS);
  const name = `${releaseOf(image, path)}@${hash}`;
  names.set(path, name);
  return name;
}

/**
 * What results call a live machine: `vm:RELEASE@HASH` has the release and the SHA-256 of the kernel image, `host:RELEASE` the
 * release of the kernel that runs; what is not as usual is appended. Equal names are the same kernel under the same settings.
 *
 * @throws HostError without a kernel image, InputError where it cannot be read
 */
export function liveName(machine: LiveMachineName): string {
  const { kernel, cgroup, pace, stats } = chosen;
  const what = machine === 'vm' ? imageName(realpathSync(kernelImage(kernel))) : release();
  const settings = [
    ...(machine === 'vm' && cgroup !== LIVE_DEFAULTS.cgroup ? [`cgroup-${cgroup}`] : []),
    ...(pace === LIVE_DEFAULTS.pace ? [] : [`pace-${pace}`]),
    ...(stats === LIVE_DEFAULTS.stats ? [] : [`stats-${stats}`]),
  ];
  return [`${machine}:${what}`, ...settings].join('+');
}

/** The live machine of a name that `liveName` made; undefined for others. */
export function liveMachineOf(name: string): LiveMachineName | undefined {
  return LIVE_MACHINES.find((machine) => name.startsWith(`${machine}:`));
}
