import { InputError } from '../base/errors.js';

/** A policy or a machine lacks what it needs for a replay: its cell has outcome `refused` and this reason. */
export class Refusal extends InputError {
  constructor(reason: string) {
    super(reason);
    this.name = 'Refusal';
  }

  /** The reason lies in the policy or the machine, and not at a place of the trace. */
  override at(): this {
    return this;
  }
}
