import type { Row, Value } from './csv.js';

/** How a computed number is to compare with the claimed one. */
export const RELATIONS = ['=', '<', '<=', '>', '>='] as const;
export type Relation = (typeof RELATIONS)[number];

/** A number of one cell. */
export interface Term {
  /** A column of runs.csv that holds numbers. */
  readonly column: string;
  /** Values of columns that one cell has and no other; null where a column is empty. */
  readonly where: Readonly<Record<string, Value>>;
}

/** The names of the terms of a claim, in the order of its arithmetic. */
export const TERMS = ['value', 'minus', 'over'] as const;

/** What was claimed about a way to manage memory, and how results decide whether it holds. */
export interface Claim {
  readonly id: string;
  /** What was said. */
  readonly claim: string;
  /** Who said it, and where. */
  readonly source: string;
  readonly claimed: number;
  readonly relation: Relation;
  /** How far the computed number may be off for `=`, as a share of the claimed one. */
  readonly tolerance: number;
  /** The computed number is (value - minus) / over × times + plus. */
  readonly value: Term;
  readonly minus?: Term | undefined;
  readonly over?: Term | undefined;
  readonly times: number;
  readonly plus: number;
  readonly unit: string;
}

/** The rows that a term selects. */
export function selected(rows: readonly Row[], { where }: Term): Row[] {
  // Of the first replicate, unless it names another.
  const wanted = Object.entries({ replicate: 1, ...where });
  return rows.filter((row) => wanted.every(([column, value]) => row[column] === value));
}
