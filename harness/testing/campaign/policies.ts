import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadPolicyModule } from '../../modules/load.js';
import { PolicyOffence } from '../../policy/border/border.js';
import { restTrace } from '../fuzz/rest-events.js';
import { fitting } from '../fuzz/rest-machines.js';
import { run } from '../machine.js';
import { DISCARD_OFFENCES, discardModule, OFFENCES, policyModule } from '../offences.js';
import { traceOf } from '../traces.js';
import type { Part } from './part.js';

const EVENTS = 80;

/** A policy from outside that breaks its contract, or keeps it, on a random trace: blamed, or a result; nothing else. */
async function tryPolicy(folder: string, seed: number): Promise<string | undefined> {
  const name = `outside-${seed}`;
  const kind = seed % (OFFENCES.length + DISCARD_OFFENCES.length + 1);
  const offence = OFFENCES[kind];
  const discard = offence ? undefined : DISCARD_OFFENCES[kind - OFFENCES.length];
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, discard ? discardModule(name, discard.code) : policyModule(name, offence));
  await loadPolicyModule(file, 1);
  const [lines] = fc.sample(restTrace(EVENTS), { seed, numRuns: 1 });
  const trace = traceOf(`${fitting(lines!, { reclaim: 'outside' }).join('\n')}\n`);
  const policies = discard ? { discard: name } : { reclaim: name };
  try {
    await run(trace, { ...policies, swap: 'ssd', limit: 8, check: false, seed: seed % 1000 });
    return undefined;
  } catch (error) {
    if (error instanceof PolicyOffence) return undefined;
    return `${(offence ?? discard)?.name ?? 'a good policy'}: ${(error as Error).stack ?? String(error)}`;
  }
}

/** Policies from outside that break their contract. */
export async function policies(folder: string): Promise<Part> {
  return async (seed) => {
    const failure = await tryPolicy(folder, seed);
    return { tried: 1, failures: failure === undefined ? [] : [failure] };
  };
}
