import type { Machine } from '../../machine/machine.js';
import type { NaiveKernel } from '../naive/state.js';
import { Disagreement } from './compare.js';

/** Where the machine puts pages on its swap device, for the naive model to put them there too. */
export class SlotLog {
  private readonly slots: number[] = [];

  constructor({ swap }: Machine, k: NaiveKernel) {
    const allocate = swap.allocate.bind(swap);
    swap.allocate = (page) => {
      const slot = allocate(page);
      this.slots.push(slot);
      return slot;
    };
    k.nextSlot = () => {
      const slot = this.slots.shift();
      if (slot === undefined) throw new Disagreement('the machine takes no swap slot, expected one');
      return slot;
    };
  }

  /** @throws Disagreement when the machine has taken more slots than the model */
  mustBeUsedUp(): void {
    if (this.slots.length > 0)
      throw new Disagreement(`the machine takes ${this.slots.length} swap slots, expected no more`);
  }
}
