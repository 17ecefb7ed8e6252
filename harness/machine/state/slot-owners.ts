import { grown, grownCapacity } from '../../base/arrays.js';
import { KSM_OBJECT } from './objects.js';

/** What a page belonged to before it went to swap. */
interface Owner {
  /** Number of its object. */
  readonly object: number;
  readonly index: number;
}

/**
 * Which object the page of each swap slot is filed under: read-ahead by place on the device brings pages in that no page table entry
 * or object has led to. Slots that got their page while nothing was read ahead have none.
 */
export class SlotOwners {
  private objects = new Int32Array(0);
  private indexes = new Int32Array(0);

  set(slot: number, object: number, index: number): void {
    if (slot >= this.objects.length) {
      const length = grownCapacity(this.objects.length, slot + 1);
      this.objects = grown(this.objects, length, KSM_OBJECT);
      this.indexes = grown(this.indexes, length);
    }
    this.objects[slot] = object;
    this.indexes[slot] = index;
  }

  /** Undefined too for a page that was merged: where it belongs is known when it is mapped again. */
  of(slot: number): Owner | undefined {
    const object = this.objects[slot] ?? KSM_OBJECT;
    return object === KSM_OBJECT ? undefined : { object, index: this.indexes[slot]! };
  }
}
