import { InputError, type Place } from '../base/errors.js';

/** A policy or a machine lacks what it needs for a replay: its cell has outcome `refused` and this reason. */
export class Refusal extends InputError {
  /** @param ofEvent whether an event of the trace asks for it: the reason names its place then */
  constructor(
    reason: string,
    private readonly ofEvent = false,
    place?: Place,
  ) {
    super(reason, place);
    this.name = 'Refusal';
  }

  /** The reason lies in the policy or the machine, and at no place of the trace unless an event asks for it. */
  override at(place: Place): Refusal {
    return this.ofEvent && !this.place ? new Refusal(this.what, true, place) : this;
  }
}
