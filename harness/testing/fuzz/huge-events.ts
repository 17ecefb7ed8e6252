import fc from 'fast-check';
import { pick } from './event.js';

/** Memory of three whole page tables, and where parts of it are moved to: `MOVED` pages further. */
const PAGES = 3 * 512;
const MOVED = 32 * 512;
const MOST_SPACES = 3;

/** What is mapped, and where. Of private memory there is most. */
interface Area {
  readonly first: number;
  /** What lies from a page of the area on. */
  readonly mapped: (page: number) => string;
  /** The object behind it, if any, and the index of its first page. */
  readonly object?: { readonly name: string; readonly index: number };
}

const anon: Area = { first: 512 * 600, mapped: () => 'anon' };

function ofObject(slot: number, kind: 'shared' | 'private', name: string, index = 0): Area {
  const first = anon.first + slot * 4 * 512;
  return { first, mapped: (page) => `${kind}:${name}@${page + index}`, object: { name, index } };
}

/** A file that is huge, one on a tmpfs that is too small for all of it, and a memfd; and one that cannot be mapped as it lies. */
const OF_OBJECTS: readonly Area[] = [
  ofObject(1, 'shared', 's'),
  ofObject(2, 'private', 's'),
  ofObject(3, 'shared', 't'),
  ofObject(4, 'shared', 'm'),
  ofObject(5, 'shared', 's', 7),
];
/** Pages of the objects: the last huge page reaches beyond the end. */
const OBJECT_PAGES = PAGES - 100;
const OBJECTS = [
  `0,object,,,${2 * 512 + 60},tmpfs:f huge=within_size`,
  `0,object,,,${OBJECT_PAGES},shmem:s huge=always`,
  `0,object,,,${OBJECT_PAGES},shmem:t fs=f`,
  `0,object,,,${OBJECT_PAGES},shmem:m`,
];

/** Where an event happens, and a number for whatever else is to be chosen. */
interface Place {
  readonly space: number;
  /** A whole huge page, a part of one, or parts of two. */
  readonly range: string;
  readonly area: Area;
  /** First page of the range, within the area, and how many there are. */
  readonly start: number;
  readonly count: number;
  readonly more: number;
}

const RANGES = (more: number): readonly (readonly [start: number, count: number])[] => [
  [0, 512],
  [512, 512],
  [0, 1024],
  [0, PAGES],
  [more % 512, 7],
  [500, 30],
  [512 + (more % 256), 200],
  [1024, 511],
];

const ADVICE = [
  'MADV_DONTNEED',
  'MADV_FREE',
  'MADV_COLD',
  'MADV_PAGEOUT',
  'MADV_COLLAPSE',
  'MADV_HUGEPAGE',
  'MADV_NOHUGEPAGE',
  'MADV_VOLATILE',
  'MADV_NONVOLATILE',
  'MADV_MERGEABLE',
  'MADV_UNMERGEABLE',
  'MADV_WILLNEED',
  'MADV_REMOVE',
  'MADV_POPULATE_READ',
  'MADV_POPULATE_WRITE',
  'MADV_DONTFORK',
  'MADV_DOFORK',
];
/** Of the first ones there are most. */
const MOSTLY = 5;

const map = ({ range, area, start }: Place) => `map,${range},${area.mapped(start)}`;
const all = (space: number, area: Area) => `map,${space},${area.first},${PAGES},${area.mapped(0)}`;

/** Events of the object behind a range; a read where there is none. */
const ofFile =
  (events: (name: string, at: string, place: Place) => string[]) =>
  (place: Place): string[] => {
    const { object } = place.area;
    if (!object) return [`read,${place.range},`];
    return events(object.name, `${place.start + object.index},${place.count}`, place);
  };

const SHMEM_ENABLED = ['always', 'advise', 'within_size', 'never', 'force', 'deny', 'always'];

/** Kinds of events, each a few lines: those that take memory away give it back. */
const KINDS: readonly ((place: Place) => string[])[] = [
  ({ range }) => [`write,${range},`],
  ({ range, more }) => [`write,${range},=${more % 9}`],
  ({ range }) => [`write,${range},=0`],
  ({ range }) => [`read,${range},`],
  ({ range }) => [`read,${range},`],
  ({ range, more }) => [`madvise,${range},${ADVICE[more % ADVICE.length]}`],
  ({ range, more }) => [`madvise,${range},${ADVICE[more % MOSTLY]}`],
  ({ range, more }) => [`madvise,${range},${ADVICE[more % MOSTLY]}`],
  (place) => [`unmap,${place.range},`, map(place)],
  ({ space, area }) => [all(space, area)],
  ({ range }) => [`protect,${range},ro`, `read,${range},`, `protect,${range},rw`],
  ({ range }) => [`madvise,${range},MADV_GUARD_INSTALL`, `madvise,${range},MADV_GUARD_REMOVE`],
  ({ range }) => [`lock,${range},`, `madvise,${range},MADV_DONTNEED`, `unlock,${range},`],
  ({ range }) => [`discard,${range},`],
  ({ range }) => [`unpin,${range},regen_ns=100`],
  ({ range }) => [`pin,${range},`],
  ({ space, area: { first }, more }) => {
    const to = first + MOVED + (more % 3 === 0 ? 7 : 0);
    return [`remap,${space},${first},512,to=${to}`, `remap,${space},${to},512,to=${first}`];
  },
  ofFile((name, at) => [`fallocate,,${at},punch:${name}`]),
  ofFile((name, at) => [`fallocate,,${at},alloc:${name}`]),
  ofFile((name, at) => [`pwrite,,${at},${name}`]),
  ofFile((name, at) => [`pread,,${at},${name}`]),
  ofFile((name, _, { start, more }) => [
    `truncate,,,${start},${name}`,
    `truncate,,,${more % 5 === 0 ? PAGES : OBJECT_PAGES},${name}`,
  ]),
  ofFile((name, at, { range, more }) => [
    `dma-pin,${range},`,
    more % 2 ? `fallocate,,${at},punch:${name}` : `madvise,${range},MADV_PAGEOUT`,
    `dma-unpin,${range},`,
  ]),
  ({ more }) => [`set,,,,thp.enabled=${['always', 'madvise', 'never', 'always'][more % 4]}`],
  ({ more }) => [`set,,,,thp.shmem_enabled=${SHMEM_ENABLED[more % SHMEM_ENABLED.length]}`],
  ({ more }) => [`set,,,,thp.defrag=${more % 2 ? 'always' : 'never'}`],
  ({ more }) => [`set,,,,khugepaged.max_ptes_none=${[0, 64, 511][more % 3]}`],
  ({ more }) => [`set,,,,khugepaged.scan_sleep_millisecs=${more % 3}`],
  ({ more }) => [`set,,,,mm.shared_zero_page=${more % 2}`],
  ({ more }) => [`set,,,,kernel.version=${['6.1', '6.12', '6.18'][more % 3]}`],
  ({ space, more }) => [`prctl,${space},,,thp_disable=${more % 3 === 0 ? 1 : 0}`],
  ({ more }) => [`limit,,,${more % 3 === 0 ? '' : 300 + (more % 1500)},`],
  ({ space }) => [`cgroup,${space},,,g`],
  ({ more }) => [`cgroup,,,,g memory.max=${more % 3 === 0 ? 'max' : 300 + (more % 900)}`],
];

const choice = fc.record({
  kind: fc.nat(KINDS.length + 1),
  space: fc.nat(MOST_SPACES - 1),
  area: fc.nat(99),
  range: fc.nat(99),
  gap: fc.constantFrom(0, 1, 5, 400, 30_000),
  more: fc.nat(2 ** 20),
});
type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

function linesOf({
  chosen,
  first,
  second,
}: {
  chosen: readonly Choice[];
  first: number;
  second: number;
}): string[] {
  const spaces = [1];
  let now = 0;
  const lines = ['0,set,,,,thp.enabled=always', ...OBJECTS, '0,spawn,1,,,'];
  const mapped = [anon, pick(OF_OBJECTS, first)[0], pick(OF_OBJECTS, second)[0]];
  lines.push(...[...new Set(mapped)].map((area) => `0,${all(1, area)}`));
  for (const { kind, space: at, area: areaAt, range, gap, more } of chosen) {
    now += gap;
    const [space] = pick(spaces, at);
    const [[start, count]] = pick(RANGES(more >> 8), range);
    const [area] = pick(mapped, areaAt);
    const place = { space, range: `${space},${area.first + start},${count}`, area, start, count, more };
    const child = Array.from({ length: MOST_SPACES }, (_, i) => i + 1).find((id) => !spaces.includes(id));
    if (kind < KINDS.length) lines.push(...KINDS[kind]!(place).map((line) => `${now},${line}`));
    else if (child !== undefined) {
      lines.push(`${now},fork,${space},,,${child}`, `${now},map,${child},${anon.first + PAGES},9,anon`);
      spaces.push(child);
    } else {
      lines.push(`${now},exit,${spaces[1]},,,`);
      spaces.splice(1, 1);
    }
  }
  return lines;
}

/** Traces that make sense of memory that may be huge: what splits it, collapses it, moves, shares and reclaims it. */
export function hugeTrace(maxEvents: number): fc.Arbitrary<string[]> {
  const chosen = fc.array(choice, { minLength: 1, maxLength: maxEvents, size: 'max' });
  return fc.noBias(fc.record({ chosen, first: fc.nat(99), second: fc.nat(99) })).map(linesOf);
}
