import { flag, type Parameters, type ParameterValues } from '../../base/parameters.js';
import type { KsmParameters, MergeRules } from './contract.js';

const MOST = 2 ** 31 - 1;

function count(value: number, min: number, meaning: string, max: number = MOST): Parameters[string] {
  return { kind: 'integer', default: value, min, max, meaning };
}

/** The parameters of every policy that ksmd carries out. Defaults are those of mm/ksm.c. */
export const KSM_PARAMETERS: Parameters = {
  run: count(1, 0, '1: merging from the start; 0: stopped; 2: unmerged and stopped (sysfs run)', 2),
  pages_to_scan: count(100, 0, 'pages per batch (DEFAULT_PAGES_TO_SCAN); with the advisor, initially 500'),
  sleep_millisecs: count(20, 0, 'sleep after each batch, in ms'),
  smart_scan: flag(1, 'whether pages that did not merge for long are passed over, up to 8 scans in a row'),
  max_page_sharing: count(256, 2, 'mappings a merged page may have before another is made'),
  use_zero_pages: flag(0, 'whether pages of zeros become the shared zero page'),
  advisor: {
    kind: 'choice',
    default: 'none',
    choices: ['none', 'scan-time'],
    meaning: 'scan-time: pages_to_scan follows the time that full scans take (advisor_mode)',
  },
  advisor_max_cpu: count(70, 1, 'maximum CPU time of ksmd under the advisor, in percent', 100),
  advisor_min_pages_to_scan: count(500, 1, 'initial pages per batch under the advisor'),
  advisor_max_pages_to_scan: count(30_000, 1, 'maximum pages per batch under the advisor'),
  advisor_target_scan_time: count(200, 1, 'how long a full scan should take under the advisor, in s'),
};

/** ksmd as the parameters say, without variations. */
export function ksmRules(values: ParameterValues): MergeRules {
  return { by: 'ksmd', ksm: ksmParameters(values), ageReset: false, skipLookup: false, hints: undefined };
}

function ksmParameters(values: ParameterValues): KsmParameters {
  const number = (name: string): number => values[name] as number;
  const scanTime = values.advisor === 'scan-time';
  return {
    run: number('run') as KsmParameters['run'],
    pagesToScan: number(scanTime ? 'advisor_min_pages_to_scan' : 'pages_to_scan'),
    sleepMillisecs: number('sleep_millisecs'),
    smartScan: values.smart_scan === 1,
    maxPageSharing: number('max_page_sharing'),
    useZeroPages: values.use_zero_pages === 1,
    advisor: scanTime ? 'scan-time' : 'none',
    advisorMaxCpu: number('advisor_max_cpu'),
    advisorMinPagesToScan: number('advisor_min_pages_to_scan'),
    advisorMaxPagesToScan: number('advisor_max_pages_to_scan'),
    advisorTargetScanTime: number('advisor_target_scan_time'),
    chainsPruneMillisecs: CHAINS_PRUNE_MILLISECS,
  };
}

/** Source: ksm_stable_node_chains_prune_millisecs in mm/ksm.c. */
const CHAINS_PRUNE_MILLISECS = 2000;

/** ksmd as the kernel starts it: stopped. */
export const STOPPED: MergeRules = ksmRules({
  ...Object.fromEntries(Object.entries(KSM_PARAMETERS).map(([name, { default: value }]) => [name, value])),
  run: 0,
});
