import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { wholeNumber } from '../base/parse.js';
import type { Settings } from './state/settings.js';

interface Setting {
  readonly min: number;
  readonly max: number;
  readonly apply: (settings: Settings, value: number) => void;
}

type NumericSetting = Exclude<keyof Settings, 'removeEra'>;

/** The whole number of a setting that goes to one field. */
function field(name: NumericSetting, min: number, max: number): Setting {
  return {
    min,
    max,
    apply: (settings, value) => {
      settings[name] = value;
    },
  };
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  'madvise.remove_2006': {
    min: 0,
    max: 1,
    apply: (settings, value) => {
      settings.removeEra = value === 1 ? '2006' : 'now';
    },
  },
  'vm.max_map_count': field('maxMapCount', 0, 2 ** 31 - 1),
  'mm.struct_page_bytes': field('structPageBytes', 1, 4096),
  'vm.dirty_writeback_centisecs': field('dirtyWritebackCentisecs', 1, 2 ** 31 - 1),
  'vm.dirty_expire_centisecs': field('dirtyExpireCentisecs', 0, 2 ** 31 - 1),
};

/** Settings that the machine itself applies. */
const ELSEWHERE = ['vm.swappiness', 'mm.page_reporting_order', 'ksm.run and others'];

/** Applies `NAME=VALUE`. @throws InputError for an unknown name or a value out of range */
export function applySetting(settings: Settings, name: string, value: string): void {
  const setting = SETTINGS[name];
  if (!setting) throw unknownName('setting', name, [...Object.keys(SETTINGS), ...ELSEWHERE]);
  setting.apply(settings, settingNumber(name, value, setting.min, setting.max));
}

/** The value of a setting. @throws InputError when it is no whole number or out of range */
export function settingNumber(name: string, value: string, min: number, max: number): number {
  const number = wholeNumber(value);
  if (!(number >= min && number <= max))
    throw new InputError(`${name}=${value} is out of range, expected a whole number from ${min} to ${max}`);
  return number;
}
