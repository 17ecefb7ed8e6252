/**
 * What policies cost and save against each other, with intervals. Differences are paired: a draw of device latencies, and a
 * replicate of a generated workload, are the same for all policies, and so what they share cancels out.
 */
import type { DrawRow, RunRow } from '../metrics/files.js';
import type { StallPart } from '../metrics/schema.js';
import { type Estimate, estimate, holdsZero, scaled } from '../stats/estimate.js';
import { type Axis, EQUAL_COST, EQUAL_SAVING } from './comparison.js';
import { numberIn } from './format.js';
import type { Contender, Setting } from './selection.js';

export type { Estimate } from '../stats/estimate.js';

/** One class of cost made cheaper or dearer by a factor. */
export interface Scaled {
  readonly part: StallPart;
  readonly factor: number;
}

/** What a policy costs: its name in sentences and titles. */
export function costName(axis: Axis): string {
  return axis.includes('merge') ? 'stalls and ksmd' : 'stalls';
}

/** The stalls of a cell in ns, as the mean over its draws or in one of them. */
export function stallNs(row: RunRow, draw?: DrawRow, price?: Scaled): number {
  const from: RunRow | DrawRow = draw ?? row;
  const sum = numberIn(from, 'stall_ns');
  if (!price) return sum;
  return sum + (price.factor - 1) * numberIn(from, `stall_${price.part}_ns`);
}

/**
 * What a cell costs, in ns: all stalls of programs, and the CPU time of ksmd where ways to merge are compared. Where accesses
 * are inferred so are the faults they take; leaving these out would favour what swaps over what makes contents again, which
 * is inferred as well.
 */
function costNs(row: RunRow, axis: Axis, draw?: DrawRow, price?: Scaled): number {
  return stallNs(row, draw, price) + (axis.includes('merge') ? numberIn(row, 'ksmd_cpu_ns') : 0);
}

/** A number of a cell: the same in all draws, or that of a draw. */
type Observe = (row: RunRow, draw?: DrawRow) => number;

/** The values of a number, by what they are paired by: the replicate, or where there is one, the draw. */
function observed({ rows, draws }: Contender, of: Observe, drawn: boolean): Map<number, number> {
  const drawsOfOne = drawn && rows.length === 1 ? draws[0]! : [];
  if (drawsOfOne.length > 0) return new Map(drawsOfOne.map((draw) => [draw.draw, of(rows[0]!, draw)]));
  return new Map(rows.map((row, i) => [i, of(row)]));
}

/** A number of a contender, with its scatter over replicates or draws. @param drawn whether it differs from draw to draw */
export function estimateOf(contender: Contender, of: Observe, drawn: boolean): Estimate {
  return estimate([...observed(contender, of, drawn).values()]);
}

/** How much more of a number a contender has than another, in pairs of the same replicate or draw. */
export function difference(a: Contender, b: Contender, of: Observe, drawn: boolean): Estimate {
  const others = observed(b, of, drawn);
  const pairs = [...observed(a, of, drawn)].flatMap(([key, value]) => {
    const other = others.get(key);
    return other === undefined ? [] : [value - other];
  });
  return estimate(pairs);
}

const footprint: Observe = (row) => numberIn(row, 'footprint_pages_mean');

/** What a contender saves against another, in pages, as a mean over time. */
export function savedPages(contender: Contender, base: Contender): Estimate {
  return scaled(difference(contender, base, footprint, false), -1);
}

/** What a contender holds, in pages, as a mean over time. */
export function heldPages(contender: Contender): Estimate {
  return estimateOf(contender, footprint, false);
}

/** What a contender costs, in ns. */
export function costOf(contender: Contender, { axis }: Pick<Setting, 'axis'>): Estimate {
  return estimateOf(contender, (row, draw) => costNs(row, axis, draw), true);
}

/** What a contender costs beyond another, in ns: the extra stall that a policy adds to the program's own. */
export function extraCost(
  contender: Contender,
  base: Contender,
  { axis }: Pick<Setting, 'axis'>,
  price?: Scaled,
): Estimate {
  return difference(contender, base, (row, draw) => costNs(row, axis, draw, price), true);
}

/** Whether a difference is clear: its interval does not hold 0, and it is above a floor. */
function isClear(estimated: Estimate, floor: number): boolean {
  return Math.abs(estimated.mean) > floor && !holdsZero(estimated);
}

/** -1, 0 or 1: whether a contender costs clearly less than another, as much, or clearly more. */
export function compareCosts(a: Contender, b: Contender, axis: Axis, price?: Scaled): number {
  const of: Observe = (row, draw) => costNs(row, axis, draw, price);
  const larger = Math.max(estimateOf(a, of, true).mean, estimateOf(b, of, true).mean);
  const differs = difference(a, b, of, true);
  return isClear(differs, EQUAL_COST * larger) ? Math.sign(differs.mean) : 0;
}

/** -1, 0 or 1: whether a contender saves clearly less than another, as much, or clearly more. @param base what both are measured against */
export function compareSavings(a: Contender, b: Contender, base: Contender): number {
  const larger = Math.max(Math.abs(savedPages(a, base).mean), Math.abs(savedPages(b, base).mean));
  const differs = savedPages(a, b);
  return isClear(differs, EQUAL_SAVING * larger) ? Math.sign(differs.mean) : 0;
}

/** Below this share of what the best policy saves, and below `EQUAL_SAVING` of what is held, a saving counts as none. */
const NOTHING = 0.05;

/** Whether a contender saves anything to speak of. @param most what the best of its setting saves, in pages */
export function savesAny(contender: Contender, base: Contender, most: number): boolean {
  const saved = savedPages(contender, base);
  if (saved.mean <= 0 || holdsZero(saved)) return false;
  return saved.mean > EQUAL_SAVING * heldPages(base).mean || saved.mean > NOTHING * most;
}
