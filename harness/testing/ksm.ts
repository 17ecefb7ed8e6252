import type { Lab } from './lab.js';

/** The counters of /sys/kernel/mm/ksm. */
export interface KsmCounters {
  readonly shared: number;
  readonly sharing: number;
  readonly unshared: number;
  readonly volatile: number;
  readonly skipped: number;
  readonly zeroPages: number;
  readonly scanned: number;
  readonly scans: number;
  readonly chains: number;
  readonly dups: number;
  readonly profit: number;
}

/** What /sys/kernel/mm/ksm shows. */
export function sysfs({ m }: Lab): KsmCounters {
  const { tracking, ksmd, zeroPages, generalProfit } = m.ksm;
  return {
    shared: tracking.pagesShared,
    sharing: tracking.pagesSharing,
    unshared: tracking.pagesUnshared,
    volatile: tracking.pagesVolatile,
    skipped: ksmd.pagesSkipped,
    zeroPages,
    scanned: ksmd.pagesScanned,
    scans: ksmd.fullScans,
    chains: tracking.nodes.chains,
    dups: tracking.nodes.dups,
    profit: generalProfit,
  };
}
