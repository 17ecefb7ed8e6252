import { Refusal } from '../contract/refusal.js';
import type { Refusals, TargetSetup } from '../contract/target.js';
import { NO_VOLATILE } from './kernel.js';

/** What a live machine refuses of a trace. */
export const REFUSALS: Refusals = {
  ops: { migrate: 'images (XIP) are on no live machine: not possible live' },
  advice: { MADV_VOLATILE: NO_VOLATILE, MADV_NONVOLATILE: NO_VOLATILE },
};

/** Why there is no limit. */
export function noLimits(): Refusal {
  return new Refusal('a live machine has no memory limit yet, expected --limit none');
}

/** @throws Refusal for what no kernel has */
export function checkSetup({ discard, reclaim, merge, limit, memory, swap }: TargetSetup): void {
  if (discard.info.needsReport) throw new Refusal(`discard policy ${discard.info.name}: ${NO_VOLATILE}`);
  if (reclaim.info.name !== 'linux')
    throw new Refusal(`reclaim policy ${reclaim.info.name} is not in this kernel: live reclaim is linux`);
  if (merge.info.name !== 'none')
    throw new Refusal(`merge policy ${merge.info.name} is not on a live machine, expected none`);
  if (limit !== undefined) throw noLimits();
  if (memory !== undefined) throw new Refusal('a live machine has the memory it has, expected --memory none');
  if (swap !== 'none') throw new Refusal(`a live machine has no swap yet, expected --swap none, not ${swap}`);
}
