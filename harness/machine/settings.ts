import { unknownName } from '../base/nearest.js';
import { Refusal } from '../contract/refusal.js';
import { THP_SETTINGS, type ThpTarget } from './huge/settings.js';
import { KSM_SETTINGS, type KsmTarget } from './ksm/settings.js';
import { MAX_PAGE_ORDER } from './memory/free-blocks.js';
import {
  applySetting,
  INT_MAX,
  KERNELS,
  type KernelVersion,
  type NumberSetting,
  type Setting,
  type Settings,
} from './state/settings.js';

/** KiB of a page. */
const PAGE_KIB = 4;
/** 1 GiB: far beyond what any device is set to. */
const MAX_READ_AHEAD_KIB = 2 ** 20;
/** Source: page_cluster_max in kernel/sysctl.c. */
const MAX_PAGE_CLUSTER = 31;

/** What settings change of a machine. */
interface SettingsTarget extends KsmTarget, ThpTarget {
  readonly settings: Settings;
  /** One in this number of pages is replayed. */
  readonly sample: number;
  readonly hugetlb: { readonly pool: { resize(count: number): void } };
  readonly reclaim: {
    /** Absent methods: the reclaim policy has no such parameters. */
    readonly policy: { tune?(parameter: string, value: number): void };
    /** Changes a parameter of the policy, of all cgroups. */
    tune(parameter: string, value: number): void;
    readonly statsFlusher: { restart(delayMs: number): void };
  };
  /** Begins free-page reporting of blocks of an order and above. */
  startReporting(order: number): void;
  /** Sets in how many percent of the blocks of 2 MiB a page cannot move. */
  scatterUnmovable(percent: number): void;
}

type NumericField = Exclude<keyof Settings, 'removeEra' | 'kernel' | 'stats' | 'thp'>;

/** @throws Refusal for a reclaim policy that does not have it */
function setSwappiness({ reclaim }: SettingsTarget, value: number): void {
  if (!reclaim.policy.tune)
    throw new Refusal(
      'vm.swappiness is no parameter of this reclaim policy, expected linux or mglru, or a trace without it',
      true,
    );
  reclaim.tune('swappiness', value);
}

/** The `apply` of a setting that is one field of `Settings`. */
function field(name: NumericField): NumberSetting<SettingsTarget>['apply'] {
  return ({ settings }, value) => {
    settings[name] = value;
  };
}

/**
 * The `apply` of a setting of read-ahead.
 *
 * @throws Refusal in a sample of pages, which has no neighbours to read
 */
function readAhead(name: 'readAheadPages' | 'pageCluster'): NumberSetting<SettingsTarget>['apply'] {
  return ({ settings, sample }, value) => {
    if (value > 0 && sample > 1)
      throw new Refusal(
        'nothing is read ahead in a sample of pages, whose neighbours are not there: expected readahead off, and a trace without the setting, or with 0',
        true,
      );
    settings[name] = value;
  };
}

/** Everything that `set` events can change, in the order of the README. */
export const SETTINGS: readonly Setting<SettingsTarget>[] = [
  {
    name: 'vm.max_map_count',
    default: '65530',
    meaning: 'VMAs a space may have: flag changes beyond are EAGAIN, mappings ENOMEM',
    source: 'sysctl_max_map_count in mm/util.c',
    min: 0,
    max: INT_MAX,
    apply: field('maxMapCount'),
  },
  {
    name: 'vm.nr_hugepages',
    default: '0',
    meaning:
      'hugetlb pages of 2 MiB in the pool; with `--memory` as many as there are free blocks for, and they are gone for everything else',
    source: 'nr_hugepages_store_common in mm/hugetlb.c',
    min: 0,
    max: 2 ** 19,
    apply: ({ hugetlb }, value) => hugetlb.pool.resize(value),
  },
  {
    name: 'vm.swappiness',
    default: '60',
    meaning: 'relative cost of swapping: the parameter of `linux` and `mglru`; refused under other policies',
    source: 'MAX_SWAPPINESS in include/linux/swap.h',
    min: 0,
    max: 200,
    apply: setSwappiness,
  },
  {
    name: 'read_ahead_kb',
    default: 'that of `readahead`',
    meaning:
      'how far files are read ahead, around faults and by `pread`, in KiB, from the event on; less than a page: not at all; refused in a sample of pages',
    source: 'queue_ra_store in block/blk-sysfs.c; the default there is 128',
    min: 0,
    max: MAX_READ_AHEAD_KIB,
    apply: (target, kib) => readAhead('readAheadPages')(target, Math.floor(kib / PAGE_KIB)),
  },
  {
    name: 'vm.page-cluster',
    default: 'that of `readahead`',
    meaning:
      'pages that are read from swap at once, as a power of 2: around the address that faults, or for shared memory around its place on the device; none from zram; 0: one; refused in a sample of pages',
    source: 'page_cluster in mm/swap.c; the default there is 3',
    min: 0,
    max: MAX_PAGE_CLUSTER,
    apply: readAhead('pageCluster'),
  },
  {
    name: 'swap.vma_ra_enabled',
    default: '1',
    meaning:
      'whether private memory is read from swap by address; 0: by place on the device, as where a swap device rotates',
    source: 'vma_ra_enabled_store in mm/swap_state.c',
    min: 0,
    max: 1,
    apply: field('vmaReadAhead'),
  },
  {
    name: 'vm.dirty_writeback_centisecs',
    default: '500',
    meaning: 'how often the flusher looks for old dirty pages',
    source: 'dirty_writeback_interval in mm/page-writeback.c',
    min: 1,
    max: INT_MAX,
    apply: field('dirtyWritebackCentisecs'),
  },
  {
    name: 'vm.dirty_expire_centisecs',
    default: '3000',
    meaning: 'for how long pages may be dirty',
    source: 'dirty_expire_interval in mm/page-writeback.c',
    min: 0,
    max: INT_MAX,
    apply: field('dirtyExpireCentisecs'),
  },
  {
    name: 'mm.struct_page_bytes',
    default: '64',
    meaning: 'size of a struct page, for images that have them',
    source: 'struct page in include/linux/mm_types.h',
    min: 1,
    max: 4096,
    apply: field('structPageBytes'),
  },
  {
    name: 'mm.page_reporting_order',
    default: 'off',
    meaning: 'free-page reporting of blocks of this order and above; needs `--memory`',
    source: 'page_reporting_order in mm/page_reporting.c',
    min: 0,
    max: MAX_PAGE_ORDER,
    apply: (target, order) => target.startReporting(order),
  },
  {
    name: 'mm.unmovable_percent',
    default: '0',
    meaning:
      'share of the blocks of 2 MiB that have a page which cannot move, evenly spread, so that no huge page fits; needs `--memory`; compaction is not modelled',
    source: 'no setting of a kernel: /proc/pagetypeinfo shows such blocks',
    min: 0,
    max: 100,
    apply: (target, percent) => target.scatterUnmovable(percent),
  },
  {
    name: 'madvise.remove_2006',
    default: '0',
    meaning: '1: MADV_REMOVE as it was first posted',
    source: 'no setting of a kernel: Pulavarty 2006, "madvise(MADV_REMOVE)"',
    min: 0,
    max: 1,
    apply: ({ settings }, value) => {
      settings.removeEra = value === 1 ? '2006' : 'now';
    },
  },
  {
    name: 'kernel.version',
    default: '6.18',
    meaning:
      'the kernel whose calls these are: MADV_POPULATE ends at a hole from 6.12 on, and goes on behind it before; a page that a read swaps in may be written from 6.12 on, and before the write faults again; mremap moves several VMAs, and the holes between them, from 6.18 on, and before ends with EFAULT when it has unmapped its target; fewer neighbouring VMAs merge before 6.18, and before 6.12; reclaim flushes statistics that are pending before 6.12, and weighs costs otherwise before 6.3; `mglru` has the rules of 7.2 from there on, else those of 6.18',
    source:
      'no setting of a kernel: madvise_populate in mm/madvise.c, do_swap_page in mm/memory.c, mremap_to in mm/mremap.c, is_mergeable_anon_vma in mm/vma.c, mmap_region in mm/mmap.c',
    choices: Object.keys(KERNELS),
    apply: ({ settings, reclaim }: SettingsTarget, value: string) => {
      settings.kernel = KERNELS[value as KernelVersion];
      reclaim.tune('kernel.version', settings.kernel);
    },
  },
  {
    name: 'mm.shared_zero_page',
    default: '1',
    meaning:
      '0: there is none, and reads of untouched private memory take frames, as on some virtual machines',
    source: 'do_anonymous_page in mm/memory.c; no setting of a kernel',
    min: 0,
    max: 1,
    apply: field('sharedZeroPage'),
  },
  {
    name: 'memcg.charge_page_tables',
    default: '0',
    meaning: '1: page tables count against the limit as in the kernel, those of upper levels too',
    source: '__GFP_ACCOUNT in GFP_PGTABLE_USER; no setting of a kernel',
    min: 0,
    max: 1,
    apply: field('chargePageTables'),
  },
  {
    name: 'memcg.recursiveprot',
    default: '1',
    meaning:
      '1: what children of a cgroup do not claim of its memory.low and memory.min protects them too, by their size, as systemd mounts cgroups',
    source: 'the mount option memory_recursiveprot; effective_protection in mm/page_counter.c',
    min: 0,
    max: 1,
    apply: field('recursiveProtection'),
  },
  {
    name: 'memcg.own_file_pages',
    default: '1',
    meaning:
      'whether programs have text and libraries on the lists, which traces do not have; 0: where statistics are old and no page is inactive, `linux` finds nothing to reclaim, and memory runs out',
    source: 'shrink_lruvec in mm/vmscan.c, which looks at no list when all inactive ones are empty',
    min: 0,
    max: 1,
    apply: ({ reclaim }, value) => reclaim.tune('memcg.own_file_pages', value),
  },
  {
    name: 'memcg.stats',
    default: 'kernel',
    meaning:
      'how old the statistics are by which `linux` reclaims: `kernel`, since the last periodic flush; `fresh`, as if memory.stat were read after every event, which flushes them',
    source: 'mem_cgroup_flush_stats in mm/memcontrol.c',
    choices: ['kernel', 'fresh'],
    apply: ({ settings }: SettingsTarget, value: string) => {
      settings.stats = value as Settings['stats'];
    },
  },
  {
    name: 'memcg.stats_flush_ms',
    default: '2000',
    meaning: 'how often the statistics of a cgroup are flushed, in ms of trace time',
    source: 'FLUSH_TIME in mm/memcontrol.c',
    min: 1,
    max: INT_MAX,
    apply: field('statsFlushMs'),
  },
  {
    name: 'memcg.stats_phase_ms',
    default: '2000',
    meaning: 'when they are flushed next, in ms from the setting on; until the first flush they are 0',
    source: 'stats_flush_dwork in mm/memcontrol.c, which does not wait for a cgroup',
    min: 0,
    max: INT_MAX,
    apply: ({ reclaim }, delayMs) => reclaim.statsFlusher.restart(delayMs),
  },
  {
    name: 'memcg.stats_threshold',
    default: '128',
    meaning: 'updates of statistics that may be pending when they are read: 64 for each CPU',
    source: 'memcg_vmstats_needs_flush in mm/memcontrol.c',
    min: 0,
    max: INT_MAX,
    apply: ({ reclaim }, value) => reclaim.tune('memcg.stats_threshold', value),
  },
  ...THP_SETTINGS,
  ...KSM_SETTINGS,
];

/** Settings of the daemon: what merges without it does not have them. */
const OF_KSMD: ReadonlySet<string> = new Set(
  KSM_SETTINGS.map(({ name }) => name).filter((name) => !/^ksm\.(configured|max_processes)$/.test(name)),
);

const BY_NAME = new Map(SETTINGS.map((setting) => [setting.name, setting]));

/** Applies NAME=VALUE. @throws InputError for an unknown name, or a value that the setting does not take (now) */
export function set(target: SettingsTarget, name: string, value: string): void {
  const setting = BY_NAME.get(name);
  if (!setting) throw unknownName('setting', name, [...BY_NAME.keys()]);
  if (OF_KSMD.has(name) && !target.ksm.strategy.scans)
    throw new Refusal(`${name} is of ksmd, and merge policy instant has none; expected ksm or none`, true);
  applySetting(setting, target, value);
}
