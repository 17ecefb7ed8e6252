import type { LineAccount } from '../trace/readers/account.js';
import { note } from './terminal.js';

/** Reasons that are printed, a line each; the rarest of more are summed. */
const PRINTED_REASONS = 14;

/**
 * Prints, on standard error, what of a file is not in the result and what was assumed; nothing where all of it is.
 *
 * @param timed whether times are in the result, too
 */
export function noteAccount(file: string, account: LineAccount, timed = true): void {
  const { leftOut } = account;
  const rare = new Set(leftOut.toSorted(([, a], [, b]) => b - a).slice(PRINTED_REASONS));
  for (const reason of leftOut) if (!rare.has(reason)) note(`${file}: left out: ${reason[0]} (${reason[1]})`);
  const lines = [...rare].reduce((sum, [, count]) => sum + count, 0);
  if (rare.size > 0) note(`${file}: left out: lines for ${rare.size} more reasons (${lines})`);
  for (const [what, count] of timed ? account.remarks : account.untimedRemarks)
    note(`${file}: ${what} (${count})`);
}

/** Prints, on standard error, that every line read is in the result or left out: the sum. Nothing where the reader counted none. */
export function noteSum(file: string, { total, used, joined }: LineAccount): void {
  if (total === 0) return;
  const left = total - used - joined;
  note(`${file}: ${total} lines read = ${used} used + ${joined} joined to others + ${left} left out`);
}
