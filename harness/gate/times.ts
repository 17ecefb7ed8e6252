import { mannWhitney } from '../stats/mann-whitney.js';
import { median, noiseOfMedian } from '../stats/median.js';
import type { Perf, Samples } from './read/perf.js';
import { type Finding, finding, type TimeReport } from './report.js';

/** Two samples differ when p of the U test is below this. */
const SIGNIFICANCE = 0.05;
/** Changes up to this share are noise whatever the samples say: the layout of code and memory alone makes them. */
export const LEAST_EFFECT = 0.01;
/** With fewer samples a side p cannot be below `SIGNIFICANCE`. */
export const LEAST_SAMPLES = 4;
/** A slowdown that a gate should find. */
const WANTED_EFFECT = 0.05;

/** The outcome of comparing two samples of wall times. */
export interface TimeChange {
  /** Median of the candidate over that of the baseline, less 1. */
  readonly change: number;
  readonly p: number;
  readonly noise: number;
  readonly verdict: 'slower' | 'faster' | 'same';
}

/**
 * Compares two samples of wall times: they differ if the U test says so and the medians differ by more than rerunning
 * the baseline would make them.
 *
 * @param least changes up to this share never count
 */
export function compareSamples(
  baseline: readonly number[],
  candidate: readonly number[],
  least: number,
): TimeChange {
  const change = median(candidate) / median(baseline) - 1;
  const { p } = mannWhitney(candidate, baseline);
  const noise = Math.max(least, noiseOfMedian(baseline, [baseline.length, candidate.length]));
  const differs = p < SIGNIFICANCE && Math.abs(change) > noise;
  return { change, p, noise, verdict: !differs ? 'same' : change > 0 ? 'slower' : 'faster' };
}

/** A share as per cent with a sign. */
export function signedPercent(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;
}

function changeText({ change, p, noise }: TimeChange): string {
  return `${signedPercent(change)} (p = ${p.toPrecision(2)}, noise ${(100 * noise).toFixed(1)} %)`;
}

/** Why two samples cannot be compared; undefined if they can. */
function obstacle(baseline: Samples, candidate: Samples): string | undefined {
  if (baseline.host !== candidate.host)
    return `different hosts (baseline ${baseline.host}, candidate ${candidate.host})`;
  if (baseline.events !== candidate.events)
    return `different work: ${baseline.events} events, then ${candidate.events}`;
  if (Math.min(baseline.wallNs.length, candidate.wallNs.length) < LEAST_SAMPLES)
    return `fewer than ${LEAST_SAMPLES} samples a side`;
  return undefined;
}

/** What a second run says about a slowdown; undefined without a second run. */
function rerunOf(name: string, reruns: Reruns | undefined, least: number): TimeChange | undefined {
  const baseline = reruns?.baseline.samples.get(name);
  const candidate = reruns?.candidate.samples.get(name);
  if (!baseline || !candidate || obstacle(baseline, candidate)) return undefined;
  return compareSamples(baseline.wallNs, candidate.wallNs, least);
}

function changeFindings(change: TimeChange, rerun: TimeChange | undefined): Finding[] {
  const size = Math.abs(Math.log1p(change.change));
  const text = changeText(change);
  if (change.verdict === 'faster') return [finding('notice', 'faster', text, size)];
  if (change.verdict === 'slower' && rerun && rerun.verdict !== 'slower')
    return [finding('notice', 'not-confirmed', `${text} at first; when rerun: ${changeText(rerun)}`, size)];
  if (change.verdict === 'slower') {
    const confirmed = rerun ? `; when rerun: ${changeText(rerun)}` : '';
    return [finding('failure', 'slower', `${text}${confirmed}`, size)];
  }
  if (change.noise <= WANTED_EFFECT) return [];
  const noise = (100 * change.noise).toFixed(1);
  return [
    finding('notice', 'too-noisy', `a slowdown below ${noise} % would not be found: take more samples`),
  ];
}

/** Second runs of what seemed slower. */
export interface Reruns {
  readonly baseline: Perf;
  readonly candidate: Perf;
}

function compareTime(
  name: string,
  baseline: Samples | undefined,
  candidate: Samples | undefined,
  least: number,
  reruns: Reruns | undefined,
): TimeReport {
  const both = { name, baseline: baseline?.wallNs ?? [], candidate: candidate?.wallNs ?? [] };
  if (!candidate) return { ...both, findings: [finding('failure', 'missing-time', 'not in the candidate')] };
  if (!baseline)
    return {
      ...both,
      findings: [finding('warning', 'new-time', 'not in the baseline: nothing guards it yet')],
    };
  const notCompared = obstacle(baseline, candidate);
  if (notCompared !== undefined) return { ...both, notCompared, findings: [] };
  const change = compareSamples(baseline.wallNs, candidate.wallNs, least);
  const rerun = change.verdict === 'slower' ? rerunOf(name, reruns, least) : undefined;
  const { verdict: _verdict, ...figures } = change;
  return { ...both, ...figures, findings: changeFindings(change, rerun) };
}

/** What two runs took. */
export interface Perfs {
  readonly baseline: Perf;
  readonly candidate: Perf;
  readonly reruns?: Reruns | undefined;
}

/**
 * Compares the wall times of two runs on one host.
 *
 * @param least changes up to this share never count
 */
export function compareTimes({ baseline, candidate, reruns }: Perfs, least: number): TimeReport[] {
  const names = [...new Set([...baseline.samples.keys(), ...candidate.samples.keys()])];
  return names.map((name) =>
    compareTime(name, baseline.samples.get(name), candidate.samples.get(name), least, reruns),
  );
}
