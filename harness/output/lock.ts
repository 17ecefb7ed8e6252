import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { InputError, systemErrorCode } from '../base/errors.js';
import { startOf, thisBoot } from '../base/processes.js';
import type { Disk } from './disk.js';
import { linkOr, quietly } from './whole.js';

/** The file that says which process writes into a folder. */
export const LOCK = '.reclaim-lock';

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The boot of the host, and the namespace of process ids: without them a pid says nothing. */
  readonly boot: string;
  readonly namespace: string;
  /** When the process started, in ticks since the boot: pids are used again. */
  readonly started: string;
  /** Of this lock alone. */
  readonly token: string;
}

function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    // Not Linux.
    return '';
  }
}

function thisProcess(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    boot: thisBoot(),
    namespace: textOf(() => readlinkSync('/proc/self/ns/pid')),
    started: startOf(process.pid) ?? '',
    token: randomUUID(),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Why the holder of a lock can no longer be there; undefined while it is, or may be. */
function whyStale(holder: Holder, self: Holder): string | undefined {
  if (holder.host !== self.host) return undefined;
  if (holder.boot !== self.boot) return 'the host has been started again since';
  if (holder.namespace !== self.namespace) return undefined;
  if (!isAlive(holder.pid)) return 'that process is gone';
  if (holder.started !== (startOf(holder.pid) ?? ''))
    return 'that process is gone, another one has its number';
  return undefined;
}

/** Reads who holds a lock; undefined where there is none now. @throws InputError where it is no lock of ours */
function holderOf(path: string): Holder | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    if (typeof holder.pid === 'number' && typeof holder.token === 'string') return holder as Holder;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
  }
  throw new InputError('cannot be read as a lock; remove it if no other reclaim writes here', { file: path });
}

function refusal(path: string, { pid, host, namespace }: Holder, self: Holder): InputError {
  const isSeen = host === self.host && namespace === self.namespace;
  const advice = isSeen ? '' : `, which cannot be looked up from here; if it has ended, remove ${path}`;
  return new InputError(`another reclaim writes here: process ${pid} on ${host}${advice}`, {
    file: dirname(path),
  });
}

/** Creates a lock with its whole content at once. Returns whether it was free. */
function create(disk: Disk, path: string, self: Holder): boolean {
  const own = `${path}-${self.token}`;
  const content = `${JSON.stringify(self)}\n`;
  try {
    disk.write(own, content);
    linkOr(disk, own, path, () => disk.write(path, content));
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    // Without the own file it was removed by the process that has the lock now.
    if (code === 'EEXIST' || (code === 'ENOENT' && existsSync(dirname(path)))) return false;
    throw error;
  } finally {
    quietly(() => disk.remove(own));
  }
}

/** The right to write into a folder. At most one process has it. */
export class Lock {
  private constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly self: Holder,
  ) {}

  /**
   * Takes the lock of a folder; one whose process is gone is taken over.
   *
   * @param note is told of a lock that was taken over
   * @throws InputError that names the process and the host that hold it, and the error of the file system
   */
  static take(disk: Disk, folder: string, note: (text: string) => void): Lock {
    const self = thisProcess();
    const path = join(folder, LOCK);
    takePath(disk, path, self, note);
    return new Lock(disk, path, self);
  }

  /** Removes what processes that were killed while they took the lock have left. */
  sweep(): void {
    const folder = dirname(this.path);
    for (const name of readdirSync(folder).filter((file) => file.startsWith(`${LOCK}-`)))
      quietly(() => this.disk.remove(join(folder, name)));
  }

  /** Whether it is still held: its file may have been removed, or taken over by mistake. */
  isHeld(): boolean {
    return textOf(() => readFileSync(this.path, 'utf8')).includes(this.self.token);
  }

  release(): void {
    if (this.isHeld()) quietly(() => this.disk.remove(this.path));
  }
}

/**
 * Takes a lock by its path. A stale one is replaced by the holder of a second lock, named after it: of all who find a lock
 * stale only one can hold that, and it looks again before it replaces anything.
 */
function takePath(disk: Disk, path: string, self: Holder, note: (text: string) => void): void {
  while (!create(disk, path, self)) {
    const holder = holderOf(path);
    if (!holder) continue;
    const reason = whyStale(holder, self);
    if (reason === undefined) throw refusal(path, holder, self);
    const right = `${path}-over-${holder.token}`;
    takePath(disk, right, { ...self, token: randomUUID() }, () => undefined);
    try {
      if (holderOf(path)?.token !== holder.token) continue;
      quietly(() => disk.remove(path));
      note(`the lock of process ${holder.pid} is stale (${reason}) and is taken over`);
    } finally {
      quietly(() => disk.remove(right));
    }
  }
}
