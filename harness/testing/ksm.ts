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
  const { index, ksmd, zeroPages, generalProfit } = m.ksm;
  return {
    shared: index.pagesShared,
    sharing: index.pagesSharing,
    unshared: index.pagesUnshared,
    volatile: index.pagesVolatile,
    skipped: ksmd.pagesSkipped,
    zeroPages,
    scanned: ksmd.pagesScanned,
    scans: ksmd.fullScans,
    chains: index.nodes.chains,
    dups: index.nodes.dups,
    profit: generalProfit,
  };
}
