import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../base/errors.js';
import { missingCompiler } from '../../base/native.js';
import type { Guard } from '../../guard/guard.js';
import { endChild } from '../child.js';
import { buildExecutor } from '../executor/program.js';
import { makePipes } from '../pipes.js';
import { MAGIC, SHARED_BYTES } from '../protocol.js';
import { type Channel, Session } from '../session.js';
import { checkImage } from './image.js';
import { initramfs } from './initramfs.js';
import { moduleFiles, modulesOf } from './modules.js';
import { Monitor } from './monitor.js';

const QEMU = 'qemu-system-x86_64';
/** The event by which QEMU says that the machine has stopped. */
const STOPPED = 'STOP';
/** The longest that a machine may take to start, also on a busy host. */
const BOOT_MS = 180_000;
const POLL_MS = 20;

/** A virtual machine. */
export interface VmOptions {
  /** The kernel image. */
  readonly kernel: string;
  readonly memoryMiB: number;
  /** The cache folder, for the executor. */
  readonly cache: string;
  /** The longest that the machine may take for what it is given at a time, in s. */
  readonly timeoutS: number;
  /** Sees to it that the machine ends with this process, however that ends. */
  readonly guard?: Guard | undefined;
}

/** Why there can be no virtual machine here; undefined where there can. */
export function missingEmulator(): string | undefined {
  const { status } = spawnSync(QEMU, ['--version'], { stdio: 'ignore' });
  return status === 0
    ? undefined
    : `the vm machine needs an emulator: not found: ${QEMU} (Debian: qemu-system-x86); --machine host needs none`;
}

/** Why the executor cannot be built here; undefined where it can. */
function unbuildable(): string | undefined {
  const compiler = missingCompiler();
  return compiler && `the vm machine cannot be built: ${compiler}; --machine sim needs none`;
}

/**
 * QEMU's command line. The clock is virtual: an instruction takes 2 ns, and nothing passes while nothing runs, so that counts do
 * not depend on how busy the host is.
 */
function qemuArgs(folder: string, { kernel, memoryMiB }: VmOptions): string[] {
  const shared = `memory-backend-file,id=shared,share=on,mem-path=${join(folder, 'shared')},size=${SHARED_BYTES}`;
  return [
    ['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', `${memoryMiB}M`],
    ['-icount', 'shift=1,sleep=off', '-rtc', 'base=2024-01-01,clock=vm', '-seed', '1'],
    ['-nodefaults', '-display', 'none', '-no-reboot', '-action', 'panic=pause'],
    ['-serial', `file:${join(folder, 'console')}`],
    ['-object', shared, '-device', 'ivshmem-plain,memdev=shared', '-device', 'pvpanic'],
    ['-chardev', `pipe,id=monitor,path=${join(folder, 'monitor')}`, '-mon', 'chardev=monitor,mode=control'],
    ['-kernel', kernel, '-initrd', join(folder, 'initramfs')],
    // Emulated translations are kept until the page tables change, so that cleared accessed bits would stay clear: with pti
    // every system call and fault changes them, as the small caches of processors do.
    ['-append', 'console=ttyS0 quiet panic=-1 nokaslr norandmaps no5lvl pti=on'],
  ].flat();
}

/** What the machine has printed last. */
function lastWords(folder: string): string {
  try {
    const lines = readFileSync(join(folder, 'console'), 'latin1').split('\n');
    return lines.map((line) => line.trim()).findLast((line) => line !== '') ?? 'it printed nothing';
  } catch {
    return 'it printed nothing';
  }
}

class VmChannel implements Channel {
  constructor(
    readonly shared: number,
    private readonly monitor: Monitor,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly timeoutMs: number,
  ) {}

  exchange(): void {
    this.monitor.send('cont');
    if (this.monitor.await(STOPPED, this.timeoutMs)) return;
    throw new HostError(`the virtual machine has ended: ${lastWords(this.folder)}`);
  }

  async close(): Promise<void> {
    await endChild(this.child);
    this.monitor.close();
    closeSync(this.shared);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @throws HostError where what has handed over is no executor of this version */
function checkMagic(shared: number): void {
  const word = new Uint32Array(1);
  readSync(shared, word, 0, 4, 0);
  if (word[0] !== MAGIC) throw new HostError('the executor in the virtual machine is not of this version');
}

function prepare(folder: string, executor: string, kernel: string): void {
  makePipes(
    folder,
    ['in', 'out'].map((end) => join(folder, `monitor.${end}`)),
  );
  const archive = initramfs(readFileSync(executor), moduleFiles(modulesOf(kernel)));
  writeFileSync(join(folder, 'initramfs'), archive);
  writeFileSync(join(folder, 'shared'), '');
}

/** Waits until the executor in the machine hands over for the first time. */
async function booted(monitor: Monitor, child: ChildProcess, folder: string): Promise<void> {
  const end = performance.now() + BOOT_MS;
  let failed: string | undefined;
  child.once('error', (error) => {
    failed = error.message;
  });
  while (monitor.look(STOPPED) !== true) {
    if (child.exitCode !== null || child.signalCode !== null) failed ??= lastWords(folder);
    if (failed !== undefined) throw new HostError(`the virtual machine does not start: ${failed}`);
    if (performance.now() > end)
      throw new HostError(
        `the virtual machine has not started within ${BOOT_MS / 1000} s: ${lastWords(folder)}`,
      );
    await sleep(POLL_MS);
  }
}

/**
 * Starts a virtual machine by emulation, without root, and the executor in it.
 *
 * @throws HostError where this host lacks something, or the machine does not start; InputError for what is no kernel image
 */
export async function startVm(options: VmOptions): Promise<Session> {
  const missing = missingEmulator() ?? unbuildable();
  if (missing !== undefined) throw new HostError(missing);
  checkImage(options.kernel);
  const executor = await buildExecutor(options.cache);
  const folder = mkdtempSync(join(tmpdir(), 'reclaim-vm-'));
  options.guard?.journal({ kind: 'folder', path: folder });
  prepare(folder, executor, options.kernel);
  const child = spawn(QEMU, qemuArgs(folder, options), { stdio: 'ignore' });
  if (child.pid !== undefined) options.guard?.journalProcess(child.pid);
  const monitor = new Monitor(join(folder, 'monitor'));
  const shared = openSync(join(folder, 'shared'), 'r+');
  const channel = new VmChannel(shared, monitor, child, folder, options.timeoutS * 1000);
  try {
    monitor.send('qmp_capabilities');
    await booted(monitor, child, folder);
    checkMagic(shared);
    const session = new Session(channel);
    session.put('/sys/kernel/mm/transparent_hugepage/enabled', 'never');
    return session;
  } catch (error) {
    await channel.close();
    throw error;
  }
}
