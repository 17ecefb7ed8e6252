import type { Touches } from '../../base/touches.js';
/**
 * What the charts of report.html are drawn from: written by `chart-data.ts`, read in the browser. Plain data in basic units
 * (bytes, ns, µs), so that a chart chooses its own.
 */

/** A line of memory over trace time: at `us[i]` there are `bytes[i]`. Points that cannot be seen are left out. */
export interface Curve {
  readonly us: readonly number[];
  readonly bytes: readonly number[];
}

/** A space that pays: index in `spaces` of the model, its stalls, and the memory it held. */
export type Payer = readonly [space: number, stallNs: number, byteSeconds: number];

/** One policy under one limit. */
export interface ChartCell {
  /** Index in `policies` of the model. */
  readonly policy: number;
  /** Mean over time; null where there is nothing to compare with. */
  readonly savedBytes: number | null;
  /** What the memory costs: stalls, or the work of ksmd where ways to merge are compared. */
  readonly costNs: number;
  /** Whether no other policy saves as much for less, or more for as much. */
  readonly front: boolean;
  /** Parts of the stall time, in the order of `parts` of the model. */
  readonly stallNs: readonly number[];
  /** Index in `curves` of the model for each of its `series`. */
  readonly curves: readonly number[];
  readonly payers: readonly Payer[];
}

/** The policies that are compared with each other: one trace on one kind of memory under one limit. */
export interface ChartPanel {
  readonly limit: string;
  /** Undefined without a limit, or where it changes. */
  readonly limitBytes?: number | undefined;
  readonly cells: readonly ChartCell[];
}

/** A trace on one kind of memory, with one value on each of the other axes. */
export interface ChartGroup {
  readonly family: string;
  /** Its name, as short as distinguishes it from the others. */
  readonly trace: string;
  readonly backing: string;
  /** What else distinguishes it from other groups, such as the reclaim policy; empty where nothing does. */
  readonly fixed: string;
  /** What is known of its accesses. */
  readonly touches: Touches;
  readonly panels: readonly ChartPanel[];
}

/** Touches by time and address of a trace: corners of rectangles, and how often each was touched. */
export interface HeatMap {
  readonly trace: string;
  /** µs, µs, byte, byte, touches of each rectangle, one after the other. */
  readonly cells: readonly number[];
}

export interface ChartModel {
  readonly policies: readonly string[];
  /** What `costNs` is called. */
  readonly costName: string;
  /** What saves nothing: the others are compared with it. */
  readonly base: string;
  readonly parts: readonly string[];
  /** What there are curves of. */
  readonly series: readonly string[];
  readonly curves: readonly Curve[];
  readonly spaces: readonly string[];
  readonly groups: readonly ChartGroup[];
  readonly heatMaps: readonly HeatMap[];
}
