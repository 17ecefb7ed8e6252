import { PAGE_BYTES } from '../../../base/page.js';
import { FILE_ADVICE } from '../../args.js';
import { COUNT_LIMIT } from '../../op.js';
import { type Call, numberAt, pages } from './call.js';
import { type OpenFile, OTHER_FILE } from './descriptors.js';
import { drop } from './drops.js';
import { hugetlbOf, otherSizes, raisePoolTo } from './hugetlb.js';
import { segmentOf } from './maps.js';
import type { Process } from './processes.js';
import { type CallFollower, type Outcome, type Scene, UNRELATED } from './scene.js';
import { isSegmentPath, labelOf, type Segment, SHM } from './segments.js';

const UNMATCHED_LEFT = 'shared mappings of files or of segments not in the log';
const NOT_FOLLOWED = 'on files that are not followed';
const STALE = 'through descriptors that may stand for other files by now (the log has no close)';
const TOO_LARGE = 'calls on segments of more than 2^31 - 1 pages, which the format cannot name';

/** The text of a quoted argument. */
function quoted(text: string | undefined): string {
  return (text ?? '').replace(/^"|"(\.\.\.)?$/g, '');
}

/** A descriptor that only the recorder explains (strace -y): a file in /dev/shm, or one that is no segment. */
function shownFile(scene: Scene, process: Process, call: Call, fd: number): OpenFile | undefined {
  const object = call.objects?.get(fd);
  if (object)
    return isSegmentPath(object.path)
      ? { kind: 'segment', segment: scene.segments.ofObject(object, process) }
      : OTHER_FILE;
  const path = call.files.get(fd);
  if (path === undefined || path.startsWith('/memfd:')) return undefined;
  return path.startsWith(SHM)
    ? { kind: 'segment', segment: scene.segments.atPath(path, process) }
    : OTHER_FILE;
}

/** The segment that a call's descriptor stands for; undefined where it stands for something else or is not known. */
function segmentAt(scene: Scene, process: Process, call: Call, index: number): Segment | undefined {
  const fd = numberAt(call, index);
  const known = scene.descriptors.get(process, fd);
  if (known) return scene.descriptors.segment(process, fd);
  const shown = shownFile(scene, process, call, fd);
  if (shown) scene.descriptors.set(process, fd, shown, false);
  return shown?.kind === 'segment' ? shown.segment : undefined;
}

/** Whether a mapping of a number of bytes at an offset lies in a segment. */
function fits(segment: Segment, bytes: number, offset: number): boolean {
  return segment.bytes < 0 || pages(offset + bytes) <= segment.pages;
}

/**
 * The segment that a call of mmap maps, or why it is left out. Where the log has the calls that close descriptors, a
 * descriptor that it explains is believed. Where it has not, one is believed for the first mapping through it.
 */
export function resolveMapped(scene: Scene, process: Process, call: Call, shared: boolean): Segment | string {
  const fd = numberAt(call, 4);
  const bytes = numberAt(call, 1);
  const direct = segmentAt(scene, process, call, 4);
  const descriptor = scene.descriptors.get(process, fd);
  if (descriptor?.file.kind === 'huge') return otherSizes('mappings (MFD_HUGETLB)');
  if (!shared && !(direct && scene.trusted)) return 'private mappings of files';
  const fresh = direct && !descriptor!.mapped && (direct.creator !== process || direct.creatorMaps === 0);
  const believed = scene.trusted
    ? direct
    : fresh && fits(direct, bytes, numberAt(call, 5))
      ? direct
      : undefined;
  const segment = believed ?? inferred(scene, process, call, bytes, direct);
  if (!segment) {
    scene.segments.unmatched++;
    return UNMATCHED_LEFT;
  }
  if (segment.pages > COUNT_LIMIT || pages(bytes) > COUNT_LIMIT) return TOO_LARGE;
  if (descriptor) descriptor.mapped = true;
  if (shared) scene.segments.mapped(segment, process, scene.nowUs);
  return segment;
}

/** The segment behind a descriptor that the log does not explain, by size and order in time. */
function inferred(
  scene: Scene,
  process: Process,
  call: Call,
  bytes: number,
  direct: Segment | undefined,
): Segment | undefined {
  const fd = numberAt(call, 4);
  if (scene.trusted && scene.descriptors.get(process, fd)) return undefined;
  const path = call.files.get(fd);
  const label = path?.startsWith('/memfd:') ? labelOf(path) : undefined;
  const segment =
    scene.segments.infer(process, bytes, label) ?? (direct?.bytes === bytes ? direct : undefined);
  if (segment && scene.trusted) scene.descriptors.set(process, fd, { kind: 'segment', segment }, false);
  return segment;
}

function memfdCreate(scene: Scene, process: Process, call: Call): Outcome {
  const flags = call.args[1] ?? '';
  const hugetlb = hugetlbOf(flags);
  const file: OpenFile =
    hugetlb === 'other'
      ? { kind: 'huge' }
      : { kind: 'segment', segment: scene.segments.create(process, quoted(call.args[0])) };
  if (file.kind === 'segment') file.segment.hugetlb = hugetlb !== 'no';
  const seen = call.objects?.get(call.result);
  if (seen && file.kind === 'segment') scene.segments.identify(file.segment, seen);
  scene.descriptors.set(process, call.result, file, flags.includes('MFD_CLOEXEC'));
  return file.kind === 'huge' ? otherSizes('segments (MFD_HUGETLB)') : undefined;
}

/** open(path, flags) and openat(directory, path, flags): files in /dev/shm are segments. */
function open(scene: Scene, process: Process, call: Call): Outcome {
  const at = call.name === 'open' || call.name === 'creat' ? 0 : 1;
  const seen = call.objects?.get(call.result);
  const path = seen?.path ?? quoted(call.args[at]);
  const flags = call.name === 'creat' ? 'O_CREAT|O_TRUNC' : (call.args[at + 1] ?? '');
  const cloexec = flags.includes('O_CLOEXEC');
  if (!path.startsWith(SHM) || path.endsWith('/') || flags.includes('O_DIRECTORY')) {
    scene.descriptors.set(process, call.result, OTHER_FILE, cloexec);
    return UNRELATED;
  }
  const isNew = !seen && !scene.segments.hasPath(path) && flags.includes('O_EXCL');
  const segment = seen ? scene.segments.ofObject(seen, process) : scene.segments.atPath(path, process);
  if (isNew) scene.segments.resize(segment, 0);
  else if (flags.includes('O_TRUNC')) truncate(scene, segment, 0);
  scene.descriptors.set(process, call.result, { kind: 'segment', segment }, cloexec);
  return undefined;
}

function truncate(scene: Scene, segment: Segment, bytes: number): void {
  scene.segments.resize(segment, bytes);
  if (segment.firstMapUs > 0)
    scene.segmentEvent('truncate', { count: pages(bytes), text: segment.name }, segment);
}

function ftruncate(scene: Scene, process: Process, call: Call): Outcome {
  const segment = segmentAt(scene, process, call, 0);
  if (!segment) return `calls of ftruncate ${NOT_FOLLOWED}`;
  if (segment.firstMapUs > 0 && !scene.trusted) return `calls of ftruncate ${STALE}`;
  const bytes = numberAt(call, 1);
  if (segment.firstMapUs > 0 && pages(bytes) > COUNT_LIMIT) return TOO_LARGE;
  truncate(scene, segment, bytes);
  return undefined;
}

/** unlink(path), unlinkat(directory, path, flags), rename(old, new) and renameat(directory, old, directory, new). */
function rename(scene: Scene, _: Process, call: Call): Outcome {
  const at = call.name.includes('at') ? 1 : 0;
  const from = quoted(call.args[at]);
  const to = call.name.startsWith('rename') ? quoted(call.args[at * 2 + 1]) : undefined;
  const known = scene.segments.hasPath(from);
  const unnamed = scene.segments.renamePath(from, to);
  if (unnamed && (unnamed.descriptors === 0 || !scene.trusted)) scene.releaseSegment(unnamed);
  return known ? undefined : UNRELATED;
}

const ALLOCATING = new Set(['0', 'FALLOC_FL_KEEP_SIZE']);

/** fallocate(fd, mode, offset, bytes). Holes are drops. */
function fallocate(scene: Scene, process: Process, call: Call): Outcome {
  const segment = segmentAt(scene, process, call, 0);
  if (!segment) return `calls of fallocate ${NOT_FOLLOWED}`;
  const mode = call.args[1] ?? '';
  const from = numberAt(call, 2);
  const bytes = numberAt(call, 3);
  if (mode.includes('PUNCH_HOLE')) return punch(scene, process, call, segment, { from, end: from + bytes });
  if (!ALLOCATING.has(mode)) return `calls of fallocate with ${mode}`;
  if (segment.pages > COUNT_LIMIT || pages(from + bytes) > COUNT_LIMIT) return TOO_LARGE;
  if (segment.hugetlb) raisePoolTo(scene, segment, pages(from + bytes));
  const page = Math.floor(from / PAGE_BYTES);
  const fields = { space: scene.space(process.memoryOwner), page, count: pages(from + bytes) - page };
  scene.segmentEvent('fallocate', { ...fields, text: `alloc:${segment.name}` }, segment);
  if (mode === '0' && segment.bytes >= 0 && from + bytes > segment.bytes)
    scene.segments.resize(segment, from + bytes);
  return undefined;
}

/** fadvise64(fd, offset, bytes, advice); 0 bytes stand for all up to the end. */
function fadvise(scene: Scene, process: Process, call: Call): Outcome {
  const segment = segmentAt(scene, process, call, 0);
  if (!segment) return `calls of fadvise64 ${NOT_FOLLOWED}`;
  const name = /^POSIX_FADV_([A-Z]+)$/.exec(call.args[3] ?? '')?.[1]?.toLowerCase();
  const advice = FILE_ADVICE.find((known) => known === name);
  if (!advice) return `calls of fadvise64 with ${call.args[3]}`;
  const from = numberAt(call, 1);
  const bytes = numberAt(call, 2);
  if (from < 0) return 'calls of fadvise64 with a negative offset';
  if (segment.pages > COUNT_LIMIT || pages(from + bytes) > COUNT_LIMIT) return TOO_LARGE;
  const page = Math.floor(from / PAGE_BYTES);
  const end = bytes > 0 ? pages(from + bytes) : Math.max(page, segment.pages);
  const whole = bytes > 0 && from % PAGE_BYTES === 0 && bytes % PAGE_BYTES === 0;
  const text = `${advice}:${segment.name}${whole ? '' : `@${from}+${bytes}`}`;
  const fields = { space: scene.space(process.memoryOwner), page, count: end - page, text };
  scene.segmentEvent('fadvise', fields, segment);
  return undefined;
}

/** A hole: a drop of the whole pages in it where the caller maps them, else the call itself. In bytes, up to the segment's end. */
function punch(
  scene: Scene,
  process: Process,
  call: Call,
  segment: Segment,
  hole: { readonly from: number; readonly end: number },
): Outcome {
  const owner = process.memoryOwner;
  const { from } = hole;
  if (segment.pages > COUNT_LIMIT) return TOO_LARGE;
  const stop = segment.bytes < 0 ? hole.end : Math.min(hole.end, segment.pages * PAGE_BYTES);
  if (stop <= from) return 'holes beyond the ends of segments';
  const first = Math.ceil(from / PAGE_BYTES);
  const end = Math.floor(stop / PAGE_BYTES);
  if (scene.options.drops === 'verbatim' || end <= first) {
    verbatimHole(scene, owner, segment, from, stop);
    return undefined;
  }
  if (from < first * PAGE_BYTES || stop > end * PAGE_BYTES)
    scene.remark('holes that begin or end within a page, of which whole pages are dropped');
  let next = first;
  for (const part of mappedPages(scene, owner, segment, first, end)) {
    if (part.start > next) verbatimHole(scene, owner, segment, next * PAGE_BYTES, part.start * PAGE_BYTES);
    const range = { start: part.page, end: part.page + part.end - part.start };
    drop(scene, owner, call.thread, range, 'FALLOC_FL_PUNCH_HOLE', segment);
    next = part.end;
  }
  if (next < end) verbatimHole(scene, owner, segment, next * PAGE_BYTES, end * PAGE_BYTES);
  return undefined;
}

/** Which pages of a segment a space maps: each once, in order; `page` is where it maps `start`. */
function* mappedPages(scene: Scene, owner: Process, segment: Segment, first: number, end: number) {
  const parts = scene
    .mapsOf(owner)
    .all.filter((m) => m.backing.kind === 'shared' && segmentOf(m) === segment)
    .toSorted((a, b) => a.offset - b.offset || a.start - b.start);
  let next = first;
  for (const { start, end: mappingEnd, offset } of parts) {
    const from = Math.max(next, offset);
    const stop = Math.min(end, offset + mappingEnd - start);
    if (from >= stop) continue;
    yield { start: from, end: stop, page: start + from - offset };
    next = stop;
  }
}

/** The call itself, on bytes. */
function verbatimHole(scene: Scene, owner: Process, segment: Segment, from: number, end: number): void {
  const whole = from % PAGE_BYTES === 0 && end % PAGE_BYTES === 0;
  const text = whole ? `punch:${segment.name}` : `punch:${segment.name}@${from}+${end - from}`;
  const page = Math.floor(from / PAGE_BYTES);
  const fields = { space: scene.space(owner), page, count: pages(end) - page, text };
  scene.segmentEvent('fallocate', fields, segment);
}

/** pread64(fd, buffer, bytes, offset) and pwrite64 of segments: file I/O through the page cache. */
function positioned(scene: Scene, process: Process, call: Call): Outcome {
  const segment = scene.trusted ? segmentAt(scene, process, call, 0) : undefined;
  if (!segment || !(call.result > 0)) return UNRELATED;
  const from = numberAt(call, 3);
  const page = Math.floor(from / PAGE_BYTES);
  const fields = { space: scene.space(process.memoryOwner), page, count: pages(from + call.result) - page };
  const op = call.name.startsWith('pread') ? 'pread' : 'pwrite';
  scene.segmentEvent(op, { ...fields, text: segment.name }, segment);
  return undefined;
}

/** Reads and writes of segments at places that the log does not say. @param index which argument is the segment's descriptor */
const streamed =
  (index: number): CallFollower =>
  (scene, process, call) => {
    const segment = scene.trusted ? segmentAt(scene, process, call, index) : undefined;
    return segment ? `calls of ${call.name} on segments` : UNRELATED;
  };

const COPIES = ['read', 'write', 'readv', 'writev', 'preadv', 'preadv2', 'pwritev', 'pwritev2', 'sendfile'];

/** Calls that make, name, size and fill files, by name. */
export const FILE_CALLS: Readonly<Record<string, CallFollower>> = {
  memfd_create: memfdCreate,
  open,
  openat: open,
  openat2: open,
  creat: open,
  ftruncate,
  unlink: rename,
  unlinkat: rename,
  rename,
  renameat: rename,
  renameat2: rename,
  fallocate,
  fadvise64: fadvise,
  pread64: positioned,
  pwrite64: positioned,
  ...Object.fromEntries(COPIES.map((name) => [name, streamed(0)])),
  copy_file_range: streamed(2),
  splice: streamed(2),
};
