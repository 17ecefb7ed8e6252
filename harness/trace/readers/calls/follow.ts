import { InputError } from '../../../base/errors.js';
import type { LineAccount } from '../account.js';
import type { Mark } from '../marks.js';
import { type Call, type CallLog, type Clock, leaveCall, THREAD_END, useCall } from './call.js';
import { COUNTED_CALLS, DESCRIPTOR_CALLS, MEMORY_CALLS } from './calls-table.js';
import type { Draft } from './drafts.js';
import { MEMORY_SETTINGS } from './locks.js';
import { CLONES } from './processes.js';
import {
  type FOLLOWED_MEMORY,
  type Outcome,
  PRIVATE_LEFT,
  Scene,
  type SceneOptions,
  UNRELATED,
} from './scene.js';

export interface FollowOptions {
  /** As `SceneOptions`; `auto`: `shared` where the log has a segment of shared memory that is mapped, else `all`. */
  readonly memory: (typeof FOLLOWED_MEMORY)[number];
  readonly drops: SceneOptions['drops'];
  /** What happened around the program, merged in by time. */
  readonly marks: readonly Mark[];
  /** Counts them. */
  readonly marksAccount?: LineAccount | undefined;
}

/** Calls of processes and threads: the trace's spaces are made of them. */
export const PROCESS_CALLS: ReadonlySet<string> = new Set([
  ...CLONES,
  'execve',
  'execveat',
  'exit',
  'exit_group',
  THREAD_END,
]);

/** Follows one call. Returns why it is left out, if it is. */
function follow(scene: Scene, call: Call): Outcome {
  const { name, result } = call;
  scene.nowUs = Math.max(scene.nowUs, call.timeUs);
  scene.applyToProcesses(call);
  if (PROCESS_CALLS.has(name)) return result < 0 ? `calls of ${name} that failed` : undefined;
  const follower = MEMORY_CALLS.get(name) ?? DESCRIPTOR_CALLS.get(name);
  const concerns = concernsMemory(call);
  if (!(result >= 0)) {
    if (!concerns) return UNRELATED;
    return result < 0 ? `calls of ${name} that failed` : `calls of ${name} whose result is not in the log`;
  }
  if (!follower) return concerns ? `calls of ${name}` : UNRELATED;
  const process = scene.processes.of(call.thread);
  return MEMORY_CALLS.has(name)
    ? placed(call, () => follower(scene, process, call))
    : unlessUnclear(call, () => follower(scene, process, call));
}

/** @throws InputError with the place of a call on memory that cannot be */
function placed({ place }: Call, followed: () => Outcome): Outcome {
  try {
    return followed();
  } catch (error) {
    throw error instanceof InputError ? error.at(place) : error;
  }
}

/** Calls on descriptors matter little enough that one whose numbers cannot be read is left out: of memory it ends the import. */
function unlessUnclear({ name }: Call, followed: () => Outcome): Outcome {
  try {
    return followed();
  } catch (error) {
    if (error instanceof InputError) return `calls of ${name} whose arguments are not numbers`;
    throw error;
  }
}

/** Calls on files that are made for memory: where they fail, memory was wanted. */
const WANTED = new Set(['memfd_create', 'ftruncate', 'fallocate']);

/** Whether a call is one on memory, also where it failed. */
function concernsMemory({ name, args }: Call): boolean {
  if (name === 'prctl') return MEMORY_SETTINGS.has(args[0] ?? '');
  return MEMORY_CALLS.has(name) || COUNTED_CALLS.has(name) || WANTED.has(name);
}

function mark(scene: Scene, { timeUs, label }: Mark): void {
  scene.nowUs = Math.max(scene.nowUs, timeUs);
  const pressure = /^pressure (moderate|critical)$/.exec(label);
  if (pressure) scene.event('pressure', { text: pressure[1]! });
  scene.event('mark', { text: label });
}

/** The space that the accesses of a thread are to, from a call on. */
export interface Ownership {
  /** Index of the call. */
  readonly call: number;
  readonly thread: number;
  readonly space: number;
}

/** A log that has been followed, and what became of its calls. */
interface Followed {
  readonly scene: Scene;
  readonly outcomes: readonly Outcome[];
  readonly ownerships: readonly Ownership[];
  readonly draftsAfter: Uint32Array;
}

/** Notes whose memory threads use, where that changes. */
class Owners {
  readonly changes: Ownership[] = [];
  private readonly spaces = new Map<number, number>();

  constructor(private readonly scene: Scene) {}

  note(call: number, thread: number): void {
    const space = this.scene.processes.find(thread)?.memoryOwner.id;
    if (space === undefined || this.spaces.get(thread) === space) return;
    this.spaces.set(thread, space);
    this.changes.push({ call, thread, space });
  }
}

function followCalls(log: CallLog, marks: readonly Mark[], options: SceneOptions): Followed {
  const scene = new Scene(log, options);
  const owners = new Owners(scene);
  const draftsAfter = new Uint32Array(log.calls.length);
  let next = 0;
  const outcomes = log.calls.map((call, i) => {
    for (; next < marks.length && marks[next]!.timeUs <= call.timeUs; next++) mark(scene, marks[next]!);
    const outcome = follow(scene, call);
    owners.note(i, call.thread);
    if (CLONES.has(call.name)) owners.note(i, call.result);
    draftsAfter[i] = scene.drafts.length;
    return outcome;
  });
  for (; next < marks.length; next++) mark(scene, marks[next]!);
  return { scene, outcomes, ownerships: owners.changes, draftsAfter };
}

/** What a log of system calls says of memory. */
export interface FollowedLog {
  readonly drafts: readonly Draft[];
  /** How many of the drafts there are after each call. */
  readonly draftsAfter: Uint32Array;
  /** When the first call ended, in µs of the log's clock. */
  readonly startUs: number;
  readonly clock: Clock;
  /** Which memory was followed. */
  readonly memory: SceneOptions['memory'];
  /** Whether private memory was left out. */
  readonly privateLeft: boolean;
  /** Shared mappings whose segment is not in the log. */
  readonly unmatched: number;
  /** Calls that dropped contents and are `discard` now, by the call. */
  readonly drops: ReadonlyMap<string, number>;
  /** The spaces of threads, in the order of calls. */
  readonly ownerships: readonly Ownership[];
  /** Whether the log shows when descriptors are closed. */
  readonly closesKnown: boolean;
}

/**
 * Follows the memory of all processes through the calls of a log, whatever recorded them, and counts what became of
 * each call. Marks from before its first call are left out.
 *
 * @param log at least one call
 * @param account counts the lines of the calls
 * @throws InputError with the place of a call on memory that cannot be
 */
export function followLog(log: CallLog, options: FollowOptions, account: LineAccount): FollowedLog {
  const { calls, clock } = log;
  const startUs = calls[0]!.timeUs;
  const marks = options.marks.filter((mark) => mark.timeUs >= startUs);
  options.marksAccount?.leave('marks from before the first call', options.marks.length - marks.length);
  options.marksAccount?.use(marks.length);
  const { drops } = options;
  const memory = options.memory === 'auto' ? 'shared' : options.memory;
  let followed = followCalls(log, marks, { memory, drops });
  const hasShared = followed.scene.drafts.some(({ kind }) => kind === 'segment-map');
  if (options.memory === 'auto' && !hasShared) followed = followCalls(log, marks, { memory: 'all', drops });
  const { scene, outcomes } = followed;
  outcomes.forEach((outcome, i) => {
    if (outcome === undefined) useCall(account, calls[i]!);
    else leaveCall(account, calls[i]!, outcome);
  });
  for (const [what, count] of scene.remarks) account.remark(what, count);
  return {
    drafts: scene.drafts,
    draftsAfter: followed.draftsAfter,
    startUs,
    clock,
    memory: scene.options.memory,
    privateLeft: outcomes.includes(PRIVATE_LEFT),
    unmatched: scene.segments.unmatched,
    drops: scene.drops,
    ownerships: followed.ownerships,
    closesKnown: scene.trusted,
  };
}
