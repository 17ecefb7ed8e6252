import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { readText } from '../base/text.js';
import { guardProcess, type ModuleOrigin, shownValue } from './border/border.js';
import { checkedDiscard } from './border/discard.js';
import { checkedReclaim } from './border/reclaim.js';
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

/** Seconds that a cell with a policy from outside may take, unless `--policy-timeout` says otherwise. */
export const POLICY_TIMEOUT_S = 600;
/** The longest time limit: V8 takes milliseconds of 32 bits. */
export const MAX_POLICY_TIMEOUT_S = 2_000_000;

const KINDS = ['integer', 'number', 'size', 'duration', 'choice', 'list'];

/** What is wrong with an entry's parameters; undefined if nothing is. */
function wrongParameter(parameters: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, parameter] of Object.entries(parameters)) {
    const { kind, meaning, default: value } = (parameter ?? {}) as Record<string, unknown>;
    if (
      !KINDS.includes(String(kind)) ||
      typeof meaning !== 'string' ||
      !/^(number|string)$/.test(typeof value)
    )
      return `its parameter ${name} is incomplete, expected kind (${KINDS.join(', ')}), default and meaning`;
  }
  return undefined;
}

function addAll<T extends PolicyInfo>(
  registry: Registry<T>,
  policies: unknown,
  file: string,
  checked: (policy: T) => T,
): number {
  if (policies === undefined) return 0;
  if (!Array.isArray(policies))
    throw new InputError(`its export for the ${registry.kind} is not an array`, { file });
  for (const policy of policies as Partial<T & { create: unknown }>[]) {
    const complete =
      typeof policy?.name === 'string' &&
      typeof policy.summary === 'string' &&
      typeof policy.source === 'string' &&
      typeof policy.parameters === 'object' &&
      policy.parameters !== null &&
      typeof policy.create === 'function';
    if (!complete) {
      throw new InputError(
        `a ${registry.kind} is incomplete, expected name, summary, source, parameters and create`,
        { file },
      );
    }
    const wrong = wrongParameter(policy.parameters as Parameters<typeof wrongParameter>[0]);
    if (wrong !== undefined) throw new InputError(`${registry.kind} ${policy.name}: ${wrong}`, { file });
    registry.add(checked(policy as unknown as T));
  }
  return policies.length;
}

const MOST_MODULE_BYTES = 16 * 1024 ** 2;

/** Loads a module in a thread of its own: one that never ends, or ends the process, ends only that. */
const TRIAL = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData).then(
  () => parentPort.postMessage(undefined),
  (error) => parentPort.postMessage(error instanceof Error ? error.message.split('\\n')[0] : String(error)),
);`;

/** @returns why the module cannot be loaded; undefined if it can */
function tryToLoad(url: string, timeoutS: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(TRIAL, { eval: true, workerData: url, stdout: true, stderr: true });
    const timer = setTimeout(() => done(`it is not loaded after ${timeoutS} s`), timeoutS * 1000);
    const done = (problem: string | undefined): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(problem);
    };
    worker.once('message', done);
    worker.once('error', (error) => done(error.message.split('\n')[0]));
    worker.once('exit', () => done('it ends the process'));
  });
}

/** The module's exports. @throws InputError when it cannot be loaded */
async function importModule({ file, timeoutS }: ModuleOrigin): Promise<PolicyModule> {
  // What is larger than any module would fill the memory as one.
  readText(file, MOST_MODULE_BYTES);
  const url = pathToFileURL(resolve(file)).href;
  const problem = await tryToLoad(url, timeoutS);
  if (problem !== undefined) throw new InputError(`cannot be loaded as a module: ${problem}`, { file });
  try {
    return (await import(url)) as PolicyModule;
  } catch (error) {
    throw new InputError(
      `cannot be loaded as a module: ${error instanceof Error ? error.message.split('\n')[0] : shownValue(error)}`,
      { file },
    );
  }
}

/**
 * Loads policies from a module outside the package into the registries. Every call of them is checked (`border/`).
 *
 * @param timeoutS seconds that a cell with one of them may take
 * @throws InputError when the module cannot be loaded, exports no policy, or one that is incomplete or named as another
 */
export async function loadPolicyModule(file: string, timeoutS: number = POLICY_TIMEOUT_S): Promise<void> {
  guardProcess(file);
  const origin = { file, timeoutS };
  const module = await importModule(origin);
  try {
    const added =
      addAll(discardPolicies, module.discard, file, (info) => checkedDiscard(info, origin)) +
      addAll(reclaimPolicies, module.reclaim, file, (info) => checkedReclaim(info, origin));
    if (added === 0)
      throw new InputError('exports no policies, expected arrays named discard or reclaim', { file });
  } catch (error) {
    throw error instanceof InputError ? error.at({ file }) : error;
  }
}
