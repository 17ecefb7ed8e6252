import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InputError } from '../base/errors.js';
import { readText } from '../base/text.js';
import { guardProcess, type ModuleOrigin, shownValue } from '../policy/border/border.js';
import { checkedDiscard } from '../policy/border/discard.js';
import { checkedReclaim } from '../policy/border/reclaim.js';
import type { DiscardPolicyInfo } from '../policy/discard/contract.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { checkName, nameTaken } from '../policy/registry.js';
import type {
  ModuleMergePolicy,
  ModulePurgePolicy,
  ModuleReader,
  ModuleWorkload,
  PolicyModule,
} from './contract.js';
import { checkEntry } from './entries.js';
import { checkedMerge, checkedPurge } from './rules.js';

/** Seconds that a cell with a policy from outside may take, unless `--policy-timeout` says otherwise. */
export const POLICY_TIMEOUT_S = 600;
/** The longest time limit: V8 takes milliseconds of 32 bits. */
export const MAX_POLICY_TIMEOUT_S = 2_000_000;

/** A kind of what a module may bring: the name of its array, what an entry must have, and where it goes. */
interface Kind {
  readonly name: keyof PolicyModule;
  /** For messages. */
  readonly title: string;
  readonly methods: readonly string[];
  add(entry: never, origin: ModuleOrigin): void | Promise<void>;
}

const KINDS: readonly Kind[] = [
  {
    name: 'discard',
    title: discardPolicies.kind,
    methods: ['create'],
    add: (info: DiscardPolicyInfo, origin) => discardPolicies.add(checkedDiscard(info, origin)),
  },
  {
    name: 'reclaim',
    title: reclaimPolicies.kind,
    methods: ['create'],
    add: (info: ReclaimPolicyInfo, origin) => reclaimPolicies.add(checkedReclaim(info, origin)),
  },
  {
    name: 'merge',
    title: mergePolicies.kind,
    methods: ['rules'],
    add: (info: ModuleMergePolicy, origin) => mergePolicies.add(checkedMerge(info, origin)),
  },
  {
    name: 'purge',
    title: purgePolicies.kind,
    methods: ['rules'],
    add: (info: ModulePurgePolicy, origin) => purgePolicies.add(checkedPurge(info, origin)),
  },
  {
    name: 'workloads',
    title: 'workload',
    methods: ['generate'],
    add: addWorkload,
  },
  {
    name: 'readers',
    title: 'reader',
    methods: ['create'],
    add: addReader,
  },
];

/** The names of the arrays that a module may export. */
const MODULE_KINDS = KINDS.map(({ name }) => name);

/** Adds a workload or reader to those of the package. @throws InputError when the name is taken or not a name */
function addTo<T extends { readonly name: string }>(all: T[], kind: string, entry: T): void {
  checkName(kind, entry.name);
  if (all.some(({ name }) => name === entry.name)) throw nameTaken(kind, entry.name);
  all.push(entry);
}

// Generators and readers are half of all code, and few commands use them: they are loaded where a module brings one.
async function addWorkload(info: ModuleWorkload, origin: ModuleOrigin): Promise<void> {
  const [{ WORKLOADS }, { checkedWorkload }] = await Promise.all([
    import('../../workloads/registry.js'),
    import('./workload.js'),
  ]);
  addTo(WORKLOADS, 'workload', checkedWorkload(info, origin));
}

async function addReader(info: ModuleReader, origin: ModuleOrigin): Promise<void> {
  const [{ READERS }, { checkedReader }] = await Promise.all([
    import('../trace/readers/registry.js'),
    import('./reader.js'),
  ]);
  addTo(READERS, 'reader', checkedReader(info, origin));
}

/** Adds what an array of a module has. Returns how many. */
async function addAll(
  { name, title, methods, add }: Kind,
  module: PolicyModule,
  origin: ModuleOrigin,
): Promise<number> {
  const entries: unknown = module[name];
  if (entries === undefined) return 0;
  const { file } = origin;
  if (!Array.isArray(entries)) throw new InputError(`its export ${name} is not an array`, { file });
  for (const entry of entries) {
    checkEntry(title, entry, methods, file);
    await add(entry as never, origin);
  }
  return entries.length;
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

/** How TypeScript is compiled where Node does not load it. */
export function compileLine(file: string): string {
  return `npx tsc ${file} --target es2022 --module esnext --moduleResolution bundler --skipLibCheck --ignoreConfig`;
}

/** Whether this Node loads TypeScript: it does from 22.18 on. */
export function loadsTypeScript(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript);
}

/** @throws InputError for a module in a language that this Node does not load */
function checkLanguage(file: string): void {
  if (/\.[mc]?ts$/.test(file) && !loadsTypeScript())
    throw new InputError(
      `Node ${process.versions.node} does not load TypeScript, expected Node 22.18 or newer, or the module compiled: ${compileLine(file)}`,
      { file },
    );
}

/** What Node says of a module of JavaScript in a package that says commonjs. */
const NOT_COMMONJS = /Unexpected token 'export'|Cannot use import statement outside a module/;

/** Why a module cannot be loaded, with what helps where that is known. */
function loadProblem(file: string, problem: string): InputError {
  const hint =
    NOT_COMMONJS.test(problem) && /\.[jt]s$/.test(file)
      ? '; its package.json says commonjs: expected a name that ends with .mjs or .mts, or "type": "module" there'
      : '';
  return new InputError(`cannot be loaded as a module: ${problem}${hint}`, { file });
}

/** The module's exports. @throws InputError when it cannot be loaded */
async function importModule({ file, timeoutS }: ModuleOrigin): Promise<PolicyModule> {
  // What is larger than any module would fill the memory as one.
  readText(file, MOST_MODULE_BYTES);
  checkLanguage(file);
  const url = pathToFileURL(resolve(file)).href;
  const problem = await tryToLoad(url, timeoutS);
  if (problem !== undefined) throw loadProblem(file, problem);
  try {
    return await moduleExports(file);
  } catch (error) {
    throw loadProblem(file, error instanceof Error ? error.message.split('\n')[0]! : shownValue(error));
  }
}

/** The exports of a module that has been loaded, as they are: their calls are not checked. */
export async function moduleExports(file: string): Promise<PolicyModule> {
  return (await import(pathToFileURL(resolve(file)).href)) as PolicyModule;
}

/** Modules that have been loaded: each brings its entries once. */
const loaded = new Set<string>();

/**
 * Loads what a module outside the package brings into the registries: policies, workloads and readers. Every call of them is
 * checked. A module that has been loaded is not loaded again.
 *
 * @param timeoutS seconds that a cell with one of its policies may take
 * @throws InputError when the module cannot be loaded, exports nothing of these, or an entry that is incomplete or named as another
 *
 * @example Replay under a policy of your own
 * ```ts
 * import { loadPolicyModule, loadTrace, replayTrace } from 'reclaim-bench';
 *
 * // As `reclaim init policy` writes it: with the policies retain and second-chance.
 * await loadPolicyModule('policy.mjs');
 * const trace = await loadTrace('mariadb-resize');
 * for (const discard of ['retain:keep=0', 'retain:keep=1GiB']) {
 *   const { metrics } = await replayTrace(trace, { discard });
 *   console.log(discard, metrics.discard_calls);
 * }
 * // → retain:keep=0 3
 * // → retain:keep=1GiB 0
 * ```
 */
export async function loadPolicyModule(file: string, timeoutS: number = POLICY_TIMEOUT_S): Promise<void> {
  const path = resolve(file);
  if (loaded.has(path)) return;
  guardProcess(file);
  const origin = { file, timeoutS };
  const module = await importModule(origin);
  try {
    let added = 0;
    for (const kind of KINDS) added += await addAll(kind, module, origin);
    if (added === 0)
      throw new InputError(`exports no policies, expected arrays named ${MODULE_KINDS.join(', ')}`, { file });
    loaded.add(path);
  } catch (error) {
    throw error instanceof InputError ? error.at({ file }) : error;
  }
}
