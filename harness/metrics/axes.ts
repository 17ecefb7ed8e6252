/**
 * The axes of an experiment, each defined once: what a cell is run under besides its trace. The flags of `reclaim replay`, the
 * options of `replayTrace`, experiment files and their documentation, cells and the order in which they are planned, key
 * columns, the base of savings, tables and the gate's commands all read this table. How the text of a value is parsed and
 * passed to a replay is in `experiment/axes.ts`; the compiler demands it there.
 */
import type { Kind } from './columns.js';

/**
 * What the values of an axis are. `text`: a policy or a name. `size`: a SIZE, or `none`. `limit`: as a size, or `trace`.
 * `whole`: a whole number from 0 to `MAX_WHOLE`.
 */
export type AxisKind = 'text' | 'size' | 'limit' | 'whole';

/** What the column of an axis holds: a size stands there as it was asked for. */
const COLUMN_KIND = {
  text: 'text',
  size: 'text',
  limit: 'text',
  whole: 'number',
} as const satisfies Record<AxisKind, Kind>;

/** The columns of sizes in pages, next to those in which they stand as asked for: a share of the peak differs by trace. */
export const SIZE_COLUMNS = {
  limit: 'limit_pages',
  memory: 'memory_pages',
} as const satisfies Partial<Record<AxisName, string>>;
/** What these columns hold: empty for `none`. */
const PAGES_KIND = { limit_pages: 'limit', memory_pages: 'number?' } as const satisfies Record<
  (typeof SIZE_COLUMNS)[SizeName],
  Kind
>;
/** The axes of sizes. */
export type SizeName = keyof typeof SIZE_COLUMNS;

/** The largest number on an axis of whole numbers: a seed has 31 bits. */
export const MAX_WHOLE = 2 ** 31 - 1;

/** An axis; its name is its flag. */
export interface AxisInfo {
  readonly kind: AxisKind;
  /** Its key column in runs.csv. */
  readonly column: string;
  /** Its key in an experiment file: a value, or a list of them. */
  readonly key: string;
  /** For help and documentation. */
  readonly meaning: string;
  /** The default of `reclaim replay` and `replayTrace`. */
  readonly default: string;
  /** The default in an experiment file; null where every file must name it. */
  readonly experimentDefault: string | null;
  /** The value of the base of savings on this axis; on all others it has that of the cell. */
  readonly base?: string;
  /** Its place in the product of axes: the greater, the faster its values change from cell to cell. Distinct. */
  readonly depth: number;
}

/** All axes, in the order of their key columns. */
export const AXES = {
  machine: {
    kind: 'text',
    column: 'machine',
    key: 'machine',
    meaning:
      'sim: the simulated kernel; vm: a live one in a virtual machine; host: the kernel of this host; results name its release',
    default: 'sim',
    experimentDefault: 'sim',
    depth: 0,
  },
  backing: {
    kind: 'text',
    column: 'backing',
    key: 'backing',
    meaning:
      'memory that only one space maps: recorded, or all of it anon (private) or shmem (a shared-memory file)',
    default: 'recorded',
    experimentDefault: 'recorded',
    depth: 1,
  },
  limit: {
    kind: 'limit',
    column: 'limit',
    key: 'limits',
    meaning: 'memory limit: SIZE, none, or trace for the limit events of the trace',
    default: 'trace',
    experimentDefault: 'none',
    depth: 3,
  },
  memory: {
    kind: 'size',
    column: 'memory',
    key: 'memory',
    meaning: 'memory of the machine (SIZE, or none: never short); kswapd reclaims below its watermarks',
    default: 'none',
    experimentDefault: 'none',
    depth: 4,
  },
  swap: {
    kind: 'text',
    column: 'swap',
    key: 'swap',
    meaning:
      'swap device: none, ssd, or zram (compressed in memory); ssd:size=SIZE and zram:size=SIZE hold that much (default: never full), zram:algorithm=lz4 or ratio=3 compress otherwise',
    default: 'none',
    experimentDefault: 'ssd',
    depth: 2,
  },
  oom: {
    kind: 'text',
    column: 'oom',
    key: 'oom',
    meaning:
      'what happens when memory has run out: end, the replay ends; kill, the OOM killer kills a space, and the replay goes on without it',
    default: 'end',
    experimentDefault: 'end',
    depth: 4.5,
  },
  discard: {
    kind: 'text',
    column: 'discard',
    key: 'discard',
    meaning: 'discard policy: what discard, unpin and pin do',
    default: 'keep',
    experimentDefault: null,
    base: 'keep',
    depth: 10,
  },
  reclaim: {
    kind: 'text',
    column: 'reclaim',
    key: 'reclaim',
    meaning: 'reclaim policy: which page is evicted when memory is short',
    default: 'linux',
    experimentDefault: 'linux',
    depth: 9,
  },
  merge: {
    kind: 'text',
    column: 'merge',
    key: 'merge',
    meaning: 'merge policy: which equal pages are merged',
    default: 'none',
    experimentDefault: 'none',
    base: 'none',
    depth: 7,
  },
  purge: {
    kind: 'text',
    column: 'purge',
    key: 'purge',
    meaning: 'purge policy: which volatile memory is purged first, and what an access finds then',
    default: 'range-lru',
    experimentDefault: 'range-lru',
    depth: 8,
  },
  controller: {
    kind: 'text',
    column: 'controller',
    key: 'controller',
    meaning: 'what asks for reclaim before memory is short: none, or senpai, by memory pressure',
    default: 'none',
    experimentDefault: 'none',
    depth: 5,
  },
  seed: {
    kind: 'whole',
    column: 'seed',
    key: 'seed',
    meaning: 'seed of all random streams',
    default: '1',
    experimentDefault: '1',
    depth: 6,
  },
  cpus: {
    kind: 'whole',
    column: 'cpus',
    key: 'cpus',
    meaning:
      'CPUs of the machine: each that runs another thread of a space makes its TLB shootdowns dearer; 1, as prices were measured: none',
    default: '1',
    experimentDefault: '1',
    depth: 6.2,
  },
  clock: {
    kind: 'text',
    column: 'clock',
    key: 'clock',
    meaning:
      'open: stalls are summed and delay nothing; closed: they delay later events of their thread, and slowdown is measured',
    default: 'open',
    experimentDefault: 'open',
    depth: 6.5,
  },
  thp: {
    kind: 'text',
    column: 'thp',
    key: 'thp',
    meaning:
      'huge pages of private memory: never, madvise (where the program asks for them), or always; what the trace sets (thp.enabled) comes after it',
    default: 'never',
    experimentDefault: 'never',
    depth: 1.5,
  },
  readahead: {
    kind: 'text',
    column: 'readahead',
    key: 'readahead',
    meaning:
      'what is read ahead of files and swap: kernel, as it is set there; kernel:read_ahead_kb=512,page_cluster=0; off; or auto: off for a sample of pages, first accesses alone and policies that need the future, else kernel; what the trace sets (read_ahead_kb, vm.page-cluster) comes after it',
    default: 'auto',
    experimentDefault: 'auto',
    depth: 1.7,
  },
} as const satisfies Readonly<Record<string, AxisInfo>>;

/** The name of an axis. */
export type AxisName = keyof typeof AXES;
/** The key columns of all axes, and what they hold. */
export type AxisColumns = {
  readonly [N in AxisName as (typeof AXES)[N]['column']]: (typeof COLUMN_KIND)[(typeof AXES)[N]['kind']];
};
/** A key column that an axis has. */
export type AxisColumn = keyof AxisColumns;

/** An axis by its name, without its literal types. */
export function axisInfo(name: AxisName): AxisInfo {
  return AXES[name];
}

/** The axes in the order of their key columns. */
export const AXIS_NAMES = Object.keys(AXES) as readonly AxisName[];

/** The axes from the one whose values change most slowly from cell to cell to the one where they change fastest. */
export const NESTED_AXES: readonly AxisName[] = AXIS_NAMES.toSorted(
  (a, b) => axisInfo(a).depth - axisInfo(b).depth,
);

/** The key columns of all axes, in their order. */
export const AXIS_COLUMNS: readonly AxisColumn[] = AXIS_NAMES.map((name) => AXES[name].column);

/** What the key columns of all axes hold, with those of sizes in pages after them. */
export const AXIS_KINDS = Object.fromEntries(
  AXIS_NAMES.flatMap((name) => {
    const kind = [AXES[name].column, COLUMN_KIND[AXES[name].kind]];
    if (!isSize(name)) return [kind];
    const pages = SIZE_COLUMNS[name];
    return [kind, [pages, PAGES_KIND[pages]]];
  }),
) as AxisColumns & typeof PAGES_KIND;

/** Whether the values of an axis are sizes. */
export function isSize(name: AxisName): name is SizeName {
  return name in SIZE_COLUMNS;
}

/** An object with a field for each axis. */
export function perAxis<V>(value: (name: AxisName) => V): Record<AxisName, V> {
  return Object.fromEntries(AXIS_NAMES.map((name) => [name, value(name)])) as Record<AxisName, V>;
}

/** What the base of savings has in the columns where it differs from its cell. */
export const BASE_VALUES: Readonly<Partial<Record<AxisColumn, string>>> = Object.fromEntries(
  AXIS_NAMES.flatMap((name) => {
    const { column, base } = axisInfo(name);
    return base === undefined ? [] : [[column, base]];
  }),
);
