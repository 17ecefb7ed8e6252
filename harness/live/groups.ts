import { PAGE_BYTES } from '../base/page.js';
import { Refusal } from '../contract/refusal.js';
import { NOT_MEASURED } from '../contract/target.js';
import type { GroupCount } from '../metrics/files.js';
import type { Errno } from '../policy/discard/contract.js';
import type { CgroupArg, CgroupFile } from '../trace/args.js';
import {
  type ControlledGroup,
  type GroupPlace,
  type GroupVersion,
  LEFT_US,
  type MemoryGroup,
  type OwnMemory,
  parseCounters,
  removeGroup,
} from './group.js';
import type { LiveSpace } from './layout.js';
import { parsePressure } from './pressure.js';
import { errnoName, LIVE_OP } from './protocol.js';
import type { Session } from './session.js';
import type { LiveSystem } from './system.js';

/** Where processes are that no event has moved, in version 2: next to groups of the trace, whose names have no colon. */
const REST = 'rest:';
/** How long the kernel of version 1 may take to bring the statistics of all groups up to date. Source: FLUSH_TIME in mm/memcontrol.c. */
const FLUSH_US = 2_100_000;

/** The files of groups that a trace writes, by version; absent where that version has none. */
const FILES: Readonly<Record<GroupVersion, Readonly<Partial<Record<CgroupFile, string>>>>> = {
  v1: { 'memory.max': 'memory.limit_in_bytes' },
  v2: {
    'memory.max': 'memory.max',
    'memory.high': 'memory.high',
    'memory.low': 'memory.low',
    'memory.min': 'memory.min',
    'memory.swap.max': 'memory.swap.max',
    'memory.reclaim': 'memory.reclaim',
  },
};
/** Sizes that what the executor has itself counts in too. */
const WITH_OWN: readonly CgroupFile[] = ['memory.max', 'memory.high', 'memory.low', 'memory.min'];

const NO_BOUND: Readonly<Record<GroupVersion, string>> = { v1: '-1', v2: 'max' };

/** Pressure in a row of groups.csv. */
type GroupPressure = Pick<GroupCount, Extract<keyof GroupCount, `psi_${string}`>>;

/** What memory.reclaim came to. */
interface Reclaimed {
  readonly errno: Errno;
  readonly pages: number;
}

/** A group of the trace on a live kernel. */
interface LiveGroup {
  readonly path: string;
  readonly folder: string;
  readonly parent: LiveGroup | undefined;
  readonly written: Map<CgroupFile, number>;
  /** Spaces in it, without those of groups below. */
  members: number;
  /** Forked spaces in it and below: what each has itself is charged there. */
  forked: number;
  /** Whether a forked space ever was. */
  hadForked: boolean;
  children: number;
  /** Pages that memory.reclaim was asked for, in it and below. */
  asked: number;
}

/**
 * The memory cgroups of a trace, below that of its run. A space begins in the group of the run and is moved then, so that what
 * the executor needs for it is charged there; for a forked one, that is added to the sizes of its parent's group.
 */
export class LiveGroups {
  /** Pages that memory.reclaim of all of them was asked for. */
  asked = 0;
  private readonly made = new Map<string, LiveGroup>();
  private readonly memberships = new Map<LiveSpace, LiveGroup>();
  /** Where what a forked space has itself is charged. */
  private readonly births = new Map<LiveSpace, LiveGroup>();
  private readonly version: GroupVersion;

  private readonly session: Session;
  private readonly place: GroupPlace;
  /** Folder of the group of the run. */
  private readonly top: string;

  /**
   * @param run the group of the run
   * @param forkedOwn what a forked space has itself
   * @param living slots of processes in that group, which leave it in version 2
   */
  constructor(
    { session, stats }: Pick<LiveSystem, 'session' | 'stats'>,
    run: MemoryGroup,
    private readonly forkedOwn: OwnMemory,
    living: readonly number[],
  ) {
    this.session = session;
    this.place = run.place;
    this.top = run.folder;
    this.version = run.place.version;
    if (this.version === 'v2') this.emptyTop(living, stats === 'fresh');
  }

  /** In version 2 a group has processes or groups with controllers, not both. */
  private emptyTop(living: readonly number[], fresh: boolean): void {
    const { session, top } = this;
    const rest = this.root;
    this.must(this.place.files.makeFolder(rest), rest, 'cannot be made');
    for (const slot of living) this.must(this.move(slot, rest), rest, 'cannot be joined');
    this.controlBelow(top);
    const files = [`${rest}/cgroup.procs`, `${top}/memory.max`, ...(fresh ? [`${top}/memory.stat`] : [])];
    this.must(
      session.tell(LIVE_OP.group, files.map((file) => `${file}\n`).join('')),
      rest,
      'cannot be joined',
    );
  }

  /** Folder of processes that are in no group of the trace. */
  private get root(): string {
    return this.version === 'v1' ? this.top : `${this.top}/${REST}`;
  }

  private controlBelow(folder: string): void {
    const control = `${folder}/cgroup.subtree_control`;
    this.must(this.session.tell(LIVE_OP.put, `${control}\n+memory`), control, 'memory cannot be switched on');
  }

  private move(slot: number, folder: string): Errno {
    return errnoName(this.session.call(LIVE_OP.move, { slot }, `${folder}/cgroup.procs`).error);
  }

  private must(error: Errno, path: string, what: string): void {
    if (error !== 0)
      throw new Refusal(`${path}: ${what} (${error}): memory cgroups of a trace are not possible here`);
  }

  /** Writes files of a group, which is made if it is new. Returns what memory.reclaim answered, where it is one of them. */
  write({ path, writes }: CgroupArg): Reclaimed | undefined {
    if (path === '') return undefined;
    const group = this.named(path);
    let answer: Reclaimed | undefined;
    for (const { file, pages } of writes) {
      if (file !== 'memory.reclaim') group.written.set(file, pages);
      const error = file === 'memory.reclaim' ? this.ask(group, pages) : this.put(group, file, pages);
      // How many pages have gone where not all could, the kernel does not say.
      if (file === 'memory.reclaim') answer = { errno: error, pages: error === 0 ? pages : 0 };
      else if (error !== 0) throw new Refusal(`${file} of cgroup ${path} cannot be written (${error})`, true);
    }
    return answer;
  }

  private ask(group: LiveGroup, pages: number): Errno {
    this.asked += pages;
    for (let above: LiveGroup | undefined = group; above; above = above.parent) above.asked += pages;
    return this.put(group, 'memory.reclaim', pages);
  }

  /** A group of the trace as its controller finds it; undefined before there is one. */
  controlled(path: string): ControlledGroup | undefined {
    const group = this.made.get(path);
    if (!group) return undefined;
    const { folder, forked } = group;
    return { folder, ownPages: forked * this.ownPages, ask: (pages) => this.ask(group, pages) };
  }

  private put(group: LiveGroup, file: CgroupFile, pages: number): Errno {
    const name = FILES[this.version][file];
    if (name === undefined)
      throw new Refusal(
        `${file} is no file of memory cgroups ${this.version}, expected a kernel with v2`,
        true,
      );
    const own = WITH_OWN.includes(file) && pages > 0 ? group.forked * this.ownPages : 0;
    const bytes = Number.isFinite(pages)
      ? String((pages + Math.ceil(own)) * PAGE_BYTES)
      : NO_BOUND[this.version];
    const error = this.session.tell(LIVE_OP.put, `${group.folder}/${name}\n${bytes}`);
    if ((error as string) === 'ENOENT')
      throw new Refusal(`${file} is no file of this kernel's memory cgroups`, true);
    return error;
  }

  private get ownPages(): number {
    return this.forkedOwn.anon + this.forkedOwn.kernel;
  }

  private named(path: string): LiveGroup {
    const known = this.made.get(path);
    if (known) return known;
    const above = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const parent = above === '' ? undefined : this.named(above);
    if (parent) this.admitChild(parent);
    const folder = `${this.top}/${path}`;
    this.must(this.place.files.makeFolder(folder), folder, 'cannot be made');
    const group = {
      path,
      folder,
      parent,
      written: new Map(),
      members: 0,
      forked: 0,
      hadForked: false,
      children: 0,
      asked: 0,
    };
    this.made.set(path, group);
    return group;
  }

  private admitChild(parent: LiveGroup): void {
    if (this.version === 'v2' && parent.children === 0) {
      this.checkApart(parent.path, parent.members > 0);
      this.controlBelow(parent.folder);
    }
    parent.children++;
  }

  private checkApart(path: string, both: boolean): void {
    if (both && this.version === 'v2')
      throw new Refusal(
        `cgroup ${path} has both processes and cgroups below it, which cgroup v2 lets only the root have, expected the processes in a cgroup of their own`,
        true,
      );
  }

  /** Moves a space: what it touches first is charged there from now on. @param path empty for the group of the trace */
  join(space: LiveSpace, path: string): void {
    const group = path === '' ? undefined : this.named(path);
    if (group) this.checkApart(path, group.children > 0);
    this.leave(space);
    const error = this.move(space.slot, group?.folder ?? this.root);
    // One that the kernel has killed is in no group any more.
    if (error !== 0 && (error as string) !== 'ESRCH')
      throw new Refusal(`space ${space.id} cannot be moved to cgroup ${path} (${error})`, true);
    if (!group) return;
    group.members++;
    this.memberships.set(space, group);
  }

  /** A space is about to be forked: it is in the group of its parent, with what it has itself. */
  forked(parent: LiveSpace, child: LiveSpace): void {
    const group = this.memberships.get(parent);
    if (!group) return;
    group.members++;
    this.memberships.set(child, group);
    this.births.set(child, group);
    this.charge(group, 1);
  }

  /** A space is about to end: what it has itself is charged until then where it began. */
  ended(space: LiveSpace): void {
    this.leave(space);
    const group = this.births.get(space);
    if (!group) return;
    this.births.delete(space);
    this.session.call(LIVE_OP.rest, { a: LEFT_US });
    this.charge(group, -1);
  }

  private leave(space: LiveSpace): void {
    const group = this.memberships.get(space);
    if (group) group.members--;
    this.memberships.delete(space);
  }

  private charge(from: LiveGroup, spaces: number): void {
    for (let group: LiveGroup | undefined = from; group; group = group.parent) {
      group.forked += spaces;
      group.hadForked = true;
      for (const [file, pages] of group.written) if (WITH_OWN.includes(file)) this.put(group, file, pages);
    }
  }

  /** Rows of groups.csv; what the kernel does not count, or what the executor's own memory is in, is NaN. */
  rows(): GroupCount[] {
    if (this.version === 'v1') this.session.call(LIVE_OP.rest, { a: FLUSH_US });
    return [...this.made.values()].map((group) => this.row(group));
  }

  private row(group: LiveGroup): GroupCount {
    const stat = parseCounters(this.read(group, 'memory.stat') ?? '');
    const of = (name: string) => stat.get(this.version === 'v1' ? `total_${name}` : name) ?? NOT_MEASURED;
    const events = parseCounters(this.read(group, 'memory.events') ?? '');
    const event = (name: string) => events.get(name) ?? NOT_MEASURED;
    const clean = (value: number) => (group.hadForked ? NOT_MEASURED : value);
    const kernel =
      this.version === 'v1' ? this.pages(group, 'memory.kmem.usage_in_bytes') : of('kernel') / PAGE_BYTES;
    const names = USAGE[this.version];
    return {
      cgroup: group.path,
      memory_max_pages: size(group, 'memory.max', Number.POSITIVE_INFINITY),
      memory_high_pages: size(group, 'memory.high', Number.POSITIVE_INFINITY),
      memory_low_pages: size(group, 'memory.low', 0),
      memory_min_pages: size(group, 'memory.min', 0),
      memory_pages_mean: NOT_MEASURED,
      memory_pages_peak: clean(this.pages(group, names.peak)),
      memory_pages_end: this.pages(group, names.current) - kernel - group.forked * this.forkedOwn.anon,
      swap_pages_peak: this.pages(group, 'memory.swap.peak'),
      swap_pages_end:
        this.version === 'v1' ? of('swap') / PAGE_BYTES : this.pages(group, 'memory.swap.current'),
      pgfault: clean(of('pgfault')),
      pgmajfault: of('pgmajfault'),
      pgscan: of('pgscan'),
      pgsteal: of('pgsteal'),
      reclaim_asked_pages: group.asked,
      pgsteal_proactive: of('pgsteal_proactive'),
      workingset_refault_anon: of('workingset_refault_anon'),
      workingset_refault_file: of('workingset_refault_file'),
      events_low: event('low'),
      events_high: event('high'),
      events_max: event('max'),
      events_oom: event('oom'),
      events_oom_kill: event('oom_kill'),
      stall_ns: NOT_MEASURED,
      throttle_ns: NOT_MEASURED,
      ...this.pressure(group),
    };
  }

  private pressure(group: LiveGroup): GroupPressure {
    const { some, full } = parsePressure(this.read(group, 'memory.pressure') ?? '');
    return {
      psi_some_us: some.total,
      psi_some_avg10: some.avg10,
      psi_some_avg60: some.avg60,
      psi_some_avg300: some.avg300,
      psi_full_us: full.total,
      psi_full_avg10: full.avg10,
      psi_full_avg60: full.avg60,
      psi_full_avg300: full.avg300,
    };
  }

  private pages(group: LiveGroup, file: string): number {
    const text = this.read(group, file);
    return text === undefined ? NOT_MEASURED : Number(text) / PAGE_BYTES;
  }

  private read(group: LiveGroup, file: string): string | undefined {
    return this.place.files.get(`${group.folder}/${file}`);
  }

  /** Removes them, those below first. All their processes must have been told to end. */
  remove(): void {
    const folders = [...this.made.values()].map(({ folder }) => folder).reverse();
    if (this.version === 'v2') folders.push(this.root);
    for (const folder of folders) removeGroup(this.session, this.place.files, folder);
  }
}

const USAGE = {
  v1: { current: 'memory.usage_in_bytes', peak: 'memory.max_usage_in_bytes' },
  v2: { current: 'memory.current', peak: 'memory.peak' },
} as const satisfies Record<GroupVersion, object>;

/** A size as results have it: empty where there is no bound. */
function size({ written }: LiveGroup, file: CgroupFile, otherwise: number): number | null {
  const pages = written.get(file) ?? otherwise;
  return Number.isFinite(pages) ? pages : null;
}
