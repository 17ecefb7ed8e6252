/** Values that a shell completes: names of policies, traces, generators, readers, metrics and figures. Flags and choices are yargs' own. */
import { WORKLOADS } from '../../workloads/registry.js';
import { READAHEAD_KINDS } from '../contract/readahead.js';
import { SWAP_KINDS } from '../contract/swap.js';
import { OOM_RULES, THP_MODES } from '../contract/target.js';
import { shippedTraces } from '../experiment/trace-names.js';
import { AXES } from '../metrics/axes.js';
import { METRIC_GROUPS, METRICS } from '../metrics/schema.js';
import { controllers } from '../policy/controller/registry.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { CLOCKS } from '../replay/closed/clock.js';
import { FIGURES } from '../report/figures/registry.js';
import { READERS } from '../trace/readers/registry.js';

type Names = () => readonly string[];

function namesOf(entries: readonly { readonly name: string }[]): readonly string[] {
  return [...new Set(entries.map(({ name }) => name))];
}

const traces: Names = () => [...shippedTraces().keys()];
const metrics: Names = () => namesOf(METRICS);
const policies: Names = () =>
  namesOf([
    ...discardPolicies.all(),
    ...reclaimPolicies.all(),
    ...mergePolicies.all(),
    ...purgePolicies.all(),
    ...controllers.all(),
  ]);

/** Values of flags, whichever command they are of. */
const FLAGS: Readonly<Record<string, Names>> = {
  '--discard': () => namesOf(discardPolicies.all()),
  '--reclaim': () => namesOf(reclaimPolicies.all()),
  '--merge': () => namesOf(mergePolicies.all()),
  '--purge': () => namesOf(purgePolicies.all()),
  '--controller': () => namesOf(controllers.all()),
  '--policy': () => namesOf(reclaimPolicies.all()),
  '--swap': () => SWAP_KINDS,
  '--oom': () => OOM_RULES,
  '--backing': () => ['recorded', 'anon', 'shmem'],
  '--clock': () => CLOCKS,
  '--thp': () => THP_MODES,
  '--readahead': () => [AXES.readahead.default, ...READAHEAD_KINDS],
  '--reader': () => namesOf(READERS),
  '--metric': metrics,
  '--tolerance': () => [...metrics(), ...METRIC_GROUPS],
  '--figure': () => namesOf(FIGURES),
};
/** Flags that take several values, separated by commas. */
const LISTS: readonly string[] = ['--policy', '--metric', '--tolerance', '--figure'];

/** What stands behind a command, or behind an action of `trace`. */
const POSITIONALS: Readonly<Record<string, Names>> = {
  compare: traces,
  replay: traces,
  mrc: traces,
  fidelity: traces,
  plan: traces,
  policies,
  metrics,
  readers: () => namesOf(READERS),
  workloads: () => namesOf(WORKLOADS),
  'trace info': traces,
  'trace validate': traces,
  'trace convert': traces,
  'trace sample': traces,
  'trace generate': () => namesOf(WORKLOADS),
};

/**
 * What may stand where the last word is; undefined where yargs knows better.
 *
 * @param words of the command line, from the name of the program on
 */
export function completionsOf(words: readonly string[]): readonly string[] | undefined {
  // Bash takes `=` for a word of its own.
  const [, ...given] = words.filter((word, i) => word !== '=' || i === words.length - 1);
  const current = given.at(-1) === '=' ? '' : (given.at(-1) ?? '');
  const flag = given.at(-2) ?? '';
  const ofFlag = FLAGS[flag];
  if (ofFlag) return LISTS.includes(flag) ? listed(ofFlag(), current) : ofFlag();
  if (current.startsWith('-')) return undefined;
  const behind = given.slice(0, -1).join(' ');
  return POSITIONALS[behind]?.();
}

/** Names behind those that stand in a list already. */
function listed(names: readonly string[], current: string): readonly string[] {
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const taken = before.split(',');
  return names.filter((name) => !taken.includes(name)).map((name) => `${before}${name}`);
}
