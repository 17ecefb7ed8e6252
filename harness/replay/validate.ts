import type { Place } from '../base/errors.js';
import { loadCosts } from '../cost/table.js';
import type { Machine } from '../machine/machine.js';
import { contentAt, setContentAt } from '../machine/mapping/access.js';
import { DISCARDED } from '../machine/memory/contents.js';
import type { Space } from '../machine/state/space.js';
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

  before(m: Machine, block: EventBlock, row: number): void {
    const op = block.op[row]!;
    if (op !== OP.discard && op !== OP.read) return;
    const space = m.space(block.space[row]!);
    if (!space) return; // the replay says so
    const count = block.count[row]!;
    const first = block.page[row]! + Math.min(0, count + 1);
    if (op === OP.read) this.read(m, space, first, Math.abs(count), block, row);
    else for (let i = 0; i < count; i++) setContentAt(m, space, first + i, DISCARDED);
  }

  private read(m: Machine, space: Space, first: number, count: number, block: EventBlock, row: number): void {
    for (let page = first; page < first + count; page++) {
      if (contentAt(m, space, page) !== DISCARDED) continue;
      const what = `reads page ${page} of space ${space.id}, which was discarded and not written since`;
      this.warnings.push({ place: this.trace.place(block, row), what });
      return;
    }
  }
}

/**
 * Replays a trace under `keep` without a limit to find events that make no sense, and warns of reads after a discard.
 *
 * @throws InputError with the line of the first event that makes no sense
 */
export async function validate(trace: Trace): Promise<Validation> {
  const watch = new DiscardWatch(trace);
  const result = await replay(trace, {
    discard: discardPolicies.choose('keep'),
    reclaim: reclaimPolicies.choose('fifo'),
    swap: 'none',
    limit: 'none',
    seed: 1,
    costs: loadCosts(),
    observe: (machine, block, row) => watch.before(machine, block, row),
  });
  return { events: result.events, touches: result.touches, warnings: watch.warnings };
}
