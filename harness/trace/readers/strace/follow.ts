import { PAGE_BYTES } from '../../../base/page.js';
import type { EventFields } from '../../block.js';
import { ADVICE, type OpName } from '../../op.js';
import type { Mark } from '../marks.js';
import type { InputFile } from '../reader.js';
import { type Call, leaveCall, numberAt, pageRange, pages, type Range, useCall } from './calls.js';
import type { Draft } from './drafts.js';
import type { Clock } from './leader.js';
import { type Mapping, Maps } from './maps.js';
import { type Process, type ProcessChange, Processes } from './processes.js';
import { readCalls } from './read.js';
import { type Segment, Segments } from './segments.js';

/** Which mappings an import follows. */
export const STRACE_MEMORY = ['shared', 'all'] as const;

export interface FollowOptions {
  /** `shared`: segments of shared memory only; `all`: private anonymous mappings too. */
  readonly memory: (typeof STRACE_MEMORY)[number];
  /** What happened around the program, merged in by time. */
  readonly marks: readonly Mark[];
}

const KNOWN_ADVICE = new Set<string>(ADVICE);
/** Advice that says nothing about when pages are needed. */
const IGNORED_ADVICE = new Set(['MADV_DODUMP', 'MADV_DONTDUMP', 'MADV_HUGEPAGE', 'MADV_NOHUGEPAGE']);

/** Follows the memory calls of a log and drafts the events of a trace. */
class Follower {
  readonly drafts: Draft[] = [];
  readonly segments = new Segments();
  private readonly processes: Processes;
  private readonly maps = new Map<Process, Maps>();
  /** Processes that have a space in the trace now. */
  private readonly spawned = new Set<Process>();
  private nowUs = 0;
  /** Without close in the log, a descriptor's number may stand for another file by now. */
  private readonly closesKnown: boolean;

  constructor(
    calls: readonly Call[],
    private readonly options: FollowOptions,
  ) {
    this.processes = new Processes(calls);
    this.closesKnown = calls.some((call) => call.name === 'close');
  }

  mark(mark: Mark): void {
    this.nowUs = Math.max(this.nowUs, mark.timeUs);
    const pressure = /^pressure (moderate|critical)$/.exec(mark.label);
    if (pressure) this.event('pressure', { text: pressure[1]! });
    this.event('mark', { text: mark.label });
  }

  call(call: Call): void {
    this.nowUs = Math.max(this.nowUs, call.timeUs);
    for (const change of this.processes.apply(call)) this.change(change);
    if (!(call.result >= 0)) return;
    const process = this.processes.of(call.thread);
    switch (call.name) {
      case 'memfd_create':
        this.segments.create(process, call.result);
        break;
      case 'open':
      case 'openat':
        this.segments.forget(process, call.result);
        break;
      case 'close':
        this.segments.forget(process, numberAt(call, 0));
        break;
      case 'ftruncate':
        this.ftruncate(process, call);
        break;
      case 'mmap':
        this.mmap(process, call);
        break;
      case 'munmap':
        this.unmap(process.memoryOwner, pageRange(call, 0, 1));
        break;
      case 'mremap':
        this.mremap(process.memoryOwner, call);
        break;
      case 'madvise':
        this.madvise(process, call);
        break;
      case 'fallocate':
        this.fallocate(process, call);
        break;
    }
  }

  private event(op: OpName, fields: EventFields, segment?: Segment): void {
    this.drafts.push({ kind: 'event', timeUs: this.nowUs, op, fields, segment });
  }

  private mapsOf(owner: Process): Maps {
    let maps = this.maps.get(owner);
    if (!maps) {
      maps = new Maps();
      this.maps.set(owner, maps);
    }
    return maps;
  }

  private change(change: ProcessChange): void {
    if (change.kind === 'fork') {
      const inherited = this.mapsOf(change.parent);
      if (inherited.empty) return;
      this.maps.set(change.child, inherited.copy());
      this.spawned.add(change.child);
      this.event('fork', { space: change.parent.id, text: String(change.child.id) });
      return;
    }
    this.maps.delete(change.process);
    if (this.spawned.delete(change.process)) this.event('exit', { space: change.process.id });
  }

  private space(owner: Process): number {
    if (!this.spawned.has(owner)) {
      this.spawned.add(owner);
      this.event(
        'spawn',
        owner.program === '' ? { space: owner.id } : { space: owner.id, text: owner.program },
      );
    }
    return owner.id;
  }

  private ftruncate(process: Process, call: Call): void {
    const segment = this.segments.made(process, numberAt(call, 0));
    if (!segment) return;
    const mapped = segment.firstMapUs > 0;
    if (mapped && !this.closesKnown) return;
    this.segments.resize(segment, numberAt(call, 1));
    if (mapped) this.event('truncate', { count: pages(segment.bytes), text: segment.name });
  }

  private mmap(process: Process, call: Call): void {
    const flags = call.args[3] ?? '';
    const bytes = numberAt(call, 1);
    const range = { start: call.result / PAGE_BYTES, end: call.result / PAGE_BYTES + pages(bytes) };
    const owner = process.memoryOwner;
    const shared = flags.includes('MAP_SHARED');
    const anonymous = flags.includes('MAP_ANON');
    const segment =
      shared && !anonymous ? this.segments.resolve(process, numberAt(call, 4), bytes, this.nowUs) : undefined;
    if (segment) this.mapSegment(owner, call, range, segment);
    else if (anonymous && this.options.memory === 'all')
      this.mapAnonymous(owner, range, shared ? 'anon-shared' : 'anon');
    // Not followed: but it replaces what it lies over.
    else if (flags.includes('MAP_FIXED')) this.unmap(owner, range);
  }

  private mapSegment(owner: Process, call: Call, range: Range, segment: Segment): void {
    this.space(owner);
    const mapping: Mapping = { ...range, segment, offset: numberAt(call, 5) / PAGE_BYTES };
    this.mapsOf(owner).add(mapping);
    const writable = (call.args[2] ?? '').includes('PROT_WRITE');
    this.drafts.push({
      kind: 'segment-map',
      timeUs: this.nowUs,
      process: owner,
      thread: call.thread,
      mapping,
      segment,
      segmentPages: pages(segment.bytes),
      writable,
    });
  }

  private mapAnonymous(owner: Process, range: Range, text: string): void {
    const space = this.space(owner);
    this.mapsOf(owner).add({ ...range, segment: undefined, offset: 0 });
    this.event('map', { space, page: range.start, count: range.end - range.start, text });
  }

  private unmap(owner: Process, range: Range): void {
    const maps = this.maps.get(owner);
    if (!maps) return;
    for (const part of maps.remove(range.start, range.end)) {
      this.event('unmap', { space: owner.id, page: part.start, count: part.end - part.start });
    }
  }

  /** mremap(old, old bytes, new bytes, flags) = new: shrinks, moves and grows, in this order. */
  private mremap(owner: Process, call: Call): void {
    const old = pageRange(call, 0, 1);
    const maps = this.maps.get(owner);
    const first = maps?.within(old.start, old.end)[0];
    const to = call.result / PAGE_BYTES;
    const newPages = pages(numberAt(call, 2));
    if (!maps || !first) return;
    if (newPages < old.end - old.start) this.unmap(owner, { start: old.start + newPages, end: old.end });
    const kept = Math.min(newPages, old.end - old.start);
    maps.remove(old.start, old.start + kept);
    if (to !== old.start)
      this.event('remap', { space: owner.id, page: old.start, count: kept, text: `to=${to}` });
    if (newPages > kept)
      this.event('remap', { space: owner.id, page: to, count: kept, text: `grow=${newPages - kept}` });
    maps.add({ start: to, end: to + newPages, segment: first.segment, offset: first.offset });
  }

  private madvise(process: Process, call: Call): void {
    const advice = call.args[2] ?? '';
    const owner = process.memoryOwner;
    const range = pageRange(call, 0, 1);
    if (IGNORED_ADVICE.has(advice) || !KNOWN_ADVICE.has(advice)) return;
    const parts = this.maps.get(owner)?.within(range.start, range.end) ?? [];
    if (parts.length === 0) return;
    const fields = {
      space: owner.id,
      thread: call.thread,
      page: range.start,
      count: range.end - range.start,
    };
    if (advice === 'MADV_REMOVE') this.event('discard', fields, parts[0]?.segment);
    else this.event('madvise', { ...fields, text: advice });
  }

  private fallocate(process: Process, call: Call): void {
    const segment = this.segments.made(process, numberAt(call, 0));
    if (!segment || segment.firstMapUs === 0 || !(call.args[1] ?? '').includes('PUNCH_HOLE')) return;
    const start = numberAt(call, 2);
    const length = numberAt(call, 3);
    const whole = start % PAGE_BYTES === 0 && length % PAGE_BYTES === 0;
    const text = whole ? `punch:${segment.name}` : `punch:${segment.name}@${start}+${length}`;
    const first = Math.floor(start / PAGE_BYTES);
    const count = Math.ceil((start + length) / PAGE_BYTES) - first;
    this.event('fallocate', { space: process.memoryOwner.id, page: first, count, text });
  }
}

/** What a log of system calls says of memory. */
export interface FollowedLog {
  readonly drafts: readonly Draft[];
  /** When the first call ended, in µs of the log's clock. */
  readonly startUs: number;
  readonly clock: Clock;
  /** Mappings of shared memory whose segment is not in the log. */
  readonly unmatched: number;
}

/**
 * Follows the memory of all processes of a log. Marks from before its first call are left out.
 *
 * @throws InputError with the line that is not strace's
 */
export async function followLog(log: InputFile, options: FollowOptions): Promise<FollowedLog> {
  const { calls, clock } = await readCalls(log);
  const startUs = calls[0]!.timeUs;
  const follower = new Follower(calls, options);
  const marks = options.marks.filter((mark) => mark.timeUs >= startUs);
  let next = 0;
  for (const call of calls) {
    for (; next < marks.length && marks[next]!.timeUs <= call.timeUs; next++) follower.mark(marks[next]!);
    const before = follower.drafts.length;
    follower.call(call);
    if (follower.drafts.length > before) useCall(log.account, call);
    else leaveCall(log.account, call);
  }
  for (; next < marks.length; next++) follower.mark(marks[next]!);
  return { drafts: follower.drafts, startUs, clock, unmatched: follower.segments.unmatched };
}
