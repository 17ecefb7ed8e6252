import type { Parameters, ParameterValues } from '../base/parameters.js';
import type { EventBlock, StringTable } from './block.js';
import type { TraceMeta } from './meta.js';

/** Events that are being produced: read from another program's format, or generated. Goes once from start to end. */
export interface TraceSource {
  readonly meta: TraceMeta;
  /** Grows while blocks are taken. */
  readonly strings: StringTable;
  /** The events in order; a block is only valid until the next one is taken. */
  blocks(): Iterable<EventBlock> | AsyncIterable<EventBlock>;
  /** One line about what was made, for the user, once all blocks have been taken. */
  summary?(): string;
}

/** What a workload generates a trace from. */
export interface WorkloadContext {
  readonly values: ParameterValues;
  readonly seed: number;
  /** A seeded stream of numbers in [0, 1) of its own for each purpose. */
  random(purpose: string): () => number;
}

/** A generator of synthetic traces: a folder of workloads/. */
export interface Workload {
  /** Lower case letters, digits and hyphens. */
  readonly name: string;
  /** One line: what it stands for. */
  readonly summary: string;
  /** Where its shape and defaults come from. */
  readonly source: string;
  readonly parameters: Parameters;
  /** The file that it is from, if it is not of this package. */
  readonly module?: { readonly file: string };
  /** Produces the events block by block, in constant memory. */
  generate(context: WorkloadContext): TraceSource;
}
