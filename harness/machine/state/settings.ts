import { InputError } from '../../base/errors.js';
import { wholeNumber } from '../../base/parse.js';
import { ThpSettings } from './thp-settings.js';

/** Which MADV_REMOVE: today's, or that of the patch that introduced it. */
export type Era = 'now' | '2006';

/** Kernels whose differences are modelled, by the number that they are compared by. */
export const KERNELS = { '6.1': 601, '6.6': 606, '6.12': 612, '6.18': 618, '7.2': 702 } as const;
export type KernelVersion = keyof typeof KERNELS;

/** What `set` events change; the values here are the kernel's defaults. */
export class Settings {
  /** VMAs a space may have. Source: DEFAULT_MAX_MAP_COUNT in include/linux/mm.h. */
  maxMapCount = 65_530;
  /** How often the flusher looks for old dirty pages. Source: dirty_writeback_interval in mm/page-writeback.c. */
  dirtyWritebackCentisecs = 500;
  /** For how long pages may be dirty. Source: dirty_expire_interval. */
  dirtyExpireCentisecs = 3000;
  /** Size of a struct page: 64 on x86-64; 56, 40 and 32 have been proposed or were used. */
  structPageBytes = 64;
  /** What MADV_REMOVE is: today's, or that of the first patch. */
  removeEra: Era = 'now';
  /** Whether reads of untouched private memory map one shared page of zeros: 0 on some virtual machines. */
  sharedZeroPage = 1;
  /** Whether page tables count against the limit (__GFP_ACCOUNT), as frames do. */
  chargePageTables = 0;
  /** Whether memory that children of a cgroup do not claim of its protection protects them too. */
  recursiveProtection = 1;
  /** Whether a cgroup's statistics are as the kernel keeps them, or as if memory.stat were read all the time. */
  stats: 'kernel' | 'fresh' = 'kernel';
  /** How often a cgroup's statistics are brought up to date. Source: FLUSH_TIME in mm/memcontrol.c. */
  statsFlushMs = 2000;
  /** Pages that files are read ahead at most; 0: not at all. Source: ra_pages of struct backing_dev_info. */
  readAheadPages = 0;
  /** 2 to this power is the largest number of pages read from swap at once; 0: one. Source: page_cluster in mm/swap.c. */
  pageCluster = 0;
  /** Whether swap is read ahead by address, or by place on the device, as on a disk that rotates. */
  vmaReadAhead = 1;
  /** The kernel whose calls these are, as in `KERNELS`. */
  kernel: number = KERNELS['6.18'];
  /** Of huge pages. */
  readonly thp = new ThpSettings();
}

/** The largest value of settings that the kernel keeps in an int. */
export const INT_MAX: number = 2 ** 31 - 1;

interface SettingInfo {
  readonly name: string;
  /** For the README: the value without a `set` event. */
  readonly default: string;
  readonly meaning: string;
  /** Where the kernel has it. */
  readonly source: string;
}

/** A setting whose value is a whole number in a range. */
export interface NumberSetting<T> extends SettingInfo {
  readonly choices?: undefined;
  readonly min: number;
  readonly max: number;
  readonly apply: (target: T, value: number) => void;
}

/** A setting whose value is one of a few words. */
export interface ChoiceSetting<T> extends SettingInfo {
  readonly choices: readonly string[];
  readonly apply: (target: T, value: string) => void;
}

/** What a `set` event can change of `T`, and how it applies. */
export type Setting<T> = NumberSetting<T> | ChoiceSetting<T>;

/** The values that a setting takes, in words. */
export function valuesOf(setting: Setting<never>): string {
  if (setting.choices) return setting.choices.join(' or ');
  if (setting.min === 0 && setting.max === 1) return '0 or 1';
  return setting.max === INT_MAX ? `from ${setting.min}` : `${setting.min} to ${setting.max}`;
}

/** @throws InputError for a value that the setting does not take, or does not take now */
export function applySetting<T>(setting: Setting<T>, target: T, value: string): void {
  const { name } = setting;
  if (setting.choices) {
    if (!setting.choices.includes(value))
      throw new InputError(`${name}=${value} is out of range, expected ${valuesOf(setting)}`);
    setting.apply(target, value);
    return;
  }
  const { min, max } = setting;
  const number = wholeNumber(value);
  if (!(number >= min && number <= max))
    throw new InputError(`${name}=${value} is out of range, expected a whole number from ${min} to ${max}`);
  setting.apply(target, number);
}
