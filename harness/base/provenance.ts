/**
 * Where events of a trace come from: `recorded` from a program; `inferred` from what was recorded; `composed` of recordings
 * that were not made together, or of one and a schedule; `synthetic`, from a generator.
 */
export const PROVENANCES = ['recorded', 'inferred', 'composed', 'synthetic'] as const;
/** Where a trace, or a part of one, comes from. */
export type Provenance = (typeof PROVENANCES)[number];

/** Where a trace comes from: all of it, and the streams of its events that are of another origin. */
export interface Origin {
  /** Undefined where its author did not say. */
  readonly whole: Provenance | undefined;
  /** By name of the stream, such as `placement` or `touches`. */
  readonly parts: Readonly<Record<string, Provenance>>;
}
