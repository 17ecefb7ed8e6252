import { HostError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { Refusal } from '../contract/refusal.js';
import type { MetricName } from '../metrics/schema.js';
import type { Errno } from '../policy/discard/contract.js';
import { type ControlledGroup, LEFT_US, MemoryGroup, type OwnMemory, parseCounters } from './group.js';
import { LiveGroups } from './groups.js';
import type { LiveSpace } from './layout.js';
import { KEEPER, LIVE_OP } from './protocol.js';
import type { Session } from './session.js';
import type { LiveSystem } from './system.js';

/** Slots of the spaces that are measured before a run. */
const FIRST = 1;
const SECOND = 2;

/** Metrics that the statistics of a group have under their own name, in version 2. */
const OF_GROUP = [
  // getrusage calls a fault major, too, that began to read ahead or found a page on its way, and was handled again.
  'pgmajfault',
  'pgscan_direct',
  'pgscan_kswapd',
  'pgsteal_direct',
  'pgsteal_kswapd',
  'pgactivate',
  'pgdeactivate',
  'pglazyfree',
  'pglazyfreed',
  'workingset_refault_anon',
  'workingset_refault_file',
  'workingset_activate_anon',
  'workingset_activate_file',
  'pgsteal_proactive',
  'thp_fault_alloc',
  'thp_collapse_alloc',
  'thp_swpout',
] as const satisfies readonly MetricName[];

/** Metrics that /proc/vmstat has where nothing else runs. Scans and steals of groups are in the sums by kind alone there. */
const OF_SYSTEM: Readonly<Partial<Record<MetricName, readonly string[]>>> = {
  pgscan_direct: ['pgscan_anon', 'pgscan_file'],
  pgsteal_direct: ['pgsteal_anon', 'pgsteal_file'],
  pgactivate: ['pgactivate'],
  pgdeactivate: ['pgdeactivate'],
  pglazyfree: ['pglazyfree'],
  pglazyfreed: ['pglazyfreed'],
  pswpin: ['pswpin'],
  pswpout: ['pswpout'],
  thp_fault_alloc: ['thp_fault_alloc'],
  thp_fault_fallback: ['thp_fault_fallback'],
  thp_collapse_alloc: ['thp_collapse_alloc'],
  thp_zero_page_alloc: ['thp_zero_page_alloc'],
  thp_split_pmd: ['thp_split_pmd'],
  thp_split_page: ['thp_split_page'],
  thp_deferred_split_page: ['thp_deferred_split_page'],
  thp_underused_split_page: ['thp_underused_split_page'],
  thp_swpout: ['thp_swpout'],
};

type Counters = ReadonlyMap<string, number>;

/** What the kernel has counted of a run's spaces, by name of the metric; what it does not count is absent. */
export type Counted = Partial<Record<MetricName, number>>;

/** Memory of the executor's own that counts in the limit, in pages: measured before the run. */
interface Own {
  readonly keeper: number;
  readonly spawned: number;
  readonly forked: OwnMemory;
  /** What of a spawned space is no kernel memory. */
  readonly spawnedAnon: number;
}

const NO_MEMORY: OwnMemory = { anon: 0, kernel: 0 };

function pagesOf({ anon, kernel }: OwnMemory): number {
  return anon + kernel;
}

let groups = 0;

/**
 * The account that the spaces of a run are charged to: a memory group of their own, where there can be one. Its limit is that
 * of the trace and what the executor itself needs for each space, which is measured before. Counters are differences since then.
 */
export class Account {
  private readonly session: Session;
  private readonly group: MemoryGroup | undefined;
  /** Why there is none. */
  private readonly why: string;
  private own: Own = { keeper: 0, spawned: 0, forked: NO_MEMORY, spawnedAnon: 0 };
  /** What is charged without a space, and no kernel memory. */
  private idleCharge = 0;
  private below: LiveGroups | undefined;
  private before: { readonly group: Counters; readonly system: Counters } | undefined;
  private limitPages: number | undefined;
  private living = { spawned: 0, forked: 0 };
  /** Pages that memory.reclaim of the group of the run was asked for. */
  private asked = 0;

  constructor(private readonly system: LiveSystem) {
    const { session } = system;
    this.session = session;
    const place = system.groups();
    this.why = typeof place === 'string' ? place : '';
    this.group =
      typeof place === 'string'
        ? undefined
        : new MemoryGroup(session, place, `reclaim-${process.pid}-${++groups}`);
  }

  /** Starts the executor's own processes in the group, and measures what they need. */
  begin(): void {
    const { session, group } = this;
    if (!group) {
      session.call(LIVE_OP.reset);
      return;
    }
    group.join(this.system.stats === 'fresh');
    session.call(LIVE_OP.reset);
    const none = this.measured();
    const keeper = pagesOf(none);
    session.call(LIVE_OP.spawn, { slot: FIRST });
    const one = this.measured();
    session.call(LIVE_OP.fork, { slot: FIRST, a: SECOND });
    const two = this.measured();
    session.call(LIVE_OP.exit, { slot: SECOND });
    session.call(LIVE_OP.exit, { slot: FIRST });
    const forked = { anon: two.anon - one.anon, kernel: two.kernel - one.kernel };
    this.own = {
      keeper,
      spawned: pagesOf(one) - keeper,
      forked,
      spawnedAnon: one.anon - none.anon,
    };
    this.measured();
    this.idleCharge = this.group!.charged();
    this.before = this.look();
  }

  /** The limit from now on. @throws Refusal where there is no group */
  limit(pages: number | undefined): number {
    if (!this.group) throw this.noLimit();
    this.limitPages = pages;
    return this.queueLimit();
  }

  private noLimit(): Error {
    const what = `there is no memory limit here: ${this.why}`;
    // What a host lacks another host may have; a kernel stays as it is.
    return this.system.alone ? new Refusal(what) : new HostError(`${what}; --limit none needs no group`);
  }

  /** The groups of the trace below that of the run. @param living spaces that live, by slot. @throws Refusal where there are none */
  groups(living: () => Iterable<LiveSpace>): LiveGroups {
    if (!this.group) throw this.noLimit();
    this.below ??= new LiveGroups(this.system, this.group, this.own.forked, [
      KEEPER,
      ...[...living()].map(({ slot }) => slot),
    ]);
    return this.below;
  }

  /** The groups of the trace, where it has any. */
  get groupsBelow(): LiveGroups | undefined {
    return this.below;
  }

  /** Why no controller can look after the groups of this run; undefined where one can. */
  get uncontrollable(): string | undefined {
    if (!this.group) return this.why;
    return this.group.place.version === 'v2'
      ? undefined
      : 'memory cgroups of version 1 have no memory.reclaim; expected a kernel with v2';
  }

  /** A group as its controller finds it. @param path of a group of the trace, empty for all of the run */
  controlled(path: string): ControlledGroup | undefined {
    if (path !== '') return this.below?.controlled(path);
    const { folder } = this.group!;
    return { folder, ownPages: this.needed, ask: (pages) => this.ask(folder, pages) };
  }

  private ask(folder: string, pages: number): Errno {
    this.asked += pages;
    return this.session.tell(LIVE_OP.put, `${folder}/memory.reclaim\n${pages * PAGE_BYTES}`);
  }

  /** A space is about to begin: what it needs itself is not at the expense of the trace. */
  begins(how: 'spawned' | 'forked'): void {
    this.living = { ...this.living, [how]: this.living[how] + 1 };
    if (this.limitPages !== undefined) this.queueLimit();
  }

  /** A space has ended. */
  ended(how: 'spawned' | 'forked'): void {
    this.living = { ...this.living, [how]: this.living[how] - 1 };
    if (this.limitPages === undefined) return;
    this.session.queue(LIVE_OP.rest, 0, 0, 0, LEFT_US, 0);
    this.queueLimit();
  }

  /** Whether a process was killed because the limit could not be met. */
  get killed(): boolean {
    return this.group !== undefined && this.group.kills() > 0;
  }

  /** What has been counted since the run began. */
  counted(): Counted {
    const { before, group } = this;
    if (!before || !group) return {};
    group.refresh();
    const now = this.look();
    const difference = (of: 'group' | 'system', name: string) => {
      const value = now[of].get(name);
      return value === undefined ? undefined : value - (before[of].get(name) ?? 0);
    };
    const counted: Counted = {};
    for (const [metric, names] of Object.entries(OF_SYSTEM)) {
      const values = names.map((name) => difference('system', name));
      if (values.every((value) => value !== undefined))
        counted[metric as MetricName] = values.reduce((sum, value) => sum + value, 0);
    }
    const swap = group.swapPages();
    if (swap !== undefined) counted.swap_pages_end = swap;
    counted.reclaim_asked_pages = this.asked + (this.below?.asked ?? 0);
    for (const name of OF_GROUP) {
      const value = difference('group', name);
      if (value !== undefined) counted[name] = value;
    }
    return counted;
  }

  /** What the kernel keeps for the processes at this moment, in pages; undefined without a group. Counts in the limit. */
  kernelPages(): number | undefined {
    return this.group?.own().kernel;
  }

  /** What the trace's pages are charged at this moment, also those that only a part of a huge page has mapped; undefined without a group. */
  chargedPages(): number | undefined {
    if (!this.group) return undefined;
    const {
      living,
      own: { spawnedAnon, forked },
    } = this;
    const own = this.idleCharge + living.spawned * spawnedAnon + living.forked * forked.anon;
    this.group.refresh();
    return Math.round(this.group.charged() - own);
  }

  /** Ends all processes of the run, and removes the group. */
  end(): void {
    this.session.tell(LIVE_OP.group, '');
    this.session.call(LIVE_OP.reset);
    this.below?.remove();
    this.group?.remove();
  }

  private measured(): OwnMemory {
    this.group!.refresh();
    return this.group!.own();
  }

  private look() {
    const system = this.system.alone ? parseCounters(this.session.get('/proc/vmstat') ?? '') : new Map();
    return { group: this.group!.statistics(), system };
  }

  /** What the executor itself has in the group of the run, in pages. */
  private get needed(): number {
    const { own, living } = this;
    return own.keeper + living.spawned * own.spawned + living.forked * pagesOf(own.forked);
  }

  /** Returns the index of the op. */
  private queueLimit(): number {
    const { limitPages } = this;
    const bytes = MemoryGroup.limitBytes(
      limitPages === undefined ? undefined : limitPages + Math.ceil(this.needed),
    );
    return this.session.queue(LIVE_OP.limit, 0, 0, 0, bytes, 0);
  }
}
