import {
  ADVICES,
  type Advice,
  FLAG_ADVICES,
  fallocateBlocks,
  fallocatePunch,
  madvise,
  type Returned,
} from '../naive/calls.js';
import { access, type WrittenContent } from '../naive/faults.js';
import { grow, lock, map, move, type Protection, protect, unlock, unmap } from '../naive/mmap.js';
import { closeObject, declareObject, readFile, truncate, writeFile } from '../naive/objects.js';
import { exit, fork, spawn } from '../naive/process.js';
import { setLimit, writeBack } from '../naive/reclaim.js';
import type { Flag, NaiveKernel, SharedObject, Space } from '../naive/state.js';
import { findVma, overlapping } from '../naive/vmas.js';

/** An event of a trace, without its time, and what it does to the naive model. */
export interface Event {
  readonly text: string;
  run(k: NaiveKernel): Returned | undefined;
}

/** Numbers an event is made from; fast-check shrinks them towards 0. */
export interface Choice {
  readonly kind: number;
  readonly space: number;
  readonly page: number;
  readonly count: number;
  readonly extra: number;
}

/** Where an event may happen. */
interface Place {
  readonly space: Space;
  readonly page: number;
  readonly count: number;
  /** For whatever else is to be chosen. */
  readonly extra: number;
}

/** An event that makes sense now; undefined when there is none. */
type Maker = (k: NaiveKernel, place: Place) => Event | undefined;

/** Pages of the small address space; a border of page tables and of their directories runs through the middle. */
export const PAGES = 40;
const TABLE = 512;
const MIDDLE = 3 * TABLE * TABLE;
const BASE = MIDDLE - PAGES / 2;
const MOST_SPACES = 4;
const NAMES = ['a', 'b'];
const FILE = 'f';
export const MOST_COUNT = 12;
const MOST_OBJECT_PAGES = 24;
/** VMAs that one event may add. */
const MOST_CUTS = 4;

/** An event that makes no system call that could fail. */
function event(text: string, run: (k: NaiveKernel) => void): Event {
  return {
    text,
    run: (k) => {
      run(k);
      return undefined;
    },
  };
}

/** An event whose system call returns something. */
function call(text: string, run: (k: NaiveKernel) => Returned): Event {
  return { text, run };
}

/** Picks from a list by a number, and gives what is left of the number. */
function pick<T>(list: readonly T[], extra: number): [T, number] {
  return [list[extra % list.length] as T, Math.floor(extra / list.length)];
}

/** Pages from `page` on that fulfil a condition, at most `count`. */
function run(page: number, count: number, allowed: (vpn: number) => boolean): number {
  let length = 0;
  while (length < count && allowed(page + length)) length++;
  return length;
}

function mappedRun(place: Place): number {
  return run(place.page, place.count, (vpn) => findVma(place.space, vpn) !== undefined);
}

/** Touches a run of pages that may be accessed so, from a mapped page that `page` chooses. */
function touch(place: Place, write: boolean): Event | undefined {
  const { space, count, extra } = place;
  const flag: Flag = write ? 'write' : 'read';
  const pages = space.vmas
    .filter((vma) => vma.flags.has(flag))
    .flatMap(({ start, end }) => Array.from({ length: Math.min(end - start, PAGES) }, (_, i) => start + i));
  if (pages.length === 0) return undefined;
  const [first] = pick(pages, place.page - BASE);
  const length = run(first, count, (vpn) => findVma(space, vpn)?.flags.has(flag) === true);
  const down = extra % 4 === 3;
  const page = down ? first + length - 1 : first;
  const signed = down ? -length : length;
  const [content, arg] = write ? contents(extra >> 2) : [undefined, ''];
  return event(`${flag},${space.id},${page},${signed},${arg}`, (k) =>
    access(k, k.space(space.id), page, signed, content),
  );
}

function contents(extra: number): [WrittenContent, string] {
  const first = extra >> 2;
  switch (extra % 4) {
    case 0:
      return ['unique', ''];
    case 1:
      return [{ first, step: 0 }, `=${first}`];
    default:
      return [{ first, step: 1 }, `=${first}+`];
  }
}

const MAP_FLAGS = ['ro', 'rofd', 'exec', 'random', 'sequential', 'populate', 'locked', 'droppable'] as const;

/** Few mappings have many flags. */
function mapFlags(shared: boolean, locks: boolean, extra: number): (typeof MAP_FLAGS)[number][] {
  const [first, rest] = pick([undefined, ...MAP_FLAGS], extra % 3 === 0 ? extra : 0);
  const [second] = pick([undefined, ...MAP_FLAGS], rest % 3 === 0 ? rest : 0);
  return [...new Set([first, second])].filter(
    (flag) => flag !== undefined && (shared || flag !== 'rofd') && (locks || flag !== 'locked'),
  ) as (typeof MAP_FLAGS)[number][];
}

/** Flags of the VMA that map makes; what may vanish is neither inherited nor dumped. */
function vmaFlags(words: readonly string[], shared: boolean, sealed: boolean): Flag[] {
  const flags: Flag[] = ['read'];
  for (const flag of ['exec', 'locked', 'random', 'sequential'] as const)
    if (words.includes(flag)) flags.push(flag);
  const rofd = words.includes('rofd');
  const ro = words.includes('ro');
  if (shared) flags.push('shared');
  // A sealed object can be mapped writable only from before its seal.
  const mayWrite = !rofd && !(shared && ro && sealed);
  if (mayWrite) flags.push('mayWrite');
  if (mayWrite && !ro) flags.push('write');
  if (words.includes('droppable')) flags.push('droppable', 'wipeOnFork', 'dontDump');
  return flags;
}

function mapEvent(k: NaiveKernel, { space, page, count, extra }: Place, locks: boolean): Event {
  const open = [...k.objects].filter(({ closed }) => !closed);
  const [kind, rest] = pick(['anon', 'shared', 'private', 'anon', 'anon-shared'], extra);
  const [object, more] = pick(open.length > 0 ? open : [undefined], rest);
  const anonymous = object === undefined || kind.startsWith('anon');
  const what = anonymous && !kind.startsWith('anon') ? 'anon' : kind;
  const shared = what === 'shared' || what === 'anon-shared';
  const offset = more % (MOST_OBJECT_PAGES + 2);
  const wanted = mapFlags(shared, locks, Math.floor(more / (MOST_OBJECT_PAGES + 2)));
  const refused = what !== 'anon' || wanted.includes('locked');
  const words = wanted.filter((flag) => flag !== 'droppable' || !refused);
  const name = object?.name ?? '';
  const arg = [anonymous ? what : `${what}:${name}@${offset}`, ...words].join(' ');
  return event(`map,${space.id},${page},${count},${arg}`, (now) => {
    const mapped = anonymous
      ? what === 'anon'
        ? undefined
        : declareObject(now, {
            name: undefined,
            size: count,
            sealed: false,
            descriptor: false,
            contents: undefined,
          })
      : now.named(name);
    map(now, now.space(space.id), page, count, {
      object: mapped,
      offset: anonymous ? 0 : offset,
      flags: vmaFlags(words, shared, mapped?.sealed ?? false),
      populate: words.includes('populate'),
    });
  });
}

/** The whole page table above the border. */
function whole({ space, extra }: Place): Place {
  return { space, page: MIDDLE, count: TABLE, extra };
}

function adviceEvent(place: Place, advice: Advice): Event {
  const { space, page, count } = place;
  return call(`madvise,${space.id},${page},${count},${advice}`, (k) =>
    madvise(k, k.space(space.id), page, count, advice),
  );
}

/** An object that somebody holds a descriptor of. */
function openObject(k: NaiveKernel, extra: number): [SharedObject, number] | undefined {
  const open = [...k.objects].filter(({ closed }) => !closed);
  return open.length === 0 ? undefined : pick(open, extra);
}

/** Events on an object that has a descriptor; `now` finds it again where the event runs. */
function onObject(make: (name: string, place: Place, now: (k: NaiveKernel) => SharedObject) => Event): Maker {
  return (k, place) => {
    const [object, extra] = openObject(k, place.extra) ?? [];
    if (!object) return undefined;
    const name = object.name as string;
    return make(name, { ...place, extra: extra as number }, (now) => now.named(name) as SharedObject);
  };
}

interface KindInfo {
  readonly weight: number;
  /** It may need VMAs more than vm.max_map_count allows, which would be a broken trace. */
  readonly room?: boolean;
  readonly make: Maker;
}

/** Kinds of events and how often they happen. One more op is one more line here, and what it does beside. */
const KINDS: Readonly<Record<string, KindInfo>> = {
  map: { weight: 14, room: true, make: (k, place) => mapEvent(k, place, false) },
  write: { weight: 26, make: (_k, place) => touch(place, true) },
  read: { weight: 18, make: (_k, place) => touch(place, false) },
  advise: { weight: 18, make: (_k, place) => adviceEvent(place, pick(ADVICES, place.extra)[0]) },
  adviseFlags: { weight: 6, make: (_k, place) => adviceEvent(place, pick(FLAG_ADVICES, place.extra)[0]) },
  protect: {
    weight: 7,
    room: true,
    make: (_k, place) => {
      const { space, page, extra } = place;
      const count = mappedRun(place);
      const vmas = overlapping(space, page, page + count);
      const [protection] = pick<Protection>(['rw', 'ro', 'rw', 'ro', 'none'], extra);
      if (count === 0 || (protection === 'rw' && vmas.some((vma) => !vma.flags.has('mayWrite'))))
        return undefined;
      return event(`protect,${space.id},${page},${count},${protection}`, (k) =>
        protect(k, k.space(space.id), page, count, protection),
      );
    },
  },
  unmap: {
    weight: 5,
    room: true,
    make: (_k, { space, page, count }) =>
      event(`unmap,${space.id},${page},${count},`, (k) => unmap(k, k.space(space.id), page, count)),
  },
  fork: {
    weight: 4,
    make: (k, { space }) => {
      const child = Array.from({ length: MOST_SPACES }, (_, i) => i + 1).find((id) => !k.spaces.has(id));
      if (child === undefined) return undefined;
      return event(`fork,${space.id},,,${child}`, (now) => fork(now, now.space(space.id), child));
    },
  },
  exit: {
    weight: 3,
    make: (k, { space }) =>
      k.spaces.size === 1 ? undefined : event(`exit,${space.id},,,`, (now) => exit(now, now.space(space.id))),
  },
  spawn: {
    weight: 1,
    make: (k) =>
      k.spaces.size === MOST_SPACES || k.spaces.has(MOST_SPACES)
        ? undefined
        : event(`spawn,${MOST_SPACES},,,`, (now) => spawn(now, MOST_SPACES)),
  },
  move: {
    weight: 4,
    room: true,
    make: (_k, place) => {
      const { space, page, extra } = place;
      const to = BASE + (extra % PAGES);
      const count = Math.min(mappedRun(place), BASE + PAGES - to);
      if (count <= 0 || (to < page + count && page < to + count)) return undefined;
      return event(`remap,${space.id},${page},${count},to=${to}`, (k) =>
        move(k, k.space(space.id), page, count, to),
      );
    },
  },
  grow: {
    weight: 2,
    make: (_k, { space, page, count: pages }) => {
      const vma = space.vmas.find(({ end }) => end > page);
      if (!vma || overlapping(space, vma.end, vma.end + pages).length > 0) return undefined;
      const { start, end } = vma;
      return event(`remap,${space.id},${start},${end - start},grow=${pages}`, (k) =>
        grow(k, k.space(space.id), end, pages),
      );
    },
  },
  object: {
    weight: 3,
    make: (k, { count, extra }) => {
      const name = NAMES.find((candidate) => !k.named(candidate));
      if (name === undefined) return undefined;
      const size = Math.min(count * 2, MOST_OBJECT_PAGES);
      const [flag, rest] = pick(['', '', '', '', ' sealed', ' nofd'], extra);
      const [filled, first] = pick([false, false, true], rest);
      const given = filled ? ({ first, step: 1 } as const) : undefined;
      const spec = { name, size, sealed: flag === ' sealed', descriptor: flag !== ' nofd', contents: given };
      return event(`object,,,${size},shmem:${name}${filled ? ` =${first}+` : ''}${flag}`, (now) =>
        declareObject(now, spec),
      );
    },
  },
  truncate: {
    weight: 2,
    make: onObject((name, { extra }, now) => {
      const size = extra % MOST_OBJECT_PAGES;
      return event(`truncate,,,${size},${name}`, (k) => truncate(k, now(k), size));
    }),
  },
  punch: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const index = extra % MOST_OBJECT_PAGES;
      return call(`fallocate,,${index},${count},punch:${name}`, (k) =>
        fallocatePunch(k, now(k), index, count),
      );
    }),
  },
  file: {
    weight: 2,
    make: (k, { count, extra }) => {
      if (k.named(FILE)) return undefined;
      const size = Math.min(count * 2, MOST_OBJECT_PAGES);
      const given = extra % 2 === 0 ? undefined : ({ first: extra >> 1, step: 1 } as const);
      const spec = { name: FILE, file: true, size, sealed: false, descriptor: true, contents: given };
      return event(`object,,,${size},file:${FILE}${given ? ` =${given.first}+` : ''}`, (now) =>
        declareObject(now, spec),
      );
    },
  },
  sync: {
    weight: 2,
    make: onObject((name, _place, now) => event(`sync,,,,${name}`, (k) => writeBack(k, now(k)))),
  },
  pread: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const index = extra % MOST_OBJECT_PAGES;
      return event(`pread,,${index},${count},${name}`, (k) => readFile(k, now(k), index, count));
    }),
  },
  pwrite: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const [index, rest] = [extra % MOST_OBJECT_PAGES, Math.floor(extra / MOST_OBJECT_PAGES)];
      const [content, arg] = contents(rest);
      return event(`pwrite,,${index},${count},${name}${arg && ` ${arg}`}`, (k) =>
        writeFile(k, now(k), index, count, content),
      );
    }),
  },
  allocate: {
    weight: 3,
    make: onObject((name, { extra, count }, now) => {
      const [index, rest] = [extra % MOST_OBJECT_PAGES, Math.floor(extra / MOST_OBJECT_PAGES)];
      const zero = rest % 2 === 0;
      return call(`fallocate,,${index},${count},${zero ? 'zero' : 'alloc'}:${name}`, (k) =>
        fallocateBlocks(k, now(k), index, count, zero),
      );
    }),
  },
  close: {
    weight: 1,
    make: onObject((name, _place, now) => event(`close,,,,${name}`, (k) => closeObject(k, now(k)))),
  },
  mapWhole: {
    weight: 1,
    room: true,
    make: (k, place) => mapEvent(k, { ...whole(place), extra: 5 * place.extra }, false),
  },
  adviseWhole: { weight: 1, make: (_k, place) => adviceEvent(whole(place), 'MADV_DONTNEED') },
  unmapWhole: {
    weight: 1,
    room: true,
    make: (_k, { space }) =>
      event(`unmap,${space.id},${MIDDLE},${TABLE},`, (k) => unmap(k, k.space(space.id), MIDDLE, TABLE)),
  },
  mapLocked: { weight: 2, room: true, make: (k, place) => mapEvent(k, place, true) },
  lock: {
    weight: 5,
    room: true,
    make: (_k, place) => {
      const { space, page, extra } = place;
      const count = mappedRun(place);
      if (count === 0) return undefined;
      const locked = extra % 2 === 0;
      return event(`${locked ? 'lock' : 'unlock'},${space.id},${page},${count},`, (k) =>
        (locked ? lock : unlock)(k, k.space(space.id), page, count),
      );
    },
  },
  mapCount: {
    weight: 1,
    make: (_k, { space, extra }) => {
      const count = extra % 2 === 0 ? 65_530 : space.vmas.length + (extra % 7);
      return event(`set,,,,vm.max_map_count=${count}`, (k) => {
        k.maxMapCount = count;
      });
    },
  },
  limit: {
    weight: 3,
    make: (_k, { extra }) => {
      const pages = extra % 4 === 0 ? undefined : 3 + (extra % 40);
      return event(`limit,,,${pages ?? ''},`, (k) => setLimit(k, pages ?? Number.POSITIVE_INFINITY));
    },
  },
};

/** Names of kinds of events. */
export type Kind = keyof typeof KINDS;

/** Makes events that make sense, beside the model that they have gone through so far. */
export class EventMaker {
  private readonly kinds: Kind[];

  constructor(
    private readonly k: NaiveKernel,
    without: readonly Kind[],
  ) {
    this.kinds = Object.entries(KINDS)
      .filter(([kind]) => !without.includes(kind))
      .flatMap(([kind, { weight }]) => Array<Kind>(weight).fill(kind));
  }

  /** The first events of every trace. */
  start(): Event[] {
    return [
      event('spawn,1,,,', (k) => spawn(k, 1)),
      event('object,,,16,shmem:a', (k) =>
        declareObject(k, {
          name: 'a',
          size: 16,
          sealed: false,
          descriptor: true,
          contents: undefined,
        }),
      ),
    ];
  }

  /** The event that a choice stands for now. */
  make(choice: Choice): Event | undefined {
    const spaces = [...this.k.spaces.values()];
    const [kind] = pick(this.kinds, choice.kind);
    const page = BASE + choice.page;
    const [space] = pick(spaces, choice.space);
    const info = KINDS[kind] as KindInfo;
    if (info.room && space.vmas.length + MOST_CUTS > this.k.maxMapCount) return undefined;
    return info.make(this.k, {
      space,
      page,
      count: Math.min(choice.count, BASE + PAGES - page),
      extra: choice.extra,
    });
  }
}
