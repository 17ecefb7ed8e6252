import { Refusal } from '../contract/refusal.js';
import type { Refusals, TargetSetup } from '../contract/target.js';
import { NO_VOLATILE } from './kernel.js';
import { checkMerge } from './ksm.js';

/** What a live machine refuses of a trace. */
export const REFUSALS: Refusals = {
  ops: {
    migrate: 'images (XIP) are on no live machine: not possible live',
  },
  advice: { MADV_VOLATILE: NO_VOLATILE, MADV_NONVOLATILE: NO_VOLATILE },
};

/** Reclaim policies that live kernels have: two lists, or generations. */
const LIVE_RECLAIM: readonly string[] = ['linux', 'mglru'];

/** @throws Refusal for what no kernel has */
export function checkSetup({ discard, reclaim, merge, memory }: TargetSetup): void {
  if (discard.info.needsReport) throw new Refusal(`discard policy ${discard.info.name}: ${NO_VOLATILE}`);
  const { name } = reclaim.info;
  if (!LIVE_RECLAIM.includes(name))
    throw new Refusal(`reclaim policy ${name} is not in this kernel: live reclaim is linux or mglru`);
  const changed = reclaim.text !== name;
  if (changed)
    throw new Refusal(
      `reclaim policy ${reclaim.text} is not in this kernel: expected ${name} without parameters`,
    );
  checkMerge(merge);
  if (memory !== undefined) throw new Refusal('a live machine has the memory it has, expected --memory none');
}
