import type { ArgCache } from '../trace/arg-cache.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP } from '../trace/op.js';

/**
 * Which events are not replayed: those of spaces that the OOM killer has killed, and of children that these would have forked
 * later. Children that were there before live on.
 */
export class Skipped {
  events = 0;
  /** Undefined before the first is killed. */
  private dead: Set<number> | undefined;

  constructor(private readonly args: ArgCache) {}

  killed(space: number): void {
    this.dead ??= new Set();
    this.dead.add(space);
  }

  /** Whether an event is not replayed; it is counted then. */
  skips(block: EventBlock, row: number): boolean {
    return this.dead !== undefined && this.skipsOf(this.dead, block, row);
  }

  private skipsOf(dead: Set<number>, block: EventBlock, row: number): boolean {
    const space = block.space[row]!;
    if ((block.fields[row]! & HAS.space) === 0 || !dead.has(space)) return false;
    const op = block.op[row]!;
    if (op === OP.fork) dead.add(this.args.required('fork', block, row).child);
    else if (op === OP.exit) dead.delete(space); // another space may have its id now
    this.events++;
    return true;
  }
}
