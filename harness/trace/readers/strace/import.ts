import { InputError } from '../../../input/errors.js';
import { BlockBuilder, type EventBlock, type EventFields } from '../../block.js';
import { decodedBytes, inputName } from '../../io/input.js';
import { TraceMeta } from '../../meta.js';
import { ADVICE, type OpName } from '../../op.js';
import type { TraceSource } from '../../source.js';
import type { Mark } from '../marks.js';
import type { Call } from './calls.js';
import { readCalls } from './log.js';
import { type Mapping, Maps, type Range } from './maps.js';
import { type Process, type ProcessChange, Processes } from './processes.js';
import { type Segment, Segments } from './segments.js';

const PAGE = 4096;

/** Which mappings an import follows. */
export const STRACE_MEMORY = ['shared', 'all'] as const;
/** How an import supplies the accesses that strace does not show. */
export const STRACE_TOUCHES = ['none', 'second-mapper'] as const;

export interface StraceOptions {
  /** `shared`: segments of shared memory only; `all`: private anonymous mappings too. */
  readonly memory: (typeof STRACE_MEMORY)[number];
  /**
   * `none`: no reads or writes. `second-mapper`: each segment is written once, whole, when the first other process
   * maps it writable (or by its creator, where none does), and its first page by its creator too.
   */
  readonly touches: (typeof STRACE_TOUCHES)[number];
  /** What happened around the program, merged in by time. */
  readonly marks: readonly Mark[];
}

/** An event before the end of the log is known: some depend on what comes later. */
type Draft =
  | { readonly kind: 'event'; readonly timeUs: number; readonly op: OpName; readonly fields: EventFields }
  | {
      readonly kind: 'segment-map';
      readonly timeUs: number;
      readonly process: Process;
      readonly mapping: Mapping;
      readonly segment: Segment;
      readonly segmentPages: number;
      readonly writable: boolean;
    };

const KNOWN_ADVICE = new Set<string>(ADVICE);
/** Advice that says nothing about when pages are needed. */
const IGNORED_ADVICE = new Set(['MADV_DODUMP', 'MADV_DONTDUMP', 'MADV_HUGEPAGE', 'MADV_NOHUGEPAGE']);

/** Follows the memory calls of a log and drafts the events of a trace. */
class StraceImport {
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
    private readonly options: StraceOptions,
  ) {
    this.processes = new Processes(calls);
    this.closesKnown = calls.some((call) => call.name === 'close');
  }

  mark(mark: Mark): void {
    this.nowUs = Math.max(this.nowUs, mark.timeUs);
    const pressure = /^pressure (moderate|critical)$/.exec(mark.label);
    if (pressure) this.event('pressure', { text: pressure[1] as string });
    this.event('mark', { text: mark.label });
  }

  call(call: Call): void {
    this.nowUs = Math.max(this.nowUs, call.timeUs);
    for (const change of this.processes.apply(call)) this.change(change);
    if (call.result === -1) return;
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

  private event(op: OpName, fields: EventFields): void {
    this.drafts.push({ kind: 'event', timeUs: this.nowUs, op, fields });
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
    const range = { start: call.result / PAGE, end: call.result / PAGE + pages(bytes) };
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
    const mapping: Mapping = { ...range, segment, offset: numberAt(call, 5) / PAGE };
    this.mapsOf(owner).add(mapping);
    const writable = (call.args[2] ?? '').includes('PROT_WRITE');
    this.drafts.push({
      kind: 'segment-map',
      timeUs: this.nowUs,
      process: owner,
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
    const to = call.result / PAGE;
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
    if (advice === 'MADV_REMOVE') this.event('discard', fields);
    else this.event('madvise', { ...fields, text: advice });
  }

  private fallocate(process: Process, call: Call): void {
    const segment = this.segments.made(process, numberAt(call, 0));
    if (!segment || segment.firstMapUs === 0 || !(call.args[1] ?? '').includes('PUNCH_HOLE')) return;
    const start = numberAt(call, 2);
    const length = numberAt(call, 3);
    const whole = start % PAGE === 0 && length % PAGE === 0;
    const text = whole ? `punch:${segment.name}` : `punch:${segment.name}@${start}+${length}`;
    const first = Math.floor(start / PAGE);
    const count = Math.ceil((start + length) / PAGE) - first;
    this.event('fallocate', { space: process.memoryOwner.id, page: first, count, text });
  }
}

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE);
}

function numberAt(call: Call, index: number): number {
  const value = Number(call.args[index]);
  if (Number.isNaN(value)) {
    throw new InputError(
      `argument ${index + 1} of ${call.name} is "${call.args[index]}", expected a number`,
      call.place,
    );
  }
  return value;
}

function pageRange(call: Call, address: number, length: number): Range {
  const start = Math.floor(numberAt(call, address) / PAGE);
  return { start, end: start + pages(numberAt(call, length)) };
}

/** Turns drafts into events, now that the whole log is known. */
class DraftWriter {
  readonly builder = new BlockBuilder();
  private readonly lastMap = new Map<Segment, Draft>();
  private readonly declared = new Set<Segment>();
  /** Who writes a segment whole. */
  private readonly writers = new Map<Segment, Process>();

  constructor(
    private readonly drafts: readonly Draft[],
    private readonly options: StraceOptions,
    private readonly startUs: number,
  ) {
    for (const draft of drafts) {
      if (draft.kind !== 'segment-map') continue;
      this.lastMap.set(draft.segment, draft);
      const known = this.writers.get(draft.segment);
      const other = draft.process !== draft.segment.creator && draft.writable;
      if (!known || (other && known === draft.segment.creator))
        this.writers.set(draft.segment, draft.process);
    }
  }

  *blocks(): Generator<EventBlock> {
    for (const draft of this.drafts) {
      for (const [op, fields] of this.events(draft)) {
        if (this.builder.full) yield this.builder.take();
        this.builder.add(draft.timeUs - this.startUs, op, fields);
      }
    }
    if (this.builder.length > 0) yield this.builder.take();
  }

  private events(draft: Draft): [OpName, EventFields][] {
    if (draft.kind === 'event') return [[draft.op, draft.fields]];
    const { segment, mapping, process } = draft;
    const events: [OpName, EventFields][] = [];
    if (!this.declared.has(segment)) {
      this.declared.add(segment);
      events.push(['object', { count: draft.segmentPages, text: `shmem:${segment.name}` }]);
    }
    const count = mapping.end - mapping.start;
    const text = `shared:${segment.name}@${mapping.offset}${draft.writable ? '' : ' ro'}`;
    events.push(['map', { space: process.id, page: mapping.start, count, text }]);
    if (this.lastMap.get(segment) === draft) events.push(['close', { text: segment.name }]);
    events.push(...this.touches(draft, count));
    return events;
  }

  private touches(draft: Draft & { kind: 'segment-map' }, count: number): [OpName, EventFields][] {
    if (this.options.touches === 'none' || !draft.writable) return [];
    const space = draft.process.id;
    const page = draft.mapping.start;
    if (this.writers.get(draft.segment) === draft.process) {
      this.writers.delete(draft.segment); // once
      return [['write', { space, page, count }]];
    }
    if (draft.process !== draft.segment.creator || this.headed.has(draft.segment)) return [];
    this.headed.add(draft.segment);
    return [['write', { space, page, count: 1 }]];
  }

  /** Segments whose first page their creator has written. */
  private readonly headed = new Set<Segment>();
}

/**
 * Imports a log of `strace -f -ttt -T` (calls mmap, munmap, mremap, madvise, memfd_create, ftruncate, fallocate,
 * clone, fork, vfork, execve): follows shared-memory segments through all processes. MADV_REMOVE becomes `discard`,
 * other advice stays verbatim. Times count from the first line.
 *
 * Inferred, because a log of calls does not show it: which mappings belong to one segment where the descriptor came
 * from another process (by size and order in time), when a segment is closed (after its last mapping), and every
 * access.
 *
 * @param bytes of the log, where its start has been read
 * @throws InputError with the line that is not strace's
 */
export async function importStrace(
  path: string,
  options: StraceOptions,
  bytes: AsyncIterable<Uint8Array> = decodedBytes(path),
): Promise<TraceSource> {
  const calls = await readCalls(bytes, inputName(path));
  const startUs = (calls[0] as Call).timeUs;
  const log = new StraceImport(calls, options);
  const marks = options.marks.filter((mark) => mark.timeUs >= startUs);
  let next = 0;
  for (const call of calls) {
    for (; next < marks.length && (marks[next] as Mark).timeUs <= call.timeUs; next++)
      log.mark(marks[next] as Mark);
    log.call(call);
  }
  for (; next < marks.length; next++) log.mark(marks[next] as Mark);
  const writer = new DraftWriter(log.drafts, options, startUs);
  return {
    meta: metadata(options, startUs, log.segments.unmatched),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
  };
}

function metadata(options: StraceOptions, startUs: number, unmatched: number): TraceMeta {
  const meta = new TraceMeta([
    ['page_size', String(PAGE)],
    ['clock', `microseconds since the first call, at ${new Date(startUs / 1000).toISOString()}`],
    ['provenance', 'recorded'],
    ['provenance.pairing', 'inferred'],
    ['provenance.close', 'inferred'],
  ]);
  if (options.touches !== 'none') meta.set('provenance.touches', 'inferred');
  if (unmatched > 0)
    meta.set('note', `${unmatched} shared mappings of files or of segments not in the log are left out`);
  return meta;
}
