import type { ReadaheadText } from '../contract/readahead.js';
import type { SwapText } from '../contract/swap.js';
import type { OomRule, SyscallResult, Target, TargetInfo, ThpMode } from '../contract/target.js';
import type { CostTable } from '../cost/table.js';
import type { ControllerInfo } from '../policy/controller/contract.js';
import type { DiscardPolicyInfo } from '../policy/discard/contract.js';
import type { MergePolicyInfo } from '../policy/merge/contract.js';
import type { PurgePolicyInfo } from '../policy/purge/contract.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import type { EventBlock } from '../trace/block.js';
import type { ClockKind } from './closed/clock.js';
import type { MemoryKind } from './memory-kind.js';

/** The machine, the policies and the limit of a replay, and who watches it. */
export interface ReplayOptions<T extends Target = Target> {
  /** The machine to replay on. */
  readonly machine: TargetInfo<T>;
  readonly discard: Chosen<DiscardPolicyInfo>;
  /** Discard policies, not from outside, whose results come of the same replay as long as they do the same as `discard`. */
  readonly followers?: readonly Chosen<DiscardPolicyInfo>[] | undefined;
  readonly reclaim: Chosen<ReclaimPolicyInfo>;
  /** How volatile memory goes. Default: that of `AXES`. */
  readonly purge?: Chosen<PurgePolicyInfo>;
  /** Which equal pages become one. Default: that of `AXES`. */
  readonly merge?: Chosen<MergePolicyInfo>;
  /** What asks for reclaim before memory is short. Default: that of `AXES`. It shares a replay with no other draw and no follower. */
  readonly controller?: Chosen<ControllerInfo>;
  /** Where pages are swapped to, and how many it holds. */
  readonly swap: SwapText;
  /** What happens where memory has run out. Default: that of `AXES`. */
  readonly oom?: OomRule | undefined;
  /** Memory limit in pages, `none`, or what the trace's own `limit` events say. */
  readonly limit: number | 'none' | 'trace';
  /** Memory cgroups have no `memory.max`, so that memory cannot run out in them. */
  readonly unlimitedCgroups?: boolean;
  /** The kind of memory of mappings that one space alone has. Default: as recorded. */
  readonly backing?: MemoryKind | undefined;
  /** The machine's memory in pages: below its watermarks kswapd reclaims. Default: never short. */
  readonly memory?: number | undefined;
  readonly seed: number;
  /** CPUs of the machine: others that run a space drop what they cached of its page table entries. Default: one. */
  readonly cpus?: number | undefined;
  /** Whether stalls delay later events of their thread. Default: `open`, they do not. */
  readonly clock?: ClockKind | undefined;
  /** Huge pages of private memory, as the trace begins. Default: `never`. */
  readonly thp?: ThpMode | undefined;
  /** What is read ahead, as the trace begins. Default: `off`. */
  readonly readahead?: ReadaheadText | undefined;
  /** Draws of device latency that are booked. Default: one. */
  readonly draws?: number | undefined;
  readonly costs: CostTable;
  /** Verify the machine's invariants after every event. */
  readonly check?: boolean;
  /** Keep the rows of timeline.csv. */
  readonly timeline?: boolean;
  /** Called before every event, with the machine as it is then. */
  readonly observe?: (machine: T, block: EventBlock, row: number) => void;
  /**
   * Called after every event with what its system call returned (success where it made none): at once, or at the end of
   * the block where the machine answers late.
   */
  readonly completed?: (machine: T, returned: SyscallResult, block: EventBlock, row: number) => void;
  /** Lets timers of discard policies work, between events: with the machine as it is then, and the trace time in µs. */
  readonly aroundTimers?: (machine: T, timeUs: number, work: () => void) => void;
  /** Called now and then with the events replayed so far. */
  readonly progress?: (events: number) => void;
}
