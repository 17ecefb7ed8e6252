import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { PolicyInfo } from '../policy/registry.js';
import { COMPRESSED_NAME } from '../trace/io/decompress.js';
import { inputName, STDIN, usingInput } from '../trace/io/input.js';
import { isRemote } from '../trace/io/remote.js';
import { isTrace } from '../trace/trace.js';
import { DEFAULT_EXPERIMENT, type Experiment, readExperiment } from './file.js';
import { shippedTraces } from './trace-names.js';

/** The family of the shipped comparison whose policies give back later. */
const ALLOCATORS = 'allocator';
/** Memory limits of the comparison on one trace. */
const LIMITS = ['none', '50%'];

/** Whether what a user named is a trace: a file of ours, the name of a shipped one, or standard input. Pipes are not looked into. */
async function namesTrace(name: string): Promise<boolean> {
  if (name === STDIN) return true;
  if (!isRemote(name)) {
    const info = statSync(name, { throwIfNoEntry: false });
    if (info === undefined) return shippedTraces().has(name);
    if (!info.isFile()) return false;
  }
  return usingInput(name, async ({ head, close }) => {
    await close();
    return isTrace(head);
  });
}

/** The name of an experiment on a trace: its letters and digits in lower case. */
function experimentName(path: string): string {
  const plain = basename(path)
    .replace(COMPRESSED_NAME, '')
    .replace(/\.(csv|rtrace|txt)$/, '');
  return (
    plain
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'trace'
  );
}

/** The values of an axis of policies, and after them the policies of modules. */
function withModules(values: readonly string[], registry: { all(): readonly PolicyInfo[] }): string[] {
  return [...values, ...registry.all().flatMap(({ name, module }) => (module ? [name] : []))];
}

/** The shipped comparison on one trace: its policies, and those of modules, on the memory that was recorded. */
function experimentOn(name: string): Experiment {
  const isShipped = statSync(name, { throwIfNoEntry: false }) === undefined;
  const shipped = readExperiment(DEFAULT_EXPERIMENT);
  return {
    ...shipped,
    discard: withModules(shipped.discard, discardPolicies),
    reclaim: withModules(shipped.reclaim, reclaimPolicies),
    merge: withModules(shipped.merge, mergePolicies),
    purge: withModules(shipped.purge, purgePolicies),
    file: name,
    name: experimentName(name),
    description: `The policies of the shipped comparison on ${name === STDIN ? inputName(name) : basename(name)}.`,
    traces: [{ entry: isShipped ? name : resolve(name), family: undefined }],
    limits: LIMITS,
    private_discard: shipped.family_discard[ALLOCATORS],
    backing: ['recorded'],
    claims: [],
    placeOf: () => ({ file: name }),
  };
}

/**
 * The experiment that a user names.
 *
 * @param name an experiment file, or a trace (`-`: standard input), which gets the policies of the shipped comparison; by default that comparison
 * @throws InputError as `readExperiment`
 */
export async function namedExperiment(name: string | undefined): Promise<Experiment> {
  if (name === undefined) return readExperiment(DEFAULT_EXPERIMENT);
  return (await namesTrace(name)) ? experimentOn(name) : readExperiment(name);
}
