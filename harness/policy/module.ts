import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError } from '../base/errors.js';
import type { DiscardPolicyInfo } from './discard/contract.js';
import { discardPolicies } from './discard/registry.js';
import type { ReclaimPolicyInfo } from './reclaim/contract.js';
import { reclaimPolicies } from './reclaim/registry.js';
import type { PolicyInfo, Registry } from './registry.js';

/** What a module given with `--policy-module` exports: arrays of policies by kind. */
export interface PolicyModule {
  readonly discard?: readonly DiscardPolicyInfo[];
  readonly reclaim?: readonly ReclaimPolicyInfo[];
}

function addAll<T extends PolicyInfo>(registry: Registry<T>, policies: unknown, file: string): number {
  if (policies === undefined) return 0;
  if (!Array.isArray(policies))
    throw new InputError(`its export for the ${registry.kind} is not an array`, { file });
  for (const policy of policies as Partial<T & { create: unknown }>[]) {
    const complete =
      typeof policy?.name === 'string' &&
      typeof policy.summary === 'string' &&
      typeof policy.source === 'string' &&
      typeof policy.parameters === 'object' &&
      typeof policy.create === 'function';
    if (!complete) {
      throw new InputError(
        `a ${registry.kind} is incomplete, expected name, summary, source, parameters and create`,
        { file },
      );
    }
    registry.add(policy as unknown as T);
  }
  return policies.length;
}

/**
 * Loads policies from a module outside the package into the registries.
 *
 * @throws InputError when the module cannot be loaded, exports no policy, or one that is incomplete or named as another
 */
export async function loadPolicyModule(file: string): Promise<void> {
  let module: PolicyModule;
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as PolicyModule;
  } catch (error) {
    throw new InputError(
      `cannot be loaded as a module: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
      { file },
    );
  }
  try {
    const added =
      addAll(discardPolicies, module.discard, file) + addAll(reclaimPolicies, module.reclaim, file);
    if (added === 0)
      throw new InputError('exports no policies, expected arrays named discard or reclaim', { file });
  } catch (error) {
    throw error instanceof InputError ? error.at({ file }) : error;
  }
}
