import { Refusal } from '../../contract/refusal.js';
import type { Target } from '../../contract/target.js';
import type { ReclaimPolicyInfo } from '../../policy/reclaim/contract.js';

/** The clocks of a replay, the default first. */
export const CLOCKS = ['open', 'closed'] as const;
/** `open`: events are at their times in the trace. `closed`: a thread's stalls delay its own later events. */
export type ClockKind = (typeof CLOCKS)[number];

/**
 * Draws of latency that a replay can book. With a closed clock it is one: another latency has other events after it.
 *
 * @param asked how many are asked for
 */
export function bookedDraws(clock: ClockKind | undefined, asked: number): number {
  return clock === 'closed' ? 1 : asked;
}

/**
 * Checks that stalls can delay.
 *
 * @param sample one in this number of pages is in the trace
 * @throws Refusal where they cannot
 */
export function checkClosed(target: Target, { name, needsFuture }: ReclaimPolicyInfo, sample: number): void {
  if (target.eventNs === undefined)
    throw new Refusal('a closed clock needs stalls that are measured event by event: expected machine sim');
  if (sample > 1)
    throw new Refusal(
      `the trace is a sample of 1/${sample} of its pages, and most of what delays a thread is not in it: expected clock open`,
    );
  if (needsFuture)
    throw new Refusal(
      `reclaim policy ${name} needs the future, and with a closed clock the order of events follows from what is evicted: expected clock open`,
    );
}
