import type { Process } from './processes.js';

/** A segment of shared memory: what memfd_create made and ftruncate gave a size. */
export class Segment {
  /** Size in bytes as ftruncate last set it. */
  bytes = -1;
  /** Times its creator has mapped it. */
  creatorMaps = 0;
  /** The first process other than its creator that mapped it. */
  otherMapper: Process | undefined;
  /** When it was first mapped, in µs. */
  firstMapUs = 0;

  constructor(
    readonly name: string,
    readonly creator: Process,
  ) {}
}

/**
 * Finds the segment behind a shared mapping.
 *
 * A descriptor that was made by memfd_create in the same process says it outright. One that came from another
 * process through a socket does not: then the segment is *inferred* from size and order in time. A mapping of the
 * same number of bytes takes the oldest segment that its process has not mapped yet and no other process has; or
 * the oldest segment of its own that it has mapped once (both ends of a pipe in one process); where both are
 * possible, the one that was mapped last.
 */
export class Segments {
  private readonly byDescriptor = new Map<Process, Map<number, Segment>>();
  private readonly bySize = new Map<number, Segment[]>();
  private count = 0;
  /** Mappings of shared memory whose segment is not in the log. */
  unmatched = 0;

  create(process: Process, descriptor: number): void {
    this.count++;
    this.descriptors(process).set(descriptor, new Segment(`segment-${this.count}`, process));
  }

  /** The descriptor stands for something else from now on. */
  forget(process: Process, descriptor: number): void {
    this.byDescriptor.get(process)?.delete(descriptor);
  }

  /** The segment a process made with this descriptor; undefined when it made none. */
  made(process: Process, descriptor: number): Segment | undefined {
    return this.byDescriptor.get(process)?.get(descriptor);
  }

  resize(segment: Segment, bytes: number): void {
    const list = this.bySize.get(segment.bytes);
    list?.splice(list.indexOf(segment), 1);
    segment.bytes = bytes;
    const target = this.bySize.get(bytes) ?? [];
    target.push(segment);
    this.bySize.set(bytes, target);
  }

  /** The segment that `process` maps now through `descriptor`; undefined (and counted) when it is unknown. */
  resolve(process: Process, descriptor: number, bytes: number, timeUs: number): Segment | undefined {
    const made = this.made(process, descriptor);
    const own = made?.bytes === bytes && made.creatorMaps === 0 ? made : undefined;
    const segment = own ?? this.infer(process, bytes) ?? (made?.bytes === bytes ? made : undefined);
    if (!segment) {
      this.unmatched++;
      return undefined;
    }
    if (segment.creator === process) segment.creatorMaps++;
    else segment.otherMapper ??= process;
    if (segment.firstMapUs === 0) segment.firstMapUs = timeUs;
    return segment;
  }

  private infer(process: Process, bytes: number): Segment | undefined {
    const list = this.bySize.get(bytes) ?? [];
    const received = list.find(
      (s) => s.creator !== process && s.creatorMaps > 0 && s.otherMapper === undefined,
    );
    const again = list.find((s) => s.creator === process && s.creatorMaps === 1);
    if (!received || !again) return received ?? again;
    return received.firstMapUs >= again.firstMapUs ? received : again;
  }

  private descriptors(process: Process): Map<number, Segment> {
    const known = this.byDescriptor.get(process);
    if (known) return known;
    const made = new Map<number, Segment>();
    this.byDescriptor.set(process, made);
    return made;
  }
}
