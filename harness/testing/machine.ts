import { loadCosts } from '../cost/table.js';
import type { SwapKind } from '../machine/state/state.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Chosen } from '../policy/registry.js';
import type { Backing } from '../replay/backing.js';
import type { ReplayOptions } from '../replay/options.js';
import { type ReplayResult, replay } from '../replay/replay.js';
import type { Trace } from '../trace/trace.js';

export interface TestRun {
  readonly discard?: string;
  readonly reclaim?: string | Chosen<ReclaimPolicyInfo>;
  readonly purge?: string;
  readonly merge?: string;
  readonly memory?: number;
  readonly swap?: SwapKind;
  readonly backing?: Backing;
  readonly limit?: number | 'none' | 'trace';
  readonly seed?: number;
  readonly observe?: ReplayOptions['observe'];
  readonly completed?: ReplayOptions['completed'];
  readonly timeline?: boolean;
  /** Whether to check the invariants; the default. */
  readonly check?: boolean;
}

const COSTS = loadCosts();

/** Replays a trace, by default with the machine's invariants checked after every event. */
export function run(trace: Trace, options: TestRun = {}): Promise<ReplayResult> {
  const { reclaim = 'linux' } = options;
  return replay(trace, {
    discard: discardPolicies.choose(options.discard ?? 'keep'),
    reclaim: typeof reclaim === 'string' ? reclaimPolicies.choose(reclaim) : reclaim,
    purge: purgePolicies.choose(options.purge ?? 'range-lru'),
    merge: mergePolicies.choose(options.merge ?? 'none'),
    swap: options.swap ?? 'none',
    backing: options.backing,
    limit: options.limit ?? 'trace',
    memory: options.memory,
    seed: options.seed ?? 1,
    costs: COSTS,
    check: options.check ?? true,
    timeline: options.timeline ?? false,
    ...(options.observe ? { observe: options.observe } : {}),
    ...(options.completed ? { completed: options.completed } : {}),
  });
}
