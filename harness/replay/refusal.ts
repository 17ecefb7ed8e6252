import { InputError } from '../base/errors.js';
import type { DiscardPolicyInfo } from '../policy/discard/contract.js';
import type { PurgeRules } from '../policy/purge/contract.js';
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
export function checkReclaim({ name, unbounded }: ReclaimPolicyInfo, bounded: boolean): void {
  if (unbounded && bounded) {
    throw new Refusal(`reclaim policy ${name} never evicts, so it cannot keep a limit: use it without one`);
  }
}

/**
 * Refuses a discard policy that would not learn what was purged.
 *
 * @throws Refusal
 */
export function checkReport({ name, needsReport }: DiscardPolicyInfo, rules: PurgeRules): void {
  if (needsReport && rules.report === 'none')
    throw new Refusal(
      `discard policy ${name} needs to be told of what is purged: expected a purge policy with another report than none`,
    );
}

/**
 * Refuses to foresee what depends on which pages are evicted: a first replay, where memory is never short, would tell
 * another future.
 *
 * @param name of the reclaim policy that needs the future
 * @param pages those of the first replay, after an event
 * @throws Refusal
 */
export function checkForeseeable(name: string, pages: { lazyfree: number; volatile: number }): void {
  if (pages.lazyfree > 0)
    throw new Refusal(
      `reclaim policy ${name} needs the future, and what is lazily freed (MADV_FREE, droppable) is lost when memory is short`,
    );
  if (pages.volatile > 0)
    throw new Refusal(
      `reclaim policy ${name} needs the future, and what is volatile is purged when memory is short`,
    );
}
