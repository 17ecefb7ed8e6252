import { WORKLOADS } from '../../../workloads/registry.js';
import { InputError } from '../../base/errors.js';
import { readText } from '../../base/text.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { mergePolicies } from '../../policy/merge/registry.js';
import { purgePolicies } from '../../policy/purge/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { READERS } from '../../trace/readers/registry.js';
import type { PolicyModule } from '../contract.js';
import { moduleHash } from '../files.js';
import { loadPolicyModule, moduleExports } from '../load.js';
import { DISCARD_CHECKS } from './discard.js';
import { READER_CHECKS } from './readers.js';
import { RECLAIM_CHECKS } from './reclaim.js';
import { type CheckResult, type Outside, reasonOf, runChecks } from './result.js';
import { MERGE_CHECKS, PURGE_CHECKS } from './rules.js';
import { WORKLOAD_CHECKS } from './sources.js';

/** Seconds that a replay of a check may take: its traces are small. */
const CHECK_TIMEOUT_S = 20;

/** Runs the checks of an entry of the registries. */
export const CHECK_ENTRY: Readonly<
  Record<keyof PolicyModule, (name: string, module: PolicyModule, from: Outside) => Promise<CheckResult[]>>
> = {
  discard: (name, _module, from) =>
    runChecks({ kind: 'discard policy', name, from }, discardPolicies.choose(name), DISCARD_CHECKS),
  reclaim: (name, _module, from) =>
    runChecks({ kind: 'reclaim policy', name, from }, reclaimPolicies.choose(name), RECLAIM_CHECKS),
  merge: (name, _module, from) =>
    runChecks({ kind: 'merge policy', name, from }, mergePolicies.choose(name), MERGE_CHECKS),
  purge: (name, _module, from) =>
    runChecks({ kind: 'purge policy', name, from }, purgePolicies.choose(name), PURGE_CHECKS),
  workloads: (name, _module, from) =>
    runChecks({ kind: 'workload', name, from }, named(WORKLOADS, name), WORKLOAD_CHECKS),
  readers: (name, { readers = [] }, from) => {
    const example = readers.find((one) => one.name === name)?.example;
    return runChecks(
      { kind: 'reader', name, from },
      { reader: named(READERS, name), example },
      READER_CHECKS,
    );
  },
};

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  return all.find((one) => one.name === name)!;
}

/** What is of the module as a whole. */
function ofModule(check: string, outcome: CheckResult['outcome'], detail: string): CheckResult {
  return { kind: 'module', name: '', check, outcome, detail };
}

/** Whether finished cells are known to be of the same code. */
async function importsResult(file: string): Promise<CheckResult> {
  try {
    await moduleHash(file);
    return ofModule('imports', 'pass', 'all that its results depend on is known: plans and --resume work');
  } catch (error) {
    return ofModule('imports', 'skip', `${reasonOf(error)}; plans and --resume refuse it`);
  }
}

/**
 * Runs the conformance suite on a module: of each of its policies, workloads and readers.
 *
 * @param timeoutS seconds that a replay may take at most
 * @throws InputError where there is no such file
 */
export async function checkModule(file: string, timeoutS: number): Promise<CheckResult[]> {
  readText(file);
  const origin = { file, timeoutS: Math.min(timeoutS, CHECK_TIMEOUT_S) };
  try {
    await loadPolicyModule(file, origin.timeoutS);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [ofModule('loads', 'fail', error.what)];
  }
  const module = await moduleExports(file);
  const kinds = Object.keys(CHECK_ENTRY) as (keyof PolicyModule)[];
  const names = kinds.flatMap((kind) => (module[kind] ?? []).map(({ name }) => ({ kind, name })));
  const loads = ofModule(
    'loads',
    'pass',
    `it exports ${names.map(({ kind, name }) => `${name} (${kind})`).join(', ')}`,
  );
  const results = [loads, await importsResult(file)];
  for (const { kind, name } of names)
    results.push(...(await CHECK_ENTRY[kind](name, module, { module: origin })));
  return results;
}
