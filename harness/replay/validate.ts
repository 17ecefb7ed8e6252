import type { Place } from '../base/errors.js';
import {
  type ContentInspector,
  DISCARDED,
  DROPPED,
  type Target,
  type TargetInfo,
} from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP } from '../trace/op.js';
import type { Trace } from '../trace/trace.js';
import { replay } from './replay.js';

/** Something in a trace that is allowed and probably a mistake. */
export interface Warning {
  readonly place: Place;
  readonly what: string;
}

export interface Validation {
  readonly events: number;
  readonly touches: number;
  readonly warnings: readonly Warning[];
  /**
   * Reads of what a recorded call dropped (a discard that is labelled with the call), not written since. The program
   * relied on the zeros that the call leaves, so they are no mistake.
   */
  readonly zeroReads: number;
}

/** Watches for reads of contents that were discarded and not written since. */
class DiscardWatch {
  readonly warnings: Warning[] = [];
  zeroReads = 0;

  constructor(private readonly trace: Trace) {}

  before(contents: ContentInspector, block: EventBlock, row: number): void {
    const op = block.op[row]!;
    if (op !== OP.discard && op !== OP.read) return;
    const space = block.space[row]!;
    const count = block.count[row]!;
    const first = block.page[row]! + Math.min(0, count + 1);
    if (op === OP.read) this.read(contents, space, first, Math.abs(count), block, row);
    else {
      const mark = block.fields[row]! & HAS.text ? DROPPED : DISCARDED;
      for (let page = first; page < first + count; page++) this.discard(contents, space, page, mark);
    }
  }

  private discard(contents: ContentInspector, space: number, page: number, mark: number): void {
    if (contents.at(space, page) !== undefined) contents.put(space, page, mark);
  }

  private read(
    contents: ContentInspector,
    space: number,
    first: number,
    count: number,
    block: EventBlock,
    row: number,
  ): void {
    let dropped = false;
    for (let page = first; page < first + count; page++) {
      const content = contents.at(space, page);
      dropped ||= content === DROPPED;
      if (content !== DISCARDED) continue;
      const what = `reads page ${page} of space ${space}, which was discarded and not written since`;
      this.warnings.push({ place: this.trace.place(block, row), what });
      return;
    }
    if (dropped) this.zeroReads++;
  }
}

/**
 * Replays a trace under `keep` without a limit to find events that make no sense, and warns of reads after a discard.
 *
 * @param machine one whose contents can be looked at
 * @throws InputError with the line of the first event that makes no sense
 */
export async function validate<T extends Target & { readonly contents: ContentInspector }>(
  trace: Trace,
  machine: TargetInfo<T>,
): Promise<Validation> {
  const watch = new DiscardWatch(trace);
  const result = await replay(trace, {
    machine,
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose('fifo'),
    swap: 'none',
    limit: 'none',
    seed: 1,
    costs: loadCosts(),
    observe: ({ contents }, block, row) => watch.before(contents, block, row),
  });
  return {
    events: result.events,
    touches: result.touches,
    warnings: watch.warnings,
    zeroReads: watch.zeroReads,
  };
}
