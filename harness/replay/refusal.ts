import { InputError } from '../input/errors.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';

/** A policy lacks what it needs for a replay: its cell has outcome `refused` and this reason. */
export class Refusal extends InputError {
  constructor(reason: string) {
    super(reason);
    this.name = 'Refusal';
  }

  /** The reason lies in the policy and not at a place of the trace. */
  override at(): this {
    return this;
  }
}

/**
 * Refuses what a reclaim policy cannot do in a machine, before anything runs.
 *
 * @param bounded whether there is a limit or a bounded machine
 * @throws Refusal
 */
export function checkReclaim({ name, needsFuture, unbounded }: ReclaimPolicyInfo, bounded: boolean): void {
  if (needsFuture) throw new Refusal(`reclaim policy ${name} needs the future: use it with reclaim mrc`);
  if (unbounded && bounded) {
    throw new Refusal(`reclaim policy ${name} never evicts, so it cannot keep a limit: use it without one`);
  }
}
