import { HostError } from '../base/errors.js';
import type { Engine, RecordRequest } from './engine.js';
import { strace } from './strace/engine.js';
import { tracefs } from './tracefs/engine.js';
import { valgrind } from './valgrind/engine.js';

/** Engines for calls and first accesses, the better one first. */
const CALL_ENGINES: readonly Engine[] = [tracefs, strace];

/** An engine, and why not a better one where this process might have had it. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly instead?: string | undefined;
}

/**
 * The engine that records what is asked for here.
 *
 * @throws HostError with what is missing, and what is possible without it
 */
export function chooseEngine(request: RecordRequest): ChosenEngine {
  const engines = request.accesses ? [valgrind] : request.seccompBpf ? [strace] : CALL_ENGINES;
  const reasons: string[] = [];
  for (const engine of engines) {
    const why = engine.unavailable(request);
    if (why === undefined) return { engine, instead: isRoot() ? reasons[0] : undefined };
    reasons.push(why);
  }
  throw new HostError(isRoot() ? reasons.join('; ') : reasons.at(-1)!);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
