import type { KsmParameters } from '../../policy/merge/contract.js';

const US_PER_S = 1_000_000;
const NS_PER_MS = 1_000_000;
/** Source: KSM_ADVISOR_MIN_CPU in mm/ksm.c, in percent. */
const MIN_CPU = 10;
/** Weight of the newest value. Source: EWMA_WEIGHT. */
const EWMA_WEIGHT = 30;

/** The scan-time advisor: after each full scan it sets the pages of a batch so that a scan takes its target time. */
export class Advisor {
  private startUs = 0;
  private lastSeconds = 0;
  private lastCpuNs = 0;
  private change = 0;

  /** The advisor is switched on (set_advisor_defaults). */
  reset(): void {
    this.lastSeconds = 0;
    this.lastCpuNs = 0;
    this.change = 0;
  }

  scanBegins(nowUs: number): void {
    this.startUs = nowUs;
  }

  /**
   * scan_time_advisor: the new number of pages. All is in whole numbers, as in the kernel.
   *
   * @param cpuNs CPU time of ksmd so far
   */
  scanEnds(nowUs: number, cpuNs: number, parameters: Readonly<KsmParameters>): number {
    const { pagesToScan, advisorTargetScanTime, advisorMaxCpu, advisorMaxPagesToScan } = parameters;
    const seconds = atLeastOne((nowUs - this.startUs) / US_PER_S);
    const cpuMs = Math.floor((cpuNs - this.lastCpuNs) / NS_PER_MS);
    const cpu = atLeastOne((cpuMs * 100) / (seconds * 1000));
    const factor = atLeastOne((advisorTargetScanTime * 100) / seconds);
    const change = atLeastOne((seconds * 100) / (this.lastSeconds || seconds));
    this.change = Math.floor(((100 - EWMA_WEIGHT) * this.change + EWMA_WEIGHT * change) / 100);
    const rate = Math.floor((Math.floor((pagesToScan * 100) / factor) * this.change) / 100);
    const perPercent = atLeastOne(pagesToScan / cpu);
    this.lastSeconds = seconds;
    this.lastCpuNs = cpuNs;
    const bounded = Math.max(Math.min(rate, perPercent * advisorMaxCpu), perPercent * MIN_CPU);
    return Math.min(advisorMaxPagesToScan, bounded);
  }
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.floor(value));
}
