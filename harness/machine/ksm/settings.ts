import { InputError } from '../../base/errors.js';
import type { KsmParameters } from '../../policy/merge/contract.js';
import { INT_MAX, type NumberSetting, type Setting } from '../state/settings.js';

/** What settings change of KSM, and what they ask of it. */
export interface KsmTarget {
  readonly ksm: {
    readonly parameters: KsmParameters;
    /** Whether a daemon merges. */
    readonly strategy: { readonly scans: boolean };
    /**
     * Whether pages are merged, or were and are still mapped where ksm.run=2 does not unmerge them. What is left of others
     * goes (remove_all_stable_nodes).
     */
    stillMerged(): boolean;
    /** Whether the kernel is built with KSM. */
    configured: boolean;
    /** Processes that can be tracked: beyond, memory for index is out. */
    maxProcesses: number;
    setRun(run: KsmParameters['run']): void;
    sleepChanged(): void;
    advisorChanged(): void;
  };
}

/** Source: DEFAULT_PAGES_TO_SCAN in mm/ksm.c. */
const DEFAULT_PAGES_TO_SCAN = 100;

const OF_POLICY = "the policy's";

type Keys<T> = { [K in keyof KsmParameters]: KsmParameters[K] extends T ? K : never }[keyof KsmParameters];

/** A file of /sys/kernel/mm/ksm that is a number. */
function file(
  name: string,
  range: { readonly min: number; readonly max?: number },
  meaning: string,
  apply: NumberSetting<KsmTarget>['apply'],
): NumberSetting<KsmTarget> {
  const { min, max = INT_MAX } = range;
  return {
    name: `ksm.${name}`,
    default: OF_POLICY,
    meaning,
    source: `${name}_store in mm/ksm.c`,
    min,
    max,
    apply,
  };
}

/** The `apply` of a file that is one number of the parameters. */
function number(to: Exclude<Keys<number>, 'run'>): NumberSetting<KsmTarget>['apply'] {
  return ({ ksm }, value) => {
    ksm.parameters[to] = value;
  };
}

/** The `apply` of a file that is one flag of the parameters. */
function flag(to: Keys<boolean>): NumberSetting<KsmTarget>['apply'] {
  return ({ ksm }, value) => {
    ksm.parameters[to] = value === 1;
  };
}

/** advisor_mode: a change sets the pages of a batch (set_advisor_defaults). */
function setAdvisor({ ksm }: KsmTarget, value: string): void {
  const { parameters } = ksm;
  if (value === parameters.advisor) return;
  parameters.advisor = value as KsmParameters['advisor'];
  parameters.pagesToScan = value === 'none' ? DEFAULT_PAGES_TO_SCAN : parameters.advisorMinPagesToScan;
  ksm.advisorChanged();
}

/** @throws InputError while the advisor chooses the number (EINVAL) */
function setPagesToScan({ ksm }: KsmTarget, value: number): void {
  if (ksm.parameters.advisor !== 'none')
    throw new InputError(
      `ksm.pages_to_scan=${value} while the advisor sets it (EINVAL), expected ksm.advisor_mode=none`,
    );
  ksm.parameters.pagesToScan = value;
}

/** @throws InputError while pages are merged (EBUSY) */
function mustNotBeMerged({ ksm }: KsmTarget, name: string, value: number): void {
  if (ksm.stillMerged())
    throw new InputError(
      `ksm.${name}=${value} while pages are merged, or merged pages are still mapped (EBUSY), expected ksm.run=2 before`,
    );
}

function setMaxPageSharing(target: KsmTarget, value: number): void {
  const { parameters } = target.ksm;
  if (value !== parameters.maxPageSharing) mustNotBeMerged(target, 'max_page_sharing', value);
  parameters.maxPageSharing = value;
}

/** All memory is on one node, so that only the check remains. */
function setMergeAcrossNodes(target: KsmTarget, value: number): void {
  if (value === 0) mustNotBeMerged(target, 'merge_across_nodes', value);
}

function setSleep({ ksm }: KsmTarget, value: number): void {
  ksm.parameters.sleepMillisecs = value;
  ksm.sleepChanged();
}

/** The files of /sys/kernel/mm/ksm, and two more of what a kernel can be like. */
export const KSM_SETTINGS: readonly Setting<KsmTarget>[] = [
  file(
    'run',
    { min: 0, max: 2 },
    '1: ksmd merges; 0: it stops; 2: it stops and unmerges everything',
    ({ ksm }, value) => ksm.setRun(value as KsmParameters['run']),
  ),
  file('pages_to_scan', { min: 0 }, 'pages a batch; refused while the advisor chooses it', setPagesToScan),
  file('sleep_millisecs', { min: 0 }, 'sleep after each batch; a change ends the current one', setSleep),
  file(
    'smart_scan',
    { min: 0, max: 1 },
    'whether pages that did not merge for long are skipped',
    flag('smartScan'),
  ),
  file(
    'max_page_sharing',
    { min: 2 },
    'mappings a merged page may have; refused while pages are merged',
    setMaxPageSharing,
  ),
  file(
    'use_zero_pages',
    { min: 0, max: 1 },
    'whether pages of zeros become the zero page',
    flag('useZeroPages'),
  ),
  file('merge_across_nodes', { min: 0, max: 1 }, 'no effect: all memory is on one node', setMergeAcrossNodes),
  {
    name: 'ksm.advisor_mode',
    default: OF_POLICY,
    meaning: 'scan-time: pages_to_scan follows the time that full scans take',
    source: 'advisor_mode_store in mm/ksm.c',
    choices: ['none', 'scan-time'],
    apply: setAdvisor,
  },
  file('advisor_max_cpu', { min: 1, max: 100 }, 'most CPU time of ksmd, in percent', number('advisorMaxCpu')),
  file(
    'advisor_min_pages_to_scan',
    { min: 1 },
    'pages a batch at the start',
    number('advisorMinPagesToScan'),
  ),
  file('advisor_max_pages_to_scan', { min: 1 }, 'most pages a batch', number('advisorMaxPagesToScan')),
  file(
    'advisor_target_scan_time',
    { min: 1 },
    'how long a full scan should take, in s',
    number('advisorTargetScanTime'),
  ),
  file(
    'stable_node_chains_prune_millisecs',
    { min: 0 },
    'how often stale nodes of a chain are looked for',
    number('chainsPruneMillisecs'),
  ),
  {
    name: 'ksm.configured',
    default: '1',
    meaning: '0: a kernel without KSM, where the advice is EINVAL',
    source: 'CONFIG_KSM',
    min: 0,
    max: 1,
    apply: ({ ksm }, value) => {
      ksm.configured = value === 1;
    },
  },
  {
    name: 'ksm.max_processes',
    default: 'no limit',
    meaning: 'processes that can be tracked: beyond, MADV_MERGEABLE is EAGAIN',
    source: '__ksm_enter in mm/ksm.c, where memory for the mm_slot is out',
    min: 0,
    max: INT_MAX,
    apply: ({ ksm }, value) => {
      ksm.maxProcesses = value;
    },
  },
];
