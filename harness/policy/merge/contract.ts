import type { ParameterValues } from '../../base/parameters.js';
import type { PolicyInfo } from '../registry.js';

/** The parameters of ksmd, by what sysfs calls them (Documentation/admin-guide/mm/ksm.rst). `set` events change them. */
export interface KsmParameters {
  /** 0: stopped, what is merged stays. 1: merging. 2: everything unmerged, and stopped. */
  run: 0 | 1 | 2;
  /** Pages per batch. */
  pagesToScan: number;
  /** Sleep between two batches, in ms. */
  sleepMillisecs: number;
  /** Whether pages that did not merge for long are passed over more and more often. */
  smartScan: boolean;
  /** Mappings a merged page may have; further equal pages make another. */
  maxPageSharing: number;
  /** Whether pages of zeros become the shared zero page. */
  useZeroPages: boolean;
  /** `scan-time` sets `pagesToScan` so that a full scan takes `advisorTargetScanTime`. */
  advisor: 'none' | 'scan-time';
  /** Maximum CPU time, in percent of one CPU. */
  advisorMaxCpu: number;
  advisorMinPagesToScan: number;
  advisorMaxPagesToScan: number;
  /** In seconds. */
  advisorTargetScanTime: number;
  /** How often stale nodes of a chain are looked for, in ms. */
  chainsPruneMillisecs: number;
}

/** Pages that ksmd scans before all others. */
export interface HintRules {
  /** Hints that are kept; the oldest is dropped. */
  readonly capacity: number;
  /** How much of a batch may come from hints, in percent. */
  readonly share: number;
}

/** Which equal pages are merged, and when. */
export interface MergeRules {
  /** `ksmd` scans; `instant` merges equal pages the moment there are two. */
  readonly by: 'ksmd' | 'instant';
  /** Initial parameters of ksmd. */
  readonly ksm: Readonly<KsmParameters>;
  /** Smart scan: a page whose checksum has changed is young again. */
  readonly ageReset: boolean;
  /** Smart scan: a page that is passed over is looked up in the unstable tree anyway. */
  readonly skipLookup: boolean;
  readonly hints: HintRules | undefined;
}

/** A merge policy's entry in the registry. */
export interface MergePolicyInfo extends PolicyInfo {
  /** Its rules under the values of its parameters. */
  rules(values: ParameterValues): MergeRules;
}
