import type { EventFields } from '../../block.js';
import type { OpName } from '../../op.js';
import type { Mapping } from './maps.js';
import type { Process } from './processes.js';
import type { Segment } from './segments.js';

/** A mapping of a segment that a process makes. */
export interface SegmentMap {
  readonly kind: 'segment-map';
  readonly timeUs: number;
  readonly process: Process;
  /** The thread that made the call. */
  readonly thread: number;
  readonly mapping: Mapping;
  readonly segment: Segment;
  readonly segmentPages: number;
  readonly writable: boolean;
  /** Flags of the mapping, each after a space, as the format has them. */
  readonly flags: string;
}

/** An event of the trace, finished. */
export interface DraftEvent {
  readonly kind: 'event';
  readonly timeUs: number;
  readonly op: OpName;
  readonly fields: EventFields;
  /** The segment that it names, or whose contents a discard drops. */
  readonly segment?: Segment | undefined;
  /** Size of the segment then, where the event names it. */
  readonly segmentPages?: number;
}

/** The last descriptor or the name of a segment is gone. */
export interface SegmentRelease {
  readonly kind: 'segment-release';
  readonly timeUs: number;
  readonly segment: Segment;
}

/** An event before the end of the log is known: some depend on what comes later. */
export type Draft = DraftEvent | SegmentMap | SegmentRelease;
