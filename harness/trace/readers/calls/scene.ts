import type { EventFields } from '../../block.js';
import { COUNT_LIMIT, type OpName } from '../../op.js';
import type { Call, CallLog, Range, Relation } from './call.js';
import { Descriptors, type OpenFile } from './descriptors.js';
import type { Draft } from './drafts.js';
import { Maps } from './maps.js';
import { type Process, Processes } from './processes.js';
import { type Segment, Segments } from './segments.js';
import { relateStrangers } from './strangers.js';

/** Which mappings an import follows. */
export const FOLLOWED_MEMORY = ['auto', 'shared', 'all'] as const;

/** What becomes of calls that drop contents. */
export const DROPS_BECOME = ['discard', 'verbatim'] as const;

export interface SceneOptions {
  /** `shared`: segments of shared memory only; `all`: private anonymous mappings too. */
  readonly memory: 'shared' | 'all';
  readonly drops: (typeof DROPS_BECOME)[number];
}

/** What a call is left out for; undefined where the trace is made of it. */
export type Outcome = string | undefined;

/** Follows the calls of one name. @param process that of the calling thread */
export type CallFollower = (scene: Scene, process: Process, call: Call) => Outcome;

export const PRIVATE_LEFT = 'calls on private memory';
export const UNRELATED = 'calls that do not concern memory';
const INFERRED_THREADS =
  'threads whose beginning is not in the log, taken for threads of the process whose memory they act on';
const INFERRED_FORKS =
  'processes whose beginning is not in the log, taken for forks of the process that SIGCHLD told of their end';

/** A process's heap: the program break, in bytes. */
export interface Heap {
  /** Where it begins: what is below is not known. */
  readonly base: number;
  readonly end: number;
}

/** What the calls of a log act on: processes, their memory and descriptors, segments; and the events so far. */
export class Scene {
  readonly drafts: Draft[] = [];
  readonly segments = new Segments();
  readonly descriptors = new Descriptors((segment) => {
    if (this.trusted) this.releaseSegment(segment);
  });
  readonly processes: Processes;
  readonly heaps = new Map<Process, Heap>();
  /** vm.nr_hugepages so far, and the segments that have pages of the pool. */
  readonly hugetlbPool = { size: 0, segments: new Set<Segment>() };
  /** Ids of System V of segments in hugetlb pages of other sizes than 2 MiB. */
  readonly hugeIds = new Set<number>();
  /** Descriptors in messages under way, by what was sent with them. */
  readonly messages: { readonly key: string; readonly files: readonly (OpenFile | undefined)[] }[] = [];
  readonly remarks = new Map<string, number>();
  /** Calls that drop contents, by the call. */
  readonly drops = new Map<string, number>();
  /** Whether the log has the calls that close descriptors: without, a number may stand for another file by now. */
  readonly trusted: boolean;
  nowUs = 0;
  private readonly maps = new Map<Process, Maps>();
  /** Processes that have a space in the trace now. */
  private readonly spawned = new Set<Process>();

  constructor(
    log: CallLog,
    readonly options: SceneOptions,
  ) {
    const { calls, relations } = log;
    this.processes = new Processes(calls, relations ?? this.inferredRelations(log));
    this.trusted = log.closes ?? calls.some(({ name }) => name === 'close' || name === 'close_range');
  }

  private inferredRelations({ calls, children, attached }: CallLog): ReadonlyMap<number, Relation> {
    const inferred = relateStrangers(calls, children, attached);
    for (const { kinship } of inferred.values())
      this.remark(kinship === 'child' ? INFERRED_FORKS : INFERRED_THREADS);
    return inferred;
  }

  event(op: OpName, fields: EventFields, segment?: Segment): void {
    this.drafts.push({ kind: 'event', timeUs: this.nowUs, op, fields, segment });
  }

  /** An event that names a segment, in its text. */
  segmentEvent(op: OpName, fields: EventFields, segment: Segment): void {
    const segmentPages = segment.pages;
    this.drafts.push({ kind: 'event', timeUs: this.nowUs, op, fields, segment, segmentPages });
  }

  /** Events of a space, one for a range that the format can name at once. */
  rangeEvents(op: OpName, space: number, range: Range, rest: EventFields = {}, segment?: Segment): void {
    for (let page = range.start; page < range.end; page += COUNT_LIMIT) {
      const count = Math.min(COUNT_LIMIT, range.end - page);
      this.event(op, { space, page, count, ...rest }, segment);
    }
  }

  remark(what: string, count = 1): void {
    this.remarks.set(what, (this.remarks.get(what) ?? 0) + count);
  }

  mapsOf(owner: Process): Maps {
    let maps = this.maps.get(owner);
    if (!maps) {
      maps = new Maps();
      this.maps.set(owner, maps);
    }
    return maps;
  }

  /** All address spaces with mappings that are followed. */
  spaces(): [Process, Maps][] {
    return [...this.maps].filter(([, maps]) => !maps.empty);
  }

  /** The space of a process, which begins where it has none. */
  space(owner: Process): number {
    if (!this.spawned.has(owner)) {
      this.spawned.add(owner);
      this.event(
        'spawn',
        owner.program === '' ? { space: owner.id } : { space: owner.id, text: owner.program },
      );
    }
    return owner.id;
  }

  /** Whether a process has a space in the trace now. */
  hasSpace(owner: Process): boolean {
    return this.spawned.has(owner);
  }

  /** Unmaps what is followed of a range; whether anything was. */
  unmap(owner: Process, range: Range): boolean {
    const gone = this.mapsOf(owner).remove(range.start, range.end);
    for (const part of gone) this.rangeEvents('unmap', owner.id, part);
    return gone.length > 0;
  }

  /** What a call did to processes. */
  applyToProcesses(call: Call): void {
    for (const change of this.processes.apply(call)) {
      if (change.kind === 'fork') this.fork(change.parent, change.child);
      else if (change.kind === 'inherit')
        this.descriptors.inherit(change.parent, change.child, change.shared);
      else if (change.kind === 'exec') this.descriptors.exec(change.process);
      else if (change.kind === 'end') this.descriptors.exit(change.process);
      else this.release(change.process);
    }
  }

  /** The last descriptor or the name of a segment is gone. */
  releaseSegment(segment: Segment): void {
    this.drafts.push({ kind: 'segment-release', timeUs: this.nowUs, segment });
  }

  private fork(parent: Process, child: Process): void {
    const heap = this.heaps.get(parent);
    if (heap) this.heaps.set(child, heap);
    const inherited = this.mapsOf(parent);
    if (inherited.empty) return;
    this.maps.set(child, inherited.copy());
    this.spawned.add(child);
    this.event('fork', { space: parent.id, text: String(child.id) });
  }

  private release(process: Process): void {
    this.maps.delete(process);
    this.heaps.delete(process);
    if (this.spawned.delete(process)) this.event('exit', { space: process.id });
  }
}
