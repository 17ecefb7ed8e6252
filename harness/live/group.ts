import { HostError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import type { Errno } from '../policy/discard/contract.js';
import { FIRST_SLAB, KEEPER, LIVE_OP, SLAB_PAGES } from './protocol.js';
import type { Session } from './session.js';

/** A limit that no group reaches; both versions take it for none. */
const NO_LIMIT_BYTES = 2 ** 50;
/**
 * Changes of a group's statistics for each CPU after which a reader gets new ones; two pages that come and go make four.
 * Source: memcg_vmstats_needs_flush in mm/memcontrol.c.
 */
const CHANGES = 64;
const ONLINE = '/sys/devices/system/cpu/online';

/** How many CPUs a list such as `0-3,7` has. */
export function cpusIn(list: string): number {
  return list.split(',').reduce((sum, part) => {
    const [first, last = first] = part.split('-').map(Number);
    return sum + (last! - first! + 1);
  }, 0);
}

/** How long processes and page caches that are gone may still be charged, and how often that is looked at. */
export const LEFT_US = 20_000;
const LOOKS = 50;

/** Versions of memory cgroups. */
export const GROUP_VERSIONS = ['v2', 'v1'] as const;
export type GroupVersion = (typeof GROUP_VERSIONS)[number];

/** Where memory groups can be made. */
export interface GroupPlace {
  readonly version: GroupVersion;
  /** The folder in which they are made. */
  readonly parent: string;
  /** Reads, writes and folders there; those of the executor where it is on another system. */
  readonly files: GroupFiles;
}

/** A memory group as a program that looks after it finds it: its folder, in version 2. */
export interface ControlledGroup {
  readonly folder: string;
  /** What the executor needs itself of what is charged to it, in pages. */
  readonly ownPages: number;
  /** Writes `memory.reclaim`. */
  ask(pages: number): Errno;
}

/** Files of the system that the groups are on. */
export interface GroupFiles {
  /** Undefined where it cannot be read. */
  get(path: string): string | undefined;
  makeFolder(path: string): Errno;
  removeFolder(path: string): Errno;
}

/** The files of the system that an executor is on. */
export function executorFiles(session: Session): GroupFiles {
  return {
    get: (path) => session.get(path),
    makeFolder: (path) => session.tell(LIVE_OP.mkdir, path),
    removeFolder: (path) => session.tell(LIVE_OP.rmdir, path),
  };
}

/** Memory of a group that no list of reclaim has, in pages. */
export interface OwnMemory {
  /** Anonymous memory, and what the kernel keeps for the processes: stacks, page tables, structures. */
  readonly anon: number;
  readonly kernel: number;
}

/** Reads lines of a name and a number. */
export function parseCounters(text: string): Map<string, number> {
  const lines = text.split('\n').map((line) => line.split(/\s+/));
  return new Map(lines.filter(([name]) => name !== '').map(([name, value]) => [name!, Number(value)]));
}

const FILES = {
  v1: {
    limit: 'memory.limit_in_bytes',
    kills: 'memory.oom_control',
    anon: 'rss',
    usage: 'memory.usage_in_bytes',
  },
  v2: { limit: 'memory.max', kills: 'memory.events', anon: 'anon', usage: 'memory.current' },
} as const satisfies Record<GroupVersion, object>;

/** Removes a group whose processes have been told to end. @throws HostError where it stays */
export function removeGroup(session: Session, files: GroupFiles, folder: string): void {
  for (let look = 0; look < LOOKS; look++) {
    if (files.removeFolder(folder) === 0) return;
    session.call(LIVE_OP.rest, { a: LEFT_US });
  }
  throw new HostError(`${folder}: the memory group cannot be removed`);
}

/** A memory group that the spaces of one run are in. */
export class MemoryGroup {
  readonly folder: string;

  /** @throws HostError where it cannot be made */
  constructor(
    private readonly session: Session,
    readonly place: GroupPlace,
    name: string,
  ) {
    this.folder = `${place.parent}/${name}`;
    const error = place.files.makeFolder(this.folder);
    if (error !== 0) throw new HostError(`${this.folder}: a memory group cannot be made there (${error})`);
  }

  /** Lets spaces that start from now on be in it. @param fresh whether they keep its statistics up to date */
  join(fresh: boolean): void {
    const files = ['cgroup.procs', this.names.limit, ...(fresh ? ['memory.stat'] : [])];
    const error = this.session.tell(LIVE_OP.group, files.map((file) => `${this.folder}/${file}\n`).join(''));
    if (error !== 0) throw new HostError(`${this.folder}: a process cannot join the memory group (${error})`);
  }

  /** The argument of the op that sets its limit. */
  static limitBytes(pages: number | undefined): number {
    return pages === undefined ? NO_LIMIT_BYTES : pages * PAGE_BYTES;
  }

  /** What is charged besides pages that can be reclaimed. The statistics must be up to date. */
  own(): OwnMemory {
    const { version } = this.place;
    const stat = this.statistics();
    const kernel =
      version === 'v1' ? Number(this.read('memory.kmem.usage_in_bytes') ?? 0) : (stat.get('kernel') ?? 0);
    return { anon: (stat.get(this.names.anon) ?? 0) / PAGE_BYTES, kernel: kernel / PAGE_BYTES };
  }

  /** Pages charged that are not kernel memory, with those that each CPU has charged in advance. The statistics must be up to date. */
  charged(): number {
    return Number(this.read(this.names.usage) ?? Number.NaN) / PAGE_BYTES - this.own().kernel;
  }

  /** Brings its statistics up to date. Its limit, if it had one, is gone then. */
  refresh(): void {
    // To read this file is to do so, in version 2.
    if (this.place.version === 'v1' || this.read('cpu.stat') === undefined) this.stir();
  }

  /** Makes more changes than the kernel lets a reader of the statistics miss. */
  private stir(): void {
    const { session } = this;
    const pages = CHANGES * cpusIn(this.place.files.get(ONLINE) ?? '0');
    const range = { slot: KEEPER, page: FIRST_SLAB * SLAB_PAGES, count: pages };
    session.call(LIVE_OP.limit, { a: NO_LIMIT_BYTES });
    session.call(LIVE_OP.map, range);
    session.call(LIVE_OP.write, { ...range, a: 1 });
    session.call(LIVE_OP.unmap, range);
  }

  /** The numbers of memory.stat. */
  statistics(): Map<string, number> {
    return parseCounters(this.read('memory.stat') ?? '');
  }

  /** Pages that are in swap; undefined where that is not known. */
  swapPages(): number | undefined {
    const bytes =
      this.place.version === 'v2' ? Number(this.read('memory.swap.current')) : this.statistics().get('swap');
    return bytes === undefined || Number.isNaN(bytes) ? undefined : bytes / PAGE_BYTES;
  }

  /** How many of its processes were killed for want of memory. */
  kills(): number {
    return parseCounters(this.read(this.names.kills) ?? '').get('oom_kill') ?? 0;
  }

  /** Removes it. All its processes must have been told to end. */
  remove(): void {
    this.session.tell(LIVE_OP.group, '');
    removeGroup(this.session, this.place.files, this.folder);
  }

  private get names() {
    return FILES[this.place.version];
  }

  private read(file: string): string | undefined {
    return this.place.files.get(`${this.folder}/${file}`);
  }
}
