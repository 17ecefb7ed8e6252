import type { ParameterValues } from '../../base/parameters.js';
import type { PolicyInfo } from '../registry.js';

/** What a controller learns of a group at its turn. */
export interface GroupState {
  /** Pages charged to it and the groups below. */
  readonly usage: number;
  /** For how long at least one of its threads has stalled for memory (PSI) since the last turn, in µs. */
  readonly stalledUs: number;
}

/** Asks the kernel for reclaim before memory is short. */
export interface Controller {
  /** Groups that it looks after: paths, and the empty path for all of the trace. */
  readonly groups: readonly string[];
  /** µs of trace time between two turns. */
  readonly intervalUs: number;
  /** Pages to ask `memory.reclaim` of a group for; 0: none. */
  wanted(state: GroupState): number;
}

/** A controller's entry in the registry. */
export interface ControllerInfo extends PolicyInfo {
  /** @param sample one in this number of pages is replayed. Returns undefined for the one that does nothing */
  create(values: ParameterValues, sample: number): Controller | undefined;
}
