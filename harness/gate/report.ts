import type { Value } from '../metrics/csv.js';
import type { Better } from '../metrics/schema.js';
import type { Identity } from './read/runs.js';
import type { Tolerance } from './tolerance.js';

/** How two results are compared. */
export interface GateOptions {
  /** By metric, `wall_ns` among them. */
  readonly tolerances: ReadonlyMap<string, Tolerance>;
  /** Whether warnings fail: what is new, and what is better than in the baseline. */
  readonly strict: boolean;
  /** Whether a trace that is another one under the same name is compared, as one that was recorded again. */
  readonly allowTraceChange: boolean;
}

/**
 * How much a finding matters: a `failure` fails the gate, a `warning` does so only when it is strict, a `notice` never.
 */
export type Level = 'failure' | 'warning' | 'notice';

/** What was found. The README of this folder has a table of what each means. */
export type Kind =
  | 'worse'
  | 'changed'
  | 'better'
  | 'within-tolerance'
  | 'missing-cell'
  | 'new-cell'
  | 'trace-changed'
  | 'outcome-changed'
  | 'missing-column'
  | 'new-column'
  | 'setup-changed'
  | 'version-changed'
  | 'unfinished'
  | 'slower'
  | 'faster'
  | 'not-confirmed'
  | 'too-noisy'
  | 'missing-time'
  | 'new-time'
  | 'not-compared';

/** Something that has changed. */
export interface Finding {
  readonly level: Level;
  readonly kind: Kind;
  /** One line, without the name of the cell or benchmark. */
  readonly text: string;
  /** How large the change is, to put the worst first; 0 where that cannot be said. */
  readonly size: number;
  /** The column it is about, with both values, where it is about one. */
  readonly metric?: string;
  readonly baseline?: Value;
  readonly candidate?: Value;
}

/** A finding that is about no single column. */
export function finding(level: Level, kind: Kind, text: string, size = 0): Finding {
  return { level, kind, text, size };
}

/** A value of a cell, for tools that keep histories. */
export interface Measured {
  readonly metric: string;
  readonly unit: string;
  readonly better: Better;
  readonly value: number;
  /** What each draw of device latency has, in their order; undefined where draws do not change it, or there is one. */
  readonly draws?: readonly number[];
}

/** What is known of one cell. */
export interface CellReport {
  /** What distinguishes it from all other cells: the same whatever else is in the results. */
  readonly name: string;
  /** What distinguishes it from the others in these results. */
  readonly label: string;
  readonly trace: string;
  /** What was run, by identity column. */
  readonly identity: Identity;
  /** Values that were compared. */
  readonly compared: number;
  readonly findings: readonly Finding[];
  /** Commands that replay it, in this order; empty where nothing was found. */
  readonly reproduce: readonly string[];
  /** What was measured in the candidate and in the baseline; numbers only. */
  readonly candidate: readonly Measured[];
  readonly baseline: readonly Measured[];
}

/** What is known of one thing that is timed. */
export interface TimeReport {
  readonly name: string;
  /** In ns. */
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
  /** Why the two were not compared, if they were not. */
  readonly notCompared?: string;
  /** Median of the candidate over that of the baseline, less 1. */
  readonly change?: number;
  /** Of the Mann-Whitney U test. */
  readonly p?: number;
  /** Changes up to this one are noise of the baseline, as a share. */
  readonly noise?: number;
  readonly findings: readonly Finding[];
}

export interface Side {
  readonly folder: string;
  readonly version: string | undefined;
  readonly commit: string | undefined;
  readonly host: string | undefined;
}

/** What the gate found: all that the output formats print. */
export interface Report {
  readonly verdict: 'pass' | 'fail';
  /** Whether warnings fail. */
  readonly strict: boolean;
  readonly baseline: Side;
  readonly candidate: Side;
  readonly compared: { readonly cells: number; readonly values: number; readonly times: number };
  /** Findings that are about no single cell. */
  readonly general: readonly Finding[];
  /** Every cell of both, the worst first. */
  readonly cells: readonly CellReport[];
  /** Every timed thing of both, the worst first. */
  readonly times: readonly TimeReport[];
}

const ORDER: readonly Level[] = ['failure', 'warning', 'notice'];

/** Findings, the worst first. */
export function sorted(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level) || b.size - a.size);
}

/** What has findings, in the order of their worst; all that have none last, in the order given. */
export function worstFirst<T extends { readonly findings: readonly Finding[] }>(all: readonly T[]): T[] {
  const rank = ({ findings }: T) => (findings[0] ? ORDER.indexOf(findings[0].level) : ORDER.length);
  return [...all].sort(
    (a, b) => rank(a) - rank(b) || (b.findings[0]?.size ?? 0) - (a.findings[0]?.size ?? 0),
  );
}

/** All findings of a report with what each is about; undefined for what is about all. */
export function allFindings({
  general,
  cells,
  times,
}: Report): { about: CellReport | TimeReport | undefined; finding: Finding }[] {
  return [
    ...general.map((finding) => ({ about: undefined, finding })),
    ...[...cells, ...times].flatMap((about) => about.findings.map((finding) => ({ about, finding }))),
  ];
}
