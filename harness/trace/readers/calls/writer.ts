import { BlockBuilder, type EventBlock, type EventFields } from '../../block.js';
import type { OpName } from '../../op.js';
import type { Draft, SegmentMap } from './drafts.js';
import type { Process } from './processes.js';
import type { Segment } from './segments.js';

/** How an import supplies the accesses that strace does not show. */
export const INFERRED_TOUCHES = ['none', 'second-mapper'] as const;

/** Turns drafts into events, now that the whole log is known. */
export class DraftWriter {
  readonly builder = new BlockBuilder();
  /** What needs a segment last: after that it may be closed. */
  private readonly lastUse = new Map<Segment, Draft>();
  private readonly declared = new Set<Segment>();
  /** Who writes a segment whole. */
  private readonly writers = new Map<Segment, Process>();

  constructor(
    private readonly drafts: readonly Draft[],
    private readonly touchesBy: (typeof INFERRED_TOUCHES)[number],
    private readonly startUs: number,
    /** Whether descriptors are followed until they are closed. */
    private readonly closesKnown: boolean,
  ) {
    for (const draft of drafts) {
      if (draft.kind !== 'event' || draft.segmentPages !== undefined) this.lastUse.set(draft.segment!, draft);
      if (draft.kind !== 'segment-map' || draft.mapping.backing.kind !== 'shared') continue;
      const known = this.writers.get(draft.segment);
      const other = draft.process !== draft.segment.creator && draft.writable;
      if (!known || (other && known === draft.segment.creator))
        this.writers.set(draft.segment, draft.process);
    }
  }

  *blocks(): Generator<EventBlock> {
    for (const draft of this.drafts) {
      for (const [op, fields] of this.eventsOf(draft)) {
        if (this.builder.full) yield this.builder.take();
        this.builder.add(draft.timeUs - this.startUs, op, fields);
      }
    }
    if (this.builder.length > 0) yield this.builder.take();
  }

  /** The events of a draft; drafts are to be asked for in their order, each once. */
  eventsOf(draft: Draft): [OpName, EventFields][] {
    if (draft.kind === 'event' && draft.segmentPages === undefined) return [[draft.op, draft.fields]];
    const segment = draft.segment!;
    const events: [OpName, EventFields][] = [];
    if (draft.kind !== 'segment-release') this.declare(draft.segmentPages!, segment, events);
    if (draft.kind === 'event') events.push([draft.op, draft.fields]);
    if (draft.kind === 'segment-map') events.push(['map', mapFields(draft)]);
    if (this.lastUse.get(segment) === draft && this.declared.has(segment) && this.isGone(segment))
      events.push(['close', { text: segment.name }]);
    if (draft.kind === 'segment-map') events.push(...this.touches(draft));
    return events;
  }

  private declare(segmentPages: number, segment: Segment, events: [OpName, EventFields][]): void {
    if (this.declared.has(segment)) return;
    this.declared.add(segment);
    // One whose size the log does not say is as large as its mappings.
    const count = segment.bytes < 0 ? segment.reach : segmentPages;
    events.push(['object', { count, text: `${segment.hugetlb ? 'hugetlb' : 'shmem'}:${segment.name}` }]);
  }

  /** Whether nothing leads to a segment any more when the log ends. */
  private isGone({ named, descriptors }: Segment): boolean {
    return !named && (!this.closesKnown || descriptors === 0);
  }

  private touches(draft: SegmentMap): [OpName, EventFields][] {
    if (this.touchesBy === 'none' || !draft.writable || draft.mapping.backing.kind !== 'shared') return [];
    const { space, page, count } = mapFields(draft);
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

function mapFields({ process, mapping, segment, flags }: SegmentMap) {
  return {
    space: process.id,
    page: mapping.start,
    count: mapping.end - mapping.start,
    text: `${mapping.backing.kind}:${segment.name}@${mapping.offset}${flags}`,
  };
}
