import type { ReadaheadText } from '../contract/readahead.js';
import type { SwapText } from '../contract/swap.js';
import type { OomRule, SyscallResult, ThpMode } from '../contract/target.js';
import { type CostTable, loadCosts } from '../cost/table.js';
import type { Machine } from '../machine/machine.js';
import { type SimulatedMachine, simulated } from '../machine/target.js';
import { controllers } from '../policy/controller/registry.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Chosen } from '../policy/registry.js';
import type { ClockKind } from '../replay/closed/clock.js';
import type { MemoryKind } from '../replay/memory-kind.js';
import { type ReplayResult, replay } from '../replay/replay.js';
import type { EventBlock } from '../trace/block.js';
import type { Trace } from '../trace/trace.js';

export interface TestRun {
  readonly discard?: string;
  readonly followers?: readonly string[];
  readonly reclaim?: string | Chosen<ReclaimPolicyInfo>;
  readonly purge?: string;
  readonly merge?: string;
  readonly controller?: string;
  readonly memory?: number;
  readonly swap?: SwapText;
  readonly oom?: OomRule;
  readonly backing?: MemoryKind;
  readonly limit?: number | 'none' | 'trace';
  readonly seed?: number;
  readonly draws?: number;
  readonly clock?: ClockKind;
  readonly thp?: ThpMode;
  /** Default: `off`. */
  readonly readahead?: ReadaheadText;
  readonly cpus?: number;
  /** Default: the table of the product. */
  readonly costs?: CostTable;
  /** As those of `ReplayOptions`, with the state of the simulated machine. */
  readonly observe?: (m: Machine, block: EventBlock, row: number) => void;
  readonly completed?: (m: Machine, returned: SyscallResult, block: EventBlock, row: number) => void;
  readonly timeline?: boolean;
  /** Whether to check the invariants; the default. */
  readonly check?: boolean;
}

const COSTS = loadCosts();

/** Replays a trace, by default with the machine's invariants checked after every event. */
export function run(trace: Trace, options: TestRun = {}): Promise<ReplayResult> {
  const { reclaim = 'linux' } = options;
  const { observe, completed } = options;
  return replay<SimulatedMachine>(trace, {
    machine: simulated,
    discard: discardPolicies.choose(options.discard ?? 'keep'),
    followers: options.followers?.map((text) => discardPolicies.choose(text)),
    reclaim: typeof reclaim === 'string' ? reclaimPolicies.choose(reclaim) : reclaim,
    purge: purgePolicies.choose(options.purge ?? 'range-lru'),
    merge: mergePolicies.choose(options.merge ?? 'none'),
    ...(options.controller ? { controller: controllers.choose(options.controller) } : {}),
    swap: options.swap ?? 'none',
    oom: options.oom,
    backing: options.backing,
    limit: options.limit ?? 'trace',
    memory: options.memory,
    seed: options.seed ?? 1,
    draws: options.draws,
    clock: options.clock,
    thp: options.thp,
    readahead: options.readahead ?? 'off',
    cpus: options.cpus,
    costs: options.costs ?? COSTS,
    check: options.check ?? true,
    timeline: options.timeline ?? false,
    ...(observe ? { observe: ({ machine }, ...event) => observe(machine, ...event) } : {}),
    ...(completed ? { completed: ({ machine }, ...event) => completed(machine, ...event) } : {}),
  });
}
