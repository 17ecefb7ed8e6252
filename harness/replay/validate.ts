import type { Place } from '../base/errors.js';
import { type ContentInspector, DISCARDED, type Target, type TargetInfo } from '../contract/target.js';
import { loadCosts } from '../cost/table.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { EventBlock } from '../trace/block.js';
import { OP } from '../trace/op.js';
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
}

/** Watches for reads of contents that were discarded and not written since. */
class DiscardWatch {
  readonly warnings: Warning[] = [];

  constructor(private readonly trace: Trace) {}

  before(contents: ContentInspector, block: EventBlock, row: number): void {
    const op = block.op[row]!;
    if (op !== OP.discard && op !== OP.read) return;
    const space = block.space[row]!;
    const count = block.count[row]!;
    const first = block.page[row]! + Math.min(0, count + 1);
    if (op === OP.read) this.read(contents, space, first, Math.abs(count), block, row);
    else for (let page = first; page < first + count; page++) this.discard(contents, space, page);
  }

  private discard(contents: ContentInspector, space: number, page: number): void {
    if (contents.at(space, page) !== undefined) contents.put(space, page, DISCARDED);
  }

  private read(
    contents: ContentInspector,
    space: number,
    first: number,
    count: number,
    block: EventBlock,
    row: number,
  ): void {
    for (let page = first; page < first + count; page++) {
      if (contents.at(space, page) !== DISCARDED) continue;
      const what = `reads page ${page} of space ${space}, which was discarded and not written since`;
      this.warnings.push({ place: this.trace.place(block, row), what });
      return;
    }
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
  return { events: result.events, touches: result.touches, warnings: watch.warnings };
}
