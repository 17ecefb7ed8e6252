import type { ModuleOrigin } from '../../policy/border/border.js';
import { TimeLimit, within } from '../../policy/border/time-limit.js';

/** Something that may be of a module. */
export interface Outside {
  readonly module?: ModuleOrigin;
}

/** How a check ended; `info` is a number to know, which nothing is right or wrong about. */
export type Outcome = 'pass' | 'fail' | 'skip' | 'info';

/** The result of one check of one entry of a module. */
export interface CheckResult {
  /** What was checked: `discard policy`, `workload`, … */
  readonly kind: string;
  /** The entry; empty for what is of the module as a whole. */
  readonly name: string;
  readonly check: string;
  readonly outcome: Outcome;
  /** What was done, or what is wrong and where. */
  readonly detail: string;
}

/** What a check says of itself where it passes; it throws where it fails. */
export type Verdict = string | { readonly skip: string } | { readonly info: string };

/** A check by its name. */
export interface Check<T> {
  readonly name: string;
  /** @throws Error that says what is wrong */
  run(subject: T): Verdict | Promise<Verdict>;
}

/** A check failed: the message is the detail of its result. */
class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}

/** @throws CheckFailure */
export function fail(what: string): never {
  throw new CheckFailure(what);
}

function resultOf(verdict: Verdict): Pick<CheckResult, 'outcome' | 'detail'> {
  if (typeof verdict === 'string') return { outcome: 'pass', detail: verdict };
  return 'skip' in verdict
    ? { outcome: 'skip', detail: verdict.skip }
    : { outcome: 'info', detail: verdict.info };
}

/** The first line of an error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const name = /^(Error|CheckFailure|InputError|PolicyOffence|BrokenContract)$/.test(error.name)
    ? ''
    : `${error.name}: `;
  return `${name}${error.message.split('\n')[0]}`;
}

/**
 * Runs checks on an entry, one after another; one that fails does not keep the others from running.
 *
 * @param from where the entry is from: what one of a module does not end of itself is stopped
 */
export async function runChecks<T>(
  { kind, name, from }: { readonly kind: string; readonly name: string; readonly from: Outside },
  subject: T,
  checks: readonly Check<T>[],
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const which = { kind, name, check: check.name };
    try {
      const verdict = within(TimeLimit.of([from]), () => check.run(subject));
      results.push({ ...which, ...resultOf(await verdict) });
    } catch (error) {
      results.push({ ...which, outcome: 'fail', detail: reasonOf(error) });
    }
  }
  return results;
}
