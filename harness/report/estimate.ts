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
  return axis.includes('merge') ? 'stalls and ksmd time' : 'stalls';
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

/** The values of a number, and what each is of: the replicate, or where there is one, the draw. */
export interface Sample {
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

function sampleOf({ rows, draws }: Contender, of: Observe, drawn: boolean): Sample {
  const drawsOfOne = drawn && rows.length === 1 ? draws[0]! : [];
  if (drawsOfOne.length > 0)
    return { keys: drawsOfOne.map(({ draw }) => draw), values: drawsOfOne.map((draw) => of(rows[0]!, draw)) };
  return { keys: rows.map(({ replicate }) => replicate), values: rows.map((row) => of(row)) };
}

/** How much more each value of a sample is than that of another with the same key. */
export function paired(a: Sample, b: Sample): number[] {
  if (a.keys.length === b.keys.length && a.keys.every((key, i) => key === b.keys[i]))
    return a.values.map((value, i) => value - b.values[i]!);
  const others = new Map(b.keys.map((key, i) => [key, b.values[i]!]));
  return a.keys.flatMap((key, i) => {
    const other = others.get(key);
    return other === undefined ? [] : [a.values[i]! - other];
  });
}

/** A number of a contender, with its scatter over replicates or draws. @param drawn whether it differs from draw to draw */
export function estimateOf(contender: Contender, of: Observe, drawn: boolean): Estimate {
  return estimate(sampleOf(contender, of, drawn).values);
}

/** How much more of a number a contender has than another, in pairs of the same replicate or draw. */
export function difference(a: Contender, b: Contender, of: Observe, drawn: boolean): Estimate {
  return estimate(paired(sampleOf(a, of, drawn), sampleOf(b, of, drawn)));
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
export function extraCost(contender: Contender, base: Contender, { axis }: Pick<Setting, 'axis'>): Estimate {
  return difference(contender, base, (row, draw) => costNs(row, axis, draw), true);
}

/** Of pairs in which two trade places, up to one in this number is an exception. */
const PAIRS_AN_EXCEPTION = 20;

/**
 * The one definition of a tie, by differences in pairs of the same replicate or draw: 0 where the mean is within a floor, its
 * 95 % interval holds 0, or in more than one pair of twenty the one that is ahead on average is not ahead by more than
 * the floor, so that another draw would say otherwise. Else 1 or -1, the sign of the difference.
 */
export function clearSign(pairs: readonly number[], floor: number): number {
  const mean = pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
  if (!(Math.abs(mean) > floor)) return 0;
  const sign = Math.sign(mean);
  const exceptions = pairs.filter((value) => value * sign <= floor).length;
  return exceptions * PAIRS_AN_EXCEPTION > pairs.length || holdsZero(estimate(pairs)) ? 0 : sign;
}

/** Contenders by a number, pair by pair. */
export interface Order {
  /** -1, 0 or 1: whether one has clearly less than another, as much, which is a tie, or clearly more. */
  sign(a: Contender, b: Contender): number;
  /** The mean over replicates or draws. */
  mean(one: Contender): number;
}

/** The order of contenders by a number. @param floorOf differences up to which two are equal */
function orderBy(
  contenders: readonly Contender[],
  sample: (one: Contender) => Sample,
  floorOf: (a: number, b: number) => number,
): Order {
  const samples = new Map(contenders.map((one) => [one, sample(one)]));
  const means = new Map(contenders.map((one) => [one, estimate(samples.get(one)!.values).mean]));
  return {
    sign: (a, b) =>
      clearSign(paired(samples.get(a)!, samples.get(b)!), floorOf(means.get(a)!, means.get(b)!)),
    mean: (one) => means.get(one)!,
  };
}

/** Contenders by what they cost: differences up to `EQUAL_COST` of the larger are none. */
export function costOrder(contenders: readonly Contender[], axis: Axis, price?: Scaled): Order {
  const of: Observe = (row, draw) => costNs(row, axis, draw, price);
  return orderBy(
    contenders,
    (one) => sampleOf(one, of, true),
    (a, b) => EQUAL_COST * Math.max(a, b),
  );
}

/**
 * Contenders by what they save: differences up to `EQUAL_SAVING` of the larger saving are none.
 *
 * @param base what savings are measured against
 */
export function savingOrder(contenders: readonly Contender[], base: Contender): Order {
  const held = sampleOf(base, footprint, false);
  return orderBy(
    contenders,
    (one) => {
      const { keys, values } = sampleOf(one, footprint, false);
      return { keys, values: values.map((value) => -value) };
    },
    (a, b) =>
      EQUAL_SAVING *
      Math.max(Math.abs(a + estimate(held.values).mean), Math.abs(b + estimate(held.values).mean)),
  );
}

/** Whether a contender saves anything to speak of: clearly more than `EQUAL_SAVING` of what the base holds. */
export function savesAny(contender: Contender, base: Contender): boolean {
  const pairs = paired(sampleOf(base, footprint, false), sampleOf(contender, footprint, false));
  return clearSign(pairs, EQUAL_SAVING * heldPages(base).mean) > 0;
}

/** Whether a contender may save something: on average it saves more than `EQUAL_SAVING` of what the base holds. */
export function maySave(contender: Contender, base: Contender): boolean {
  return savedPages(contender, base).mean > EQUAL_SAVING * heldPages(base).mean;
}
