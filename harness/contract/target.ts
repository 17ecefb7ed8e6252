import type { InputError } from '../base/errors.js';
import type { ParameterValues } from '../base/parameters.js';
import type { CostTable } from '../cost/table.js';
import type { CallCount, DrawTimes, GroupCount, Moment, Paid } from '../metrics/files.js';
import type {
  ClosedMetric,
  DrawnMetric,
  LaterMetric,
  MetricName,
  MetricOf,
  Outcome,
  StallPart,
} from '../metrics/schema.js';
import type { ControllerInfo } from '../policy/controller/contract.js';
import type { DiscardPolicyInfo, Errno, Kernel, PageRange, Program } from '../policy/discard/contract.js';
import type { MergePolicyInfo } from '../policy/merge/contract.js';
import type { PurgePolicyInfo } from '../policy/purge/contract.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import type {
  ArgOf,
  CgroupArg,
  ContentArg,
  FadviseArg,
  FallocateArg,
  LockAllArg,
  MapArg,
  ObjectArg,
  PrctlArg,
  RemapArg,
} from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import type { Advice, OpName } from '../trace/op.js';
import type { Readahead } from './readahead.js';
import type { SwapText } from './swap.js';

/** What happens where memory has run out. */
export const OOM_RULES = ['end', 'kill'] as const;
/** The replay ends, or the OOM killer kills a space, and it goes on with the survivors. */
export type OomRule = (typeof OOM_RULES)[number];

/** What a machine is set up with before the first event. */
export interface TargetSetup {
  readonly costs: CostTable;
  readonly discard: Chosen<DiscardPolicyInfo>;
  readonly reclaim: Chosen<ReclaimPolicyInfo>;
  readonly merge: Chosen<MergePolicyInfo>;
  readonly purge: Chosen<PurgePolicyInfo>;
  /** What asks for reclaim before memory is short; undefined: nothing. */
  readonly controller?: Chosen<ControllerInfo> | undefined;
  readonly swap: SwapText;
  /** What happens where memory has run out: the run ends, or the OOM killer kills a space. */
  readonly oom: OomRule;
  /** Memory limit in pages; undefined for none. */
  readonly limit: number | undefined;
  /** The machine's memory in pages; undefined when it is never short. */
  readonly memory: number | undefined;
  /** Seed of all random streams. */
  readonly seed: number;
  /** Huge pages of private memory, as the trace begins. */
  readonly thp: ThpMode;
  /** What is read ahead, as the trace begins. */
  readonly readahead: Readahead;
  /** How many draws of device latency to book. A machine that measures has one, whatever is asked for. */
  readonly draws: number;
  /** Trace time at which it starts, in µs. */
  readonly startUs: number;
  /** One in this number of pages is in the trace; 1: all. */
  readonly sample?: number;
  /** CPUs of the machine, where its threads' TLBs have to agree. Default: one. */
  readonly cpus?: number;
}

/** What a system call returned. */
export interface SyscallResult {
  readonly errno: Errno;
  /** The return value of a call that succeeded: 1 of MADV_NONVOLATILE when pages were purged, else 0. */
  readonly value: number;
  /** Pages the call worked on. */
  readonly pages: number;
}

/** Stands for what a machine does not measure: results have an empty field. */
export const NOT_MEASURED: number = Number.NaN;

/** A call that succeeded and has nothing to say, or an event that makes no system call. */
export const SUCCESS: SyscallResult = { errno: 0, value: 0, pages: 0 };

/**
 * Hears what became of an event: the result of its system call, or why it makes no sense. `row` is its row in the block.
 * An event that makes no system call, or whose error was thrown at once, is not answered.
 */
export type AnswerListener = (row: number, answer: SyscallResult | InputError) => void;

/** Whether private memory gets huge pages: none, where the program asks for them, or all (transparent_hugepage/enabled). */
export const THP_MODES = ['never', 'madvise', 'always'] as const;
export type ThpMode = (typeof THP_MODES)[number];

/** Memory at one moment, or summed over moments, in pages. */
export class MemoryGauges {
  /** Frames charged to the limit. */
  resident = 0;
  /** Swap slots in use. */
  swap = 0;
  /** What the kernel needs to keep track: page tables, struct pages of images, what merging tracks. */
  overhead = 0;
  /** Memory the pages take, wherever they are: frames, slots that are not also in the swap cache, compressed pages, hugetlb pages. */
  footprint = 0;
  volatile = 0;
  /** Free pages that the host has taken back (free page reporting). */
  reported = 0;
  /** Pages of private memory that are mapped as huge pages. */
  anonHuge = 0;
  /** hugetlb pages in use, in pages of 4 KiB. */
  hugetlb = 0;
}

/** Adds memory at one moment, times a weight. */
export function addGauges(sums: MemoryGauges, held: MemoryGauges, weight: number): void {
  sums.resident += weight * held.resident;
  sums.swap += weight * held.swap;
  sums.overhead += weight * held.overhead;
  sums.footprint += weight * held.footprint;
  sums.volatile += weight * held.volatile;
  sums.reported += weight * held.reported;
  sums.anonHuge += weight * held.anonHuge;
  sums.hugetlb += weight * held.hugetlb;
}

/** Makes gauges 0 again. */
export function clearGauges(gauges: MemoryGauges): void {
  gauges.resident = 0;
  gauges.swap = 0;
  gauges.overhead = 0;
  gauges.footprint = 0;
  gauges.volatile = 0;
  gauges.reported = 0;
  gauges.anonHuge = 0;
  gauges.hugetlb = 0;
}

/**
 * Metrics of runs.csv that the machine itself counts, and that are the same in all draws. The replay adds means over trace
 * time, means over draws, rates and what the discard policy counts, an experiment adds savings.
 */
export type CountedMetrics = Readonly<
  Record<
    Exclude<
      MetricName,
      | Extract<MetricOf<'memory'>, `${string}_mean`>
      | Extract<MetricOf<'faults'>, `${string}_rate`>
      | DrawnMetric
      | LaterMetric
      | 'events_skipped'
      | ClosedMetric
    >,
    number
  >
>;

/** How a run on a machine ended. */
export interface Ending {
  readonly outcome: Extract<Outcome, 'ok' | 'killed' | 'oom' | 'timeout'>;
  /** Why the outcome is not `ok`. */
  readonly reason: string | undefined;
  /**
   * Events that were queued and not carried out, since memory had run out before, and the pages that these would have
   * touched or that the program did not touch, as what they rely on had failed.
   */
  readonly abandoned: { readonly events: number; readonly touches: number };
}

/** The parts of a program's stall time that its discard policy can cause. */
export type PolicyPart = Extract<StallPart, 'discard' | 'pin' | 'sigbus'>;

/**
 * A policy that follows the replay of another. It is told what that policy is told, right after it, and must have done the
 * same to memory then; it may have made other calls for that, and have paid otherwise. While it follows, what is measured is
 * what a replay of its own would have measured, to the last digit.
 */
export interface Follower {
  /** What the policy is created with, besides its parameters. */
  readonly context: { readonly kernel: Kernel; readonly program: Program };
  /** Whether it has done the same so far, and it is known what it paid. */
  readonly follows: boolean;
  /** It follows no more. */
  leave(): void;
  /** Lets it work. What it pays is of this part of the stall time. */
  tell(part: PolicyPart, work: () => void): void;
  /** What is measured in place of the same of `Target`. */
  counters(): CountedMetrics;
  draws(touches: number): DrawTimes[];
  spaces(residentPageUs: number): Paid[];
}

/** mlock, mlock2 with MLOCK_ONFAULT, and munlock, as calls.csv calls them. */
export type LockCall = 'lock' | 'lock onfault' | 'unlock';

/** What a machine does not do, by name, each with the reason in words. */
export interface Refusals {
  readonly ops: Readonly<Partial<Record<OpName, string>>>;
  readonly advice: Readonly<Partial<Record<Advice, string>>>;
}

/** Advice that is accepted and changes nothing in the simulated kernel while it has no huge pages, by what a live kernel would do. */
export const IGNORED_ADVICE: Readonly<Partial<Record<Advice, string>>> = {
  MADV_HUGEPAGE: 'a fault may bring a huge page, 512 pages at once',
  MADV_COLLAPSE: 'pages would be gathered into huge pages',
};

/** The content id that marks what a program gave up: no trace and no machine has it. */
export const DISCARDED = 0xffff_fffe;
/** As `DISCARDED`, where the recorded program did so by a call that leaves zeros: what it reads there it relies on. */
export const DROPPED = 0xffff_fffd;

/** Looks into pages without touching them. */
export interface ContentInspector {
  /** The content id of a page as a read would find it; undefined where nothing is mapped. */
  at(space: number, page: number): number | undefined;
  /**
   * Puts a content id into the pages of a range that hold something, as if it had always been there. Pages of a file that
   * nothing has used so far are left as they are.
   */
  put(space: number, page: number, count: number, content: number): void;
}

/**
 * A machine that traces are replayed on: the simulated kernel, or a live one. Spaces and objects go by the ids and names
 * of the trace; sizes and places are in pages.
 *
 * Events come in order, each between `begin` and `end`, except reads and writes: `touch` is a whole event, and the only
 * call of the replay's inner loop. A machine may answer late: it queues events and reports what became of them through
 * `answered`, at the latest before `barrier` is over. What `kernel` and `program` do is done when they return.
 *
 * A call that returns an error (no room for another mapping, a range with a hole) is answered with it, and the program goes
 * on; touches of pages that the call was to map or make accessible are left out then.
 * An event that makes no sense (a touch outside every mapping, an object that is not there) is an `InputError`, thrown by
 * its method or reported through `answered`. Running out of memory is an outcome: `run` returns false, and `finish` says
 * why.
 *
 * To add an op: its method here, and in each machine; a machine that lacks it says so in `refusals`.
 */
export interface Target {
  /** Whether it may answer later than at once. */
  readonly answersLate: boolean;
  /** What it refuses: replay ends with the reason before such an event is carried out. */
  readonly refusals: Refusals;
  /** The system calls of discard policies. */
  readonly kernel: Kernel;
  /** What the program does to its own memory because of its discard policy. */
  readonly program: Program;
  /** Hears what became of events; set by the replay. */
  answered: AnswerListener | undefined;
  /** Sets the program's handler of SIGBUS: an access met purged memory. Returns whether the access can be made again. */
  handleSigbus(handler: (page: PageRange) => boolean): void;
  /** Sets what is called before pages are written, through a mapping or a descriptor; undefined: nothing. */
  watchWrites(watcher: ((range: PageRange) => void) | undefined): void;
  /** The same of reads through a mapping. */
  watchReads(watcher: ((range: PageRange) => void) | undefined): void;

  /**
   * Carries out events: `work` calls the methods below, up to `runDue`. Returns false when memory ran out in the middle of
   * it; no more events may follow then.
   */
  run(work: () => void): boolean;

  /** A read or write event of a block: touches each of its pages once, in order, on the account of its space and thread. */
  touch(block: EventBlock, row: number): void;

  /**
   * Begins any other event. What follows until `end` is on the account of this space and thread, or of the machine itself
   * where the event has no space.
   */
  begin(row: number, space: number | undefined, thread: number): void;
  end(): void;
  /**
   * Lets the discard policy work: what `kernel` and `program` do meanwhile is charged to this part of the stall time. Between
   * events too, for its timers.
   */
  attribute<T>(part: PolicyPart, work: () => T): T;
  /**
   * Lets a discard policy follow that of the replay: its calls change nothing, and are paid on a tab of their own. Before the
   * first event only; absent where the machine does not know beforehand what a call would do.
   *
   * @param values parameters of the policy
   */
  follow?(values: ParameterValues): Follower;

  /**
   * ns that the event at hand, or the last one, has taken its thread, in the first draw: an event of a space. Absent where times
   * are not measured, so that there is no closed clock.
   */
  readonly eventNs?: number;

  /** Whether spaces were killed that `takeKilled` has not returned. Absent: the machine kills none. */
  readonly anyKilled?: boolean;
  /** Spaces that the OOM killer has killed since it was asked last. They are gone when it returns. */
  takeKilled?(): readonly number[];
  /** @param oomScoreAdj undefined: as a program begins */
  spawn(space: number, name: string, oomScoreAdj: number | undefined): void;
  /** @param oomScoreAdj undefined: that of the space */
  fork(space: number, child: number, oomScoreAdj: number | undefined): void;
  exit(space: number): void;
  map(space: number, page: number, count: number, arg: MapArg): void;
  unmap(space: number, page: number, count: number): void;
  remap(space: number, page: number, count: number, arg: RemapArg): void;
  protect(space: number, page: number, count: number, protection: ArgOf['protect']['protection']): void;
  lock(space: number, page: number, count: number, call: LockCall): void;
  /** mlockall; munlockall where `arg` is undefined. */
  lockAll(space: number, arg: LockAllArg | undefined): void;
  madvise(space: number, page: number, count: number, advice: Advice): void;
  /** process_madvise by the space of the event on pages of `target`, which may be the same. */
  processMadvise(space: number, target: number, page: number, count: number, advice: Advice): void;
  /** Pins pages for a device until they are unpinned, as VFIO_IOMMU_MAP_DMA does. */
  dmaPin(space: number, page: number, count: number): void;
  /** Ends the pins that lie in a range, as VFIO_IOMMU_UNMAP_DMA does. */
  dmaUnpin(space: number, page: number, count: number): void;
  prctl(space: number, arg: PrctlArg): void;

  object(size: number, arg: ObjectArg): void;
  close(name: string): void;
  truncate(name: string, size: number): void;
  /** Writes the dirty pages of a file back. */
  sync(name: string): void;
  migrate(page: number, count: number, arg: ArgOf['migrate']): void;
  fallocate(page: number, count: number, arg: FallocateArg): void;
  fadvise(page: number, count: number, arg: FadviseArg): void;
  pread(name: string, page: number, count: number): void;
  /** @param contents undefined: each page becomes unlike all others */
  pwrite(name: string, page: number, count: number, contents: ContentArg | undefined): void;

  /**
   * Writes files of a memory cgroup, which is made if it is new.
   *
   * @param space moves there, so that what it touches first is charged to the group from now on
   */
  cgroup(space: number | undefined, arg: CgroupArg): void;

  /** A setting, from now on. @throws InputError for an unknown name or a value out of range */
  set(name: string, value: string): void;
  /** The memory limit from now on; undefined for none. */
  limit(pages: number | undefined): void;

  /** When the machine next does something of its own (daemons), in µs of trace time; infinity when it does not. */
  readonly dueUs: number;
  /** Trace time moves on. What is due then is done by `runDue`. */
  advance(timeUs: number): void;
  /** Does what is due. */
  runDue(): void;

  /** Waits until all events so far have been answered. Returns false when memory ran out. */
  barrier(): boolean | Promise<boolean>;

  /**
   * Another number whenever memory may be other than before: in most events of most traces it is the same. Absent: it may be
   * other after every event.
   */
  readonly memoryVersion?: number;
  /** Adds memory as the events answered so far left it, times `weight`. */
  addMemory(sums: MemoryGauges, weight: number): void;
  /** The columns of timeline.csv at this moment, without time and label. */
  timeline(): Omit<Moment, 'time_us' | 'label'>;
  /** Verifies the machine's own invariants; absent where it has none to verify. */
  check?(): void;
  /**
   * What the events of a space have been stalled so far, in ns, by the order of `STALL_PARTS`, in the first draw: the
   * machine's own array, which changes. Undefined without such a space; absent where it is not known event by event.
   */
  stallsOf?(space: number): Float64Array | undefined;
  /** Pages on the lists of the reclaim policy, by name; absent where they are not known. */
  listSizes?(): Readonly<Record<string, number>>;
  /** Absent where contents cannot be looked at. */
  readonly contents?: ContentInspector;

  /** The trace is over, or memory ran out: what is measured is final. */
  finish(): Ending | Promise<Ending>;
  /** NaN for what the machine does not measure, as in all that follows: results have an empty field there. */
  counters(): CountedMetrics;
  /**
   * What each draw of device latency took, one at least.
   *
   * @param touches pages that the trace's own reads and writes touched
   */
  draws(touches: number): DrawTimes[];
  /**
   * Rows of spaces.csv without `cell`, in the order in which spaces began, and last what no space mapped.
   *
   * @param residentPageUs resident pages of the whole replay, times µs
   */
  spaces(residentPageUs: number): Paid[];
  /** Rows of groups.csv without `cell`, in the order in which memory cgroups were made; absent where there are none. */
  groups?(): GroupCount[];
  /** Rows of calls.csv without `cell`: what the calls of the trace itself returned. */
  callOutcomes(): CallCount[];
  /** Bytes of host memory that the machine's state takes, by part. */
  hostBytes(): Readonly<Record<string, number>>;
  /** Gives back what the machine holds on the host. */
  dispose(): void | Promise<void>;
}

/** A kind of machine: its entry in the registry. */
export interface TargetInfo<T extends Target = Target> {
  /** The value of the column `machine`. */
  readonly name: string;
  /** One line: what it is. */
  readonly summary: string;
  /**
   * Sets a machine up.
   *
   * @throws Refusal when it cannot do what a policy needs, with the reason
   */
  create(setup: TargetSetup): T | Promise<T>;
}
