/**
 * What the charts of report.html are drawn from: written by `chart-data.ts`, read in the browser. Plain data in basic units
 * (bytes, ns, µs), so that a chart chooses its own.
 */
import type { Rank } from '../front.js';
import type { Mark } from '../style.js';

/** A line of memory over trace time: at `us[i]` there are `bytes[i]`. Points that cannot be seen are left out. */
export interface Curve {
  readonly us: readonly number[];
  readonly bytes: readonly number[];
}

/** A mean and the ends of its 95 % interval; null where nothing is known of its scatter. */
export type Measured = readonly [mean: number, low: number | null, high: number | null];

/** A space that pays: index in `spaces` of the model, its stalls, and the memory it held. */
export type Payer = readonly [space: number, stallNs: number, byteSeconds: number];

/** One policy under one limit. */
export interface ChartCell {
  /** Index in `policies` of the model. */
  readonly policy: number;
  /** Mean over time; null where there is nothing to compare with. */
  readonly savedBytes: Measured | null;
  /** What the memory costs: stalls, and where ways to merge are compared the work of ksmd. */
  readonly costNs: Measured;
  /** What it costs beyond what the reference of the panel does; null where there is nothing to compare with. */
  readonly extraNs: Measured | null;
  /** Whether it is best there, or ties. */
  readonly rank: Rank;
  /** Parts of the stall time, in the order of `parts` of the model. */
  readonly stallNs: readonly number[];
  /** Index in `curves` of the model for each of its `series`. */
  readonly curves: readonly number[];
  readonly payers: readonly Payer[];
}

/** Policies without a result under a limit, and why. */
export interface Absent {
  readonly why: string;
  /** Indices in `policies` of the model. */
  readonly policies: readonly number[];
}

/** The policies that are compared with each other: one trace on one kind of memory under one limit. */
export interface ChartPanel {
  readonly limit: string;
  /** Undefined without a limit, or where it changes. */
  readonly limitBytes?: number | undefined;
  /** The policy that the others are measured against; undefined where none survived. */
  readonly reference?: number | undefined;
  readonly cells: readonly ChartCell[];
  readonly absent: readonly Absent[];
}

/** What is to be known of a trace, in a word or two and in full. */
export interface Tag {
  readonly text: string;
  readonly title: string;
}

/** A trace on one kind of memory, with one value on each of the other axes. */
export interface ChartGroup {
  readonly family: string;
  /** Its name, as short as distinguishes it from the others. */
  readonly trace: string;
  readonly backing: string;
  /** What else distinguishes it from other groups, such as the reclaim policy; empty where nothing does. */
  readonly fixed: string;
  /** Where it comes from, and what of it was not recorded. */
  readonly tags: readonly Tag[];
  /** What the program costs by itself: without a limit, and with nothing given back. Undefined where that was not run. */
  readonly ownNs?: number | undefined;
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
  /** The mark of each policy. */
  readonly marks: readonly Mark[];
  /** What `costNs` is called. */
  readonly costName: string;
  /** What the others are measured against wherever it survived. */
  readonly base: string;
  readonly parts: readonly string[];
  /** What there are curves of. */
  readonly series: readonly string[];
  readonly curves: readonly Curve[];
  readonly spaces: readonly string[];
  readonly groups: readonly ChartGroup[];
  readonly heatMaps: readonly HeatMap[];
}
