import {
  ADVICES,
  type Advice,
  FLAG_ADVICES,
  GUARD_ADVICES,
  madvise,
  processMadvise,
} from '../naive/calls.js';
import { access } from '../naive/faults.js';
import {
  grow,
  lock,
  lockAll,
  map,
  move,
  type Protection,
  protect,
  unlock,
  unlockAll,
  unmap,
} from '../naive/mmap.js';
import { declareObject } from '../naive/objects.js';
import { pin, unpin } from '../naive/pins.js';
import { exit, fork, spawn } from '../naive/process.js';
import { setLimit } from '../naive/reclaim.js';
import type { Flag, NaiveKernel } from '../naive/state.js';
import { findVma, overlapping } from '../naive/vmas.js';
import {
  BASE,
  type Choice,
  call,
  contents,
  type Event,
  event,
  type KindInfo,
  MIDDLE,
  MOST_CUTS,
  MOST_OBJECT_PAGES,
  MOST_SPACES,
  PAGES,
  type Place,
  pick,
  run,
  TABLE,
} from './event.js';
import { OBJECT_KINDS, TMPFS, TMPFS_PAGES } from './object-events.js';

function mappedRun(place: Place): number {
  return run(place.page, place.count, (vpn) => findVma(place.space, vpn) !== undefined);
}

/** Touches a run of pages that may be accessed so, from a mapped page that `page` chooses. */
function touch(place: Place, write: boolean): Event | undefined {
  const { space, count, extra } = place;
  const flag: Flag = write ? 'write' : 'read';
  const pages = space.vmas
    .filter((vma) => vma.flags.has(flag))
    .flatMap(({ start, end }) => Array.from({ length: Math.min(end - start, PAGES) }, (_, i) => start + i))
    .filter((vpn) => !space.guards.has(vpn));
  if (pages.length === 0) return undefined;
  const [first] = pick(pages, place.page - BASE);
  const length = run(
    first,
    count,
    (vpn) => findVma(space, vpn)?.flags.has(flag) === true && !space.guards.has(vpn),
  );
  const down = extra % 4 === 3;
  const page = down ? first + length - 1 : first;
  const signed = down ? -length : length;
  const [content, arg] = write ? contents(extra >> 2) : [undefined, ''];
  return event(`${flag},${space.id},${page},${signed},${arg}`, (k) =>
    access(k, k.space(space.id), page, signed, content),
  );
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

/** -1000: never killed; others count thousandths of memory and swap. */
const OOM_SCORES = [0, -1000, -7, 3, 20, 500];

/** The id of a new space; a killed one keeps its own. */
function newId(k: NaiveKernel): number | undefined {
  if (k.spaces.size === MOST_SPACES) return undefined;
  for (let id = 1; ; id++) if (!k.spaces.has(id) && !k.killed.has(id)) return id;
}

function spawnEvent(id: number, score: number): Event {
  const arg = score === 0 ? '' : `p oom_score_adj=${score}`;
  return event(`spawn,${id},,,${arg}`, (k) => spawn(k, id, score));
}

/** Kinds of events and how often they happen. Another op is one more line here, and a function for what it does. */
const KINDS: Readonly<Record<string, KindInfo>> = {
  map: { weight: 14, room: true, make: (k, place) => mapEvent(k, place, false) },
  write: { weight: 26, make: (_k, place) => touch(place, true) },
  read: { weight: 18, make: (_k, place) => touch(place, false) },
  advise: { weight: 18, make: (_k, place) => adviceEvent(place, pick(ADVICES, place.extra)[0]) },
  guard: { weight: 3, make: (_k, place) => adviceEvent(place, pick(GUARD_ADVICES, place.extra)[0]) },
  dmaPin: {
    weight: 3,
    make: (_k, { space, page, count, extra }) => {
      const [known, rest] = pick([undefined, ...space.pins], extra);
      if (rest % 3 !== 0)
        return call(`dma-pin,${space.id},${page},${count},`, (k) => pin(k, k.space(space.id), page, count));
      // Mostly one that there is.
      const [start, length] = known ? [known.start, known.end - known.start] : [page, count];
      return call(`dma-unpin,${space.id},${start},${length},`, (k) =>
        unpin(k, k.space(space.id), start, length),
      );
    },
  },
  adviseOther: {
    weight: 3,
    make: (k, { space, page, count, extra }) => {
      const [other, rest] = pick([...k.spaces.values()], extra);
      const [advice] = pick(ADVICES, rest);
      const range = { page, count };
      return call(`process_madvise,${space.id},${page},${count},${advice} target=${other.id}`, (now) =>
        processMadvise(now, now.space(space.id), now.space(other.id), range, advice),
      );
    },
  },
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
      const child = newId(k);
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
    make: (k) => {
      const id = newId(k);
      return id === undefined ? undefined : spawnEvent(id, 0);
    },
  },
  score: {
    weight: 3,
    make: (k, { space, extra }) => {
      const id = newId(k);
      if (id === undefined) return undefined;
      const [score, rest] = pick(OOM_SCORES, extra);
      if (rest % 2 === 0) return spawnEvent(id, score);
      return event(`fork,${space.id},,,${id} oom_score_adj=${score}`, (now) =>
        fork(now, now.space(space.id), id, score),
      );
    },
  },
  move: {
    weight: 4,
    room: true,
    make: (k, place) => {
      const { space, page, extra } = place;
      // mremap_to asks for room for five more, whatever it needs (ENOMEM).
      if (space.vmas.length + 5 >= k.maxMapCount) return undefined;
      const to = BASE + (extra % PAGES);
      // Holes behind the first page are moved along.
      const count = Math.min(findVma(space, page) ? place.count : 0, BASE + PAGES - to);
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
  ...OBJECT_KINDS,
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
      const onFault = extra % 3 === 0;
      if (extra % 2 === 0)
        return call(`lock,${space.id},${page},${count},${onFault ? 'onfault' : ''}`, (k) =>
          lock(k, k.space(space.id), page, count, onFault),
        );
      return event(`unlock,${space.id},${page},${count},`, (k) => unlock(k, k.space(space.id), page, count));
    },
  },
  lockAll: {
    weight: 1,
    make: (_k, { space, extra }) => {
      if (extra % 2 === 0) return event(`munlockall,${space.id},,,`, (k) => unlockAll(k, k.space(space.id)));
      const wanted = { current: extra % 3 !== 0, future: extra % 5 === 0, onFault: extra % 7 < 4 };
      const words = Object.entries(wanted).flatMap(([word, on]) => (on ? [word.toLowerCase()] : []));
      if (words.length === 0) return undefined;
      return call(`mlockall,${space.id},,,${words.join(' ')}`, (k) => lockAll(k, k.space(space.id), wanted));
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

/** Makes events that make sense to the model that they have gone through so far. */
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
    const tmpfs = event(`object,,,${TMPFS_PAGES},tmpfs:${TMPFS}`, (k) => {
      k.tmpfs.set(TMPFS, { name: TMPFS, pages: TMPFS_PAGES });
    });
    return [
      event('spawn,1,,,', (k) => spawn(k, 1)),
      ...(this.kinds.includes('tmpfsFile') ? [tmpfs] : []),
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
    if (spaces.length === 0) return spawnEvent(newId(this.k)!, 0); // all were killed
    const [kind] = pick(this.kinds, choice.kind);
    const page = BASE + choice.page;
    const [space] = pick(spaces, choice.space);
    const info = KINDS[kind]!;
    if (info.room && space.vmas.length + MOST_CUTS > this.k.maxMapCount) return undefined;
    return info.make(this.k, {
      space,
      page,
      count: Math.min(choice.count, BASE + PAGES - page),
      extra: choice.extra,
    });
  }
}
