import { PAGE_BYTES } from '../../../base/page.js';
import { type Call, numberAt, pageRange, pages, type Range } from './call.js';
import { resolveMapped } from './files.js';
import { hugetlbOf, hugetlbRange, otherSizes, raisePool, raisePoolTo } from './hugetlb.js';
import { type Backing, type Mapping, runsOf, segmentOf } from './maps.js';
import type { Process } from './processes.js';
import { type CallFollower, type Outcome, PRIVATE_LEFT, type Scene } from './scene.js';
import type { Segment } from './segments.js';

/** Flags of mmap that change nothing that a trace has. */
const PLAIN_FLAGS = new Set([
  'MAP_SHARED',
  'MAP_SHARED_VALIDATE',
  'MAP_PRIVATE',
  'MAP_ANONYMOUS',
  'MAP_ANON',
  'MAP_FIXED',
  'MAP_FIXED_NOREPLACE',
  'MAP_32BIT',
  'MAP_NORESERVE',
  'MAP_STACK',
  'MAP_DENYWRITE',
  'MAP_EXECUTABLE',
  'MAP_NONBLOCK',
  'MAP_UNINITIALIZED',
  'MAP_FILE',
]);

/** Flags of mmap that the format has, and how. */
const FLAG_TEXT: Readonly<Record<string, string>> = {
  MAP_LOCKED: 'locked',
  MAP_POPULATE: 'populate',
  MAP_DROPPABLE: 'droppable',
};

/** What is said of a new mapping besides what it maps. */
interface Access {
  readonly writable: boolean;
  /** PROT_NONE. */
  readonly none: boolean;
  /** Each after a space, as the format has them. */
  readonly flags: string;
}

/** How mmap has the size of hugetlb pages: it is 2 MiB. */
const HUGETLB_FLAG = /^(MAP_HUGE|0x[0-9a-f]+$|\d+<<MAP_HUGE_SHIFT$)/i;

/** @param hugetlb whether the mapping is of hugetlb pages, to which MAP_NORESERVE makes a difference */
function accessOf(scene: Scene, protection: string, given: readonly string[], hugetlb: boolean): Access {
  const writable = protection.includes('PROT_WRITE');
  const words = new Set<string>();
  if (!writable && protection !== 'PROT_NONE') words.add('ro');
  if (protection.includes('PROT_EXEC')) words.add('exec');
  for (const flag of given) {
    if (hugetlb && HUGETLB_FLAG.test(flag)) continue;
    const word = hugetlb && flag === 'MAP_NORESERVE' ? 'noreserve' : FLAG_TEXT[flag];
    if (word !== undefined) words.add(word);
    else if (!PLAIN_FLAGS.has(flag)) scene.remark(`${flag} of mmap, which the format does not have`);
  }
  return { writable, none: protection === 'PROT_NONE', flags: [...words].map((word) => ` ${word}`).join('') };
}

function mmap(scene: Scene, process: Process, call: Call): Outcome {
  const flags = (call.args[3] ?? '').split('|');
  const start = call.result / PAGE_BYTES;
  const range = { start, end: start + pages(numberAt(call, 1), call.place) };
  const owner = process.memoryOwner;
  const left = mapped(scene, process, call, range, flags);
  if (left === undefined) return undefined;
  // Not followed: but it replaces what it lies over.
  return flags.includes('MAP_FIXED') && scene.unmap(owner, range) ? undefined : left;
}

/** Follows a new mapping; returns why it cannot be, if so. */
function mapped(scene: Scene, process: Process, call: Call, range: Range, flags: readonly string[]): Outcome {
  const owner = process.memoryOwner;
  const shared = flags.some((flag) => flag.startsWith('MAP_SHARED'));
  const hugetlb = hugetlbOf(call.args[3] ?? '');
  if (hugetlb === 'other') return otherSizes('mappings (MAP_HUGETLB)');
  const access = (huge: boolean) => accessOf(scene, call.args[2] ?? '', flags, huge);
  if (flags.includes('MAP_ANONYMOUS') || flags.includes('MAP_ANON')) {
    if (scene.options.memory === 'shared') return PRIVATE_LEFT;
    const kind = shared ? 'anon-shared' : 'anon';
    const droppable = flags.includes('MAP_DROPPABLE');
    if (hugetlb === 'no')
      mapAnonymous(scene, owner, range, { kind, ...(droppable && { droppable }) }, access(false));
    else mapHugetlb(scene, owner, hugetlbRange(range), kind, access(true));
    return undefined;
  }
  const segment = resolveMapped(scene, process, call, shared);
  if (typeof segment === 'string') return segment;
  if (hugetlb !== 'no' && !segment.hugetlb) return 'mappings (MAP_HUGETLB) of files that are not followed';
  const offset = numberAt(call, 5) / PAGE_BYTES;
  const noReserve = segment.hugetlb && flags.includes('MAP_NORESERVE');
  const backing = { kind: shared ? ('shared' as const) : ('private' as const), segment, noReserve };
  mapSegment(scene, owner, call, { ...range, backing, offset }, access(segment.hugetlb));
  return undefined;
}

/** Maps anonymous memory in hugetlb pages, after the pool has what it may need. */
function mapHugetlb(
  scene: Scene,
  owner: Process,
  range: Range,
  kind: 'anon' | 'anon-shared',
  access: Access,
): void {
  const pages = range.end - range.start;
  const noReserve = access.flags.includes(' noreserve');
  scene.mapsOf(owner).remove(range.start, range.end); // replaced: what it needed comes back first
  if (!noReserve || access.flags.includes(' populate')) raisePool(scene, pages);
  const flags = ` hugetlb${access.flags}`;
  mapAnonymous(scene, owner, range, { kind, hugetlb: { pages }, noReserve }, { ...access, flags });
}

function mapAnonymous(scene: Scene, owner: Process, range: Range, backing: Backing, access: Access): void {
  const space = scene.space(owner);
  scene.mapsOf(owner).add({ ...range, backing, offset: 0 });
  scene.rangeEvents('map', space, range, { text: `${backing.kind}${access.flags}` });
  if (access.none) scene.rangeEvents('protect', space, range, { text: 'none' });
}

/** Maps a part of a segment. @param access what mmap was told; shmat maps for reading and writing */
export function mapSegment(
  scene: Scene,
  owner: Process,
  call: Call,
  given: Mapping & { readonly backing: { readonly segment: Segment } },
  access: Access,
): void {
  const { segment } = given.backing;
  const space = scene.space(owner);
  const mapping = segment.hugetlb ? { ...given, ...hugetlbRange(given) } : given;
  if (segment.hugetlb) raisePoolFor(scene, mapping, segment);
  scene.mapsOf(owner).add(mapping);
  segment.reach = Math.max(segment.reach, mapping.offset + mapping.end - mapping.start);
  const flags = access.none ? ` ro${access.flags}` : access.flags;
  scene.drafts.push({
    kind: 'segment-map',
    timeUs: scene.nowUs,
    process: owner,
    thread: call.thread,
    mapping,
    segment,
    segmentPages: segment.pages,
    writable: access.writable,
    flags,
  });
  if (access.none) scene.rangeEvents('protect', space, mapping, { text: 'none' });
}

/** The pool has what a mapping of a segment of hugetlb may need. */
function raisePoolFor(scene: Scene, { backing, offset, start, end }: Mapping, segment: Segment): void {
  if ('noReserve' in backing && backing.noReserve) return;
  if (backing.kind === 'shared') raisePoolTo(scene, segment, offset + end - start);
  else raisePool(scene, end - start);
}

function munmap(scene: Scene, process: Process, call: Call): Outcome {
  return scene.unmap(process.memoryOwner, pageRange(call, 0, 1))
    ? undefined
    : 'calls of munmap on memory that is not followed';
}

/** mremap(old, old bytes, new bytes, flags[, new]) = new: replaces, shrinks, moves and grows, in this order. */
function mremap(scene: Scene, process: Process, call: Call): Outcome {
  const owner = process.memoryOwner;
  const old = pageRange(call, 0, 1);
  const maps = scene.mapsOf(owner);
  const to = call.result / PAGE_BYTES;
  const newPages = pages(numberAt(call, 2), call.place);
  const flags = call.args[3] ?? '';
  if (old.end === old.start) return duplicate(scene, owner, old.start, { start: to, end: to + newPages });
  // A log can lack the call that unmapped what a mapping grows over.
  const taken = { start: to === old.start ? old.end : to, end: to + newPages };
  const replaced = scene.unmap(owner, taken);
  const first = maps.within(old.start, old.end)[0];
  if (!first) return replaced ? undefined : 'calls of mremap on memory that is not followed';
  const kept = Math.min(newPages, old.end - old.start);
  scene.unmap(owner, { start: old.start + kept, end: old.end });
  if (to !== old.start) move(scene, owner, { start: old.start, end: old.start + kept }, to, flags);
  if (newPages > kept) grow(scene, owner, to, kept, newPages - kept);
  return undefined;
}

/** Moves what is followed of a range; with MREMAP_DONTUNMAP empty mappings of the same kind stay where it was. */
function move(scene: Scene, owner: Process, from: Range, to: number, flags: string): void {
  const maps = scene.mapsOf(owner);
  const parts = maps.remove(from.start, from.end);
  for (const run of runsOf(parts))
    scene.event('remap', {
      space: owner.id,
      page: run.start,
      count: run.end - run.start,
      text: `to=${to + run.start - from.start}`,
    });
  for (const part of parts) {
    const start = to + part.start - from.start;
    maps.add({ ...part, start, end: start + part.end - part.start });
    if (flags.includes('MREMAP_DONTUNMAP')) mapAgain(scene, owner, part);
  }
}

/** Maps what a mapping maps another time. */
function mapAgain(scene: Scene, owner: Process, mapping: Mapping): void {
  const { backing, offset, start, end } = mapping;
  const segment = segmentOf(mapping);
  const text = segment ? `${backing.kind}:${segment.name}@${offset}` : backing.kind;
  const droppable = backing.kind === 'anon' && backing.droppable ? ' droppable' : '';
  const hugetlb = 'hugetlb' in backing && backing.hugetlb ? ' hugetlb' : '';
  const noReserve = backing.noReserve ? ' noreserve' : '';
  scene.mapsOf(owner).add(mapping);
  const fields = {
    space: owner.id,
    page: start,
    count: end - start,
    text: text + droppable + hugetlb + noReserve,
  };
  if (segment) scene.segmentEvent('map', fields, segment);
  else scene.event('map', fields);
}

/** An old size of 0 maps shared memory a second time. */
function duplicate(scene: Scene, owner: Process, page: number, range: Range): Outcome {
  const source = scene.mapsOf(owner).within(page, page + 1)[0];
  if (!source) return 'calls of mremap on memory that is not followed';
  if (source.backing.kind !== 'shared')
    return 'calls of mremap that map anonymous memory twice, which the format does not have';
  scene.unmap(owner, range);
  mapAgain(scene, owner, { ...source, ...range });
  return undefined;
}

function grow(scene: Scene, owner: Process, start: number, count: number, more: number): void {
  const maps = scene.mapsOf(owner);
  const last = maps.within(start, start + count).at(-1);
  // Of a mapping that is followed in part, the end may be memory that is not.
  if (last?.end !== start + count) return;
  scene.event('remap', { space: owner.id, page: start, count, text: `grow=${more}` });
  maps.add({ ...last, end: last.end + more });
}

/** The heap: private memory from the first break to the present one, whole pages. */
function brk(scene: Scene, process: Process, call: Call): Outcome {
  if (scene.options.memory === 'shared') return PRIVATE_LEFT;
  const owner = process.memoryOwner;
  const heap = scene.heaps.get(owner);
  const end = call.result;
  scene.heaps.set(owner, { base: Math.min(heap?.base ?? end, end), end });
  if (!heap) return undefined; // the break that others count from
  const [before, after] = [pages(heap.end), pages(end)];
  if (after < before) {
    const gone = scene.unmap(owner, { start: after, end: before });
    return gone ? undefined : 'calls of brk on memory that is not followed';
  }
  if (after === before) return 'calls of brk that change no page';
  const last = scene.mapsOf(owner).within(before - 1, before)[0];
  mapAnonymous(scene, owner, { start: before, end: after }, HEAP, { writable: true, none: false, flags: '' });
  // What the heap grows by is part of it: one call that shrinks it is one event.
  if (last?.backing === HEAP) scene.mapsOf(owner).joinAt(before);
  return undefined;
}

const HEAP: Backing = { kind: 'anon' };

const PROTECTIONS = new Set(['PROT_NONE', 'PROT_READ', 'PROT_WRITE', 'PROT_EXEC']);

function mprotect(scene: Scene, process: Process, call: Call): Outcome {
  const owner = process.memoryOwner;
  const { start, end } = pageRange(call, 0, 1);
  const runs = runsOf(scene.mapsOf(owner).within(start, end));
  if (runs.length === 0) return `calls of ${call.name} on memory that is not followed`;
  const protection = call.args[2] ?? '';
  for (const bit of protection.split('|'))
    if (bit === 'PROT_EXEC' || !PROTECTIONS.has(bit))
      scene.remark(`${bit} of ${call.name}, which the format does not have`);
  const readable = protection.includes('PROT_READ') || protection.includes('PROT_EXEC');
  const text = protection.includes('PROT_WRITE') ? 'rw' : readable ? 'ro' : 'none';
  for (const run of runs) scene.rangeEvents('protect', owner.id, run, { text });
  return undefined;
}

/** Calls that make, move and end mappings, by name. */
export const MAPPING_CALLS: Readonly<Record<string, CallFollower>> = {
  mmap,
  munmap,
  mremap,
  brk,
  mprotect,
  pkey_mprotect: mprotect,
};
