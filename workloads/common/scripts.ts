import { BLOCK_EVENTS, type BlockBuilder, type EventBlock } from '../../harness/trace/block.js';
import { type Actor, TimeQueue } from './time-queue.js';

/** Runs a script whose parts are separated by the moments, in µs, at which they are to run. */
export class Scripted implements Actor {
  nextUs = 0;

  /** @param rank decides between scripts of the same moment: the lowest first */
  constructor(
    private readonly script: Iterator<number>,
    readonly rank: number,
  ) {
    this.act();
  }

  act(): void {
    const { value, done } = this.script.next();
    this.nextUs = done ? Number.POSITIVE_INFINITY : value;
  }
}

/**
 * The events that scripts write side by side, by time.
 *
 * @param stepEvents the most events that one part of a script adds
 */
export function* scriptedEvents(
  builder: BlockBuilder,
  scripts: Iterable<Scripted>,
  stepEvents: number,
): Generator<EventBlock> {
  const queue = new TimeQueue(scripts);
  for (let actor = queue.first; actor; actor = queue.first) {
    actor.act();
    queue.acted();
    if (builder.length > BLOCK_EVENTS - stepEvents) yield builder.take();
  }
  if (builder.length > 0) yield builder.take();
}
