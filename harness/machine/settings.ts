import { unknownName } from '../base/nearest.js';
import { Refusal } from '../contract/refusal.js';
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

/** What settings change of a machine. */
interface SettingsTarget extends KsmTarget {
  readonly settings: Settings;
  readonly reclaim: { readonly policy: { tune?(parameter: string, value: number): void } };
  /** Begins free-page reporting of blocks of an order and above. */
  startReporting(order: number): void;
}

type NumericField = Exclude<keyof Settings, 'removeEra' | 'kernel'>;

/** @throws Refusal for a reclaim policy that does not have it */
function setSwappiness({ reclaim }: SettingsTarget, value: number): void {
  if (!reclaim.policy.tune)
    throw new Refusal(
      'vm.swappiness is no parameter of this reclaim policy, expected linux or mglru, or a trace without it',
      true,
    );
  reclaim.policy.tune('swappiness', value);
}

/** The `apply` of a setting that is one field of `Settings`. */
function field(name: NumericField): NumberSetting<SettingsTarget>['apply'] {
  return ({ settings }, value) => {
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
    name: 'vm.swappiness',
    default: '60',
    meaning: 'relative cost of swapping: the parameter of `linux` and `mglru`; refused under other policies',
    source: 'MAX_SWAPPINESS in include/linux/swap.h',
    min: 0,
    max: 200,
    apply: setSwappiness,
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
      'the kernel whose calls these are: MADV_POPULATE ends at a hole from 6.12 on, and goes on behind it before; mremap moves several VMAs from 6.18 on, and before ends with EFAULT when it has unmapped its target',
    source: 'no setting of a kernel: madvise_populate in mm/madvise.c, mremap_to in mm/mremap.c',
    choices: Object.keys(KERNELS),
    apply: ({ settings }: SettingsTarget, value: string) => {
      settings.kernel = KERNELS[value as KernelVersion];
    },
  },
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
