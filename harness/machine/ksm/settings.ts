import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import type { KsmParameters } from '../../policy/merge/contract.js';
import { settingNumber } from '../settings.js';

const MOST = 2 ** 31 - 1;

type Numeric = {
  [K in keyof KsmParameters]: KsmParameters[K] extends number ? K : never;
}[keyof KsmParameters];

interface Range {
  readonly to: Numeric;
  readonly min: number;
  readonly max: number;
}

/** Settings that are one number. */
const NUMBERS: Readonly<Record<string, Range>> = {
  'ksm.pages_to_scan': { to: 'pagesToScan', min: 0, max: MOST },
  'ksm.sleep_millisecs': { to: 'sleepMillisecs', min: 0, max: MOST },
  'ksm.max_page_sharing': { to: 'maxPageSharing', min: 2, max: MOST },
  'ksm.advisor_max_cpu': { to: 'advisorMaxCpu', min: 1, max: 100 },
  'ksm.advisor_min_pages_to_scan': { to: 'advisorMinPagesToScan', min: 1, max: MOST },
  'ksm.advisor_max_pages_to_scan': { to: 'advisorMaxPagesToScan', min: 1, max: MOST },
  'ksm.advisor_target_scan_time': { to: 'advisorTargetScanTime', min: 1, max: MOST },
  'ksm.stable_node_chains_prune_millisecs': { to: 'chainsPruneMillisecs', min: 0, max: MOST },
};

/** The names of all settings of KSM. */
const KSM_SETTINGS: readonly string[] = [
  'ksm.run',
  'ksm.smart_scan',
  'ksm.use_zero_pages',
  'ksm.merge_across_nodes',
  'ksm.advisor_mode',
  'ksm.configured',
  'ksm.max_processes',
  ...Object.keys(NUMBERS),
];

/** Source: DEFAULT_PAGES_TO_SCAN in mm/ksm.c. */
const DEFAULT_PAGES_TO_SCAN = 100;

/** What a change of settings asks of KSM. */
export interface SettingsListener {
  /** Pages are merged now. */
  readonly merged: boolean;
  setRun(run: KsmParameters['run']): void;
  sleepChanged(): void;
  advisorChanged(): void;
  /** Whether the kernel is built with KSM. */
  configured: boolean;
  /** Processes that can be tracked: beyond, memory for tracking is out. */
  maxProcesses: number;
}

/**
 * A write to a file of /sys/kernel/mm/ksm, in mid-trace.
 *
 * @throws InputError for an unknown name, a value out of range (EINVAL), or a change at the wrong time (EBUSY)
 */
export function setKsm(ksm: SettingsListener, parameters: KsmParameters, name: string, value: string): void {
  const number = NUMBERS[name];
  if (number) setNumber(ksm, parameters, name, number, value);
  else if (name === 'ksm.run') ksm.setRun(settingNumber(name, value, 0, 2) as KsmParameters['run']);
  else if (name === 'ksm.smart_scan') parameters.smartScan = flagOf(name, value);
  else if (name === 'ksm.use_zero_pages') parameters.useZeroPages = flagOf(name, value);
  else if (name === 'ksm.configured') ksm.configured = flagOf(name, value);
  else if (name === 'ksm.max_processes') ksm.maxProcesses = settingNumber(name, value, 0, MOST);
  else if (name === 'ksm.advisor_mode') setAdvisor(ksm, parameters, value);
  else if (name === 'ksm.merge_across_nodes') {
    // All memory is on one node, so that only the check remains.
    if (!flagOf(name, value)) mustNotBeMerged(ksm, name, value);
  } else throw unknownName('setting', name, KSM_SETTINGS);
}

function flagOf(name: string, value: string): boolean {
  return settingNumber(name, value, 0, 1) === 1;
}

function setNumber(
  ksm: SettingsListener,
  parameters: KsmParameters,
  name: string,
  { to, min, max }: Range,
  value: string,
): void {
  const whole = settingNumber(name, value, min, max);
  if (to === 'pagesToScan' && parameters.advisor !== 'none')
    throw new InputError(
      `${name}=${value} while the advisor sets it (EINVAL), expected ksm.advisor_mode=none`,
    );
  if (to === 'maxPageSharing' && whole !== parameters.maxPageSharing) mustNotBeMerged(ksm, name, value);
  (parameters as unknown as Record<Numeric, number>)[to] = whole;
  if (to === 'sleepMillisecs') ksm.sleepChanged();
}

function mustNotBeMerged(ksm: SettingsListener, name: string, value: string): void {
  if (ksm.merged)
    throw new InputError(`${name}=${value} while pages are merged (EBUSY), expected ksm.run=2 before`);
}

/** advisor_mode: a change sets the pages of a batch anew (set_advisor_defaults). */
function setAdvisor(ksm: SettingsListener, parameters: KsmParameters, value: string): void {
  if (value !== 'none' && value !== 'scan-time')
    throw new InputError(`ksm.advisor_mode=${value} is out of range, expected none or scan-time`);
  if (value === parameters.advisor) return;
  parameters.advisor = value;
  parameters.pagesToScan = value === 'none' ? DEFAULT_PAGES_TO_SCAN : parameters.advisorMinPagesToScan;
  ksm.advisorChanged();
}
