import { PAGE_BYTES } from '../../../base/page.js';
import type { SeenObject } from './call.js';
import type { Process } from './processes.js';

/** Files here are shared memory. */
export const SHM = '/dev/shm/';
/** What the kernel adds to the paths of files without a name. */
const DELETED = / \(deleted\)$/;
const OBJECTS = /^\/(dev\/shm\/|memfd:|SYSV[0-9a-f]{8}|dev\/zero \(deleted\))/;

/** Whether a path of `/proc/PID/fd` or `/proc/PID/maps` is of shared memory. */
export function isSegmentPath(path: string): boolean {
  return OBJECTS.test(path);
}

/** What memfd_create called the file of a path; empty for others. */
export function labelOf(path: string): string {
  return path.startsWith('/memfd:') ? path.slice('/memfd:'.length).replace(DELETED, '') : '';
}

/** A segment of shared memory: of memfd_create, of a file in /dev/shm, or of shmget. */
export class Segment {
  /** Size in bytes as it was last set; -1 while the log has not said it. */
  bytes = -1;
  /** The furthest page that a mapping reached: its size in pages, where the log never says it. */
  reach = 0;
  /** Times its creator has mapped it. */
  creatorMaps = 0;
  /** The first process other than its creator that mapped it. */
  otherMapper: Process | undefined;
  /** When it was first mapped, in µs. */
  firstMapUs = 0;
  /** Descriptors that stand for it, in all processes and in messages under way. */
  descriptors = 0;
  /** Whether a file name or an id of System V still leads to it. */
  named = false;
  /** Whether it is in hugetlb pages of 2 MiB, and as many of its pages of 4 KiB as shared mappings and fallocate reached. */
  hugetlb = false;
  /** Whether shmget made it with SHM_NORESERVE: its attachments are promised no hugetlb pages. */
  noReserve = false;
  hugetlbPages = 0;

  constructor(
    readonly name: string,
    readonly creator: Process,
    /** What memfd_create called it, empty for others. */
    readonly label = '',
  ) {}

  /** Its size in pages, as far as it is known. */
  get pages(): number {
    return this.bytes < 0 ? this.reach : Math.ceil(this.bytes / PAGE_BYTES);
  }
}

/**
 * The segments of a log, and which one is behind a mapping whose descriptor the log does not explain (it came through
 * a socket): then the segment is *inferred* from size and order in time. A mapping of the same number of bytes takes
 * the oldest segment that its process has not mapped yet and no other process has; or the oldest segment of its own
 * that it has mapped once (both ends of a pipe in one process); where both are possible, the one that was mapped last.
 */
export class Segments {
  private readonly bySize = new Map<number, Segment[]>();
  private readonly byPath = new Map<string, Segment>();
  private readonly byId = new Map<number, Segment>();
  private readonly byIdentity = new Map<string, Segment>();
  private readonly names = new Set<string>();
  private count = 0;
  /** Mappings of shared memory whose segment is not in the log. */
  unmatched = 0;

  /** A segment without a name. @param label what memfd_create called it */
  create(creator: Process, label: string): Segment {
    this.count++;
    return new Segment(this.freeName(`segment-${this.count}`), creator, label);
  }

  /** Notes what a segment is known by. */
  identify(segment: Segment, { identity }: SeenObject): void {
    this.byIdentity.set(identity, segment);
  }

  /** The segment that a recorder saw behind a descriptor; one that was not seen before is new. */
  ofObject(object: SeenObject, opener: Process): Segment {
    const known = this.byIdentity.get(object.identity);
    if (known) return known;
    const path = object.path.replace(DELETED, '');
    const segment = this.newOf(object, path, opener);
    this.identify(segment, object);
    if (object.bytes >= 0) this.resize(segment, object.bytes);
    return segment;
  }

  private newOf({ identity }: SeenObject, path: string, opener: Process): Segment {
    if (path.startsWith(SHM)) return this.newAtPath(path, opener);
    // The inode of a segment of System V is its id.
    if (path.startsWith('/SYSV')) return this.withId(Number(identity.split(' ').at(-1)), opener);
    return this.create(opener, labelOf(path));
  }

  /** The segment that a file in /dev/shm is; one whose making the log does not have is new, of unknown size. */
  atPath(path: string, opener: Process): Segment {
    return this.byPath.get(path) ?? this.newAtPath(path, opener);
  }

  private newAtPath(path: string, opener: Process): Segment {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9._-]/g, '_');
    const segment = new Segment(this.freeName(name), opener);
    segment.named = true;
    this.byPath.set(path, segment);
    return segment;
  }

  /** Whether a file of this path is known. */
  hasPath(path: string): boolean {
    return this.byPath.has(path);
  }

  /** A file is renamed, or removed where there is no new path; returns the segment that lost its name. */
  renamePath(path: string, to?: string): Segment | undefined {
    const segment = this.byPath.get(path);
    if (!segment) return undefined;
    this.byPath.delete(path);
    const replaced = to === undefined ? segment : this.byPath.get(to);
    if (to !== undefined) this.byPath.set(to, segment);
    if (replaced) replaced.named = false;
    return replaced;
  }

  /** The segment of an id that shmget returned. */
  withId(id: number, creator: Process): Segment {
    const known = this.byId.get(id);
    if (known) return known;
    const segment = new Segment(this.freeName(`sysv-${id}`), creator);
    segment.named = true;
    this.byId.set(id, segment);
    return segment;
  }

  /** IPC_RMID: the id may be given again. */
  removeId(id: number): Segment | undefined {
    const segment = this.byId.get(id);
    if (segment) segment.named = false;
    this.byId.delete(id);
    return segment;
  }

  resize(segment: Segment, bytes: number): void {
    const list = this.bySize.get(segment.bytes);
    const at = list?.indexOf(segment) ?? -1;
    if (at >= 0) list!.splice(at, 1);
    segment.bytes = bytes;
    const target = this.bySize.get(bytes) ?? [];
    target.push(segment);
    this.bySize.set(bytes, target);
  }

  /** Notes that a process maps a segment. */
  mapped(segment: Segment, process: Process, timeUs: number): void {
    if (segment.creator === process) segment.creatorMaps++;
    else segment.otherMapper ??= process;
    if (segment.firstMapUs === 0) segment.firstMapUs = timeUs;
  }

  /**
   * The segment that a process may map by a descriptor from elsewhere, if any.
   *
   * @param label what memfd_create called it, where the log (strace -y) says it
   */
  infer(process: Process, bytes: number, label?: string): Segment | undefined {
    const ofSize = this.bySize.get(bytes) ?? [];
    const list = label === undefined ? ofSize : ofSize.filter((segment) => segment.label === label);
    const received = list.find(
      (s) => s.creator !== process && s.creatorMaps > 0 && s.otherMapper === undefined,
    );
    const again = list.find((s) => s.creator === process && s.creatorMaps === 1);
    if (!received || !again) return received ?? again;
    return received.firstMapUs >= again.firstMapUs ? received : again;
  }

  private freeName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.names.has(name); i++) name = `${wanted}-${i}`;
    this.names.add(name);
    return name;
  }
}
