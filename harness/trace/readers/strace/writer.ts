import { BlockBuilder, type EventBlock, type EventFields } from '../../block.js';
import type { OpName } from '../../op.js';
import type { Draft, SegmentMap } from './drafts.js';
import type { Process } from './processes.js';
import type { Segment } from './segments.js';

/** How an import supplies the accesses that strace does not show. */
export const STRACE_TOUCHES = ['none', 'second-mapper'] as const;

/** Turns drafts into events, now that the whole log is known. */
export class DraftWriter {
  readonly builder = new BlockBuilder();
  private readonly lastMap = new Map<Segment, SegmentMap>();
  private readonly declared = new Set<Segment>();
  /** Who writes a segment whole. */
  private readonly writers = new Map<Segment, Process>();

  constructor(
    private readonly drafts: readonly Draft[],
    private readonly touchesBy: (typeof STRACE_TOUCHES)[number],
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

  private touches(draft: SegmentMap, count: number): [OpName, EventFields][] {
    if (this.touchesBy === 'none' || !draft.writable) return [];
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
